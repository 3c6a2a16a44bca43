"""Settings: what is in force and why, what is refused, and what a trained model depends on."""

from __future__ import annotations

import pytest

from tagwright.errors import ConfigError
from tagwright.project import Settings


def value_of(settings: Settings, key: str) -> tuple[object, str]:
    return next((value, origin) for known, value, origin in settings.rows() if known == key)


def test_the_later_one_wins_and_each_value_tells_where_it_comes_from():
    given = {"channels": {"graph": {"k": 40, "neighbours": 7}}}
    settings = Settings(given, ["channels.graph.k=50", "shortlist=9"], "tagwright.toml")
    assert value_of(settings, "channels.graph.k") == (50, "--set")
    assert value_of(settings, "channels.graph.neighbours") == (7, "tagwright.toml")
    assert value_of(settings, "channels.lexical.k")[1] == "default"
    assert value_of(settings, "shortlist") == (9, "--set")
    assert settings.tagger().shortlist == 9


def test_channels_can_be_switched_off_and_new_ones_named():
    settings = Settings({"channels": {"names": False, "second": {"kind": "graph", "power": 1.0}}})
    channels = settings.tagger().channels
    assert "names" not in channels
    assert channels["second"] == {"kind": "graph", "power": 1.0}
    assert value_of(settings, "channels.second.kind")[0] == "graph"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("chanels.graph.k=5", "did you mean 'channels'"),
        ("channels.graph.kk=5", "did you mean 'k'"),
        ("channels.grap.k=5", "did you mean 'graph'"),
        ("channels.grap=false", "no channel 'grap'"),
        ("channels.graph.k=many", "'channels.graph.k' is 'many', but must be a whole number"),
        ("channels.graph.k=true", "must be a whole number"),
        ("channels.graph.power='x'", "must be a number"),
        ("channels.graph.threshold='x'", "must be a number"),
        ("channels.graph.kind=5", "must be a name"),
        ("channels.graph=5", "is a table, not a value"),
        ("channels.graph.k.x=5", "'channels.graph.k' is {'x': 5}, but"),
        ("channels.names.variants=1", "must be true or false"),
        ("encoder.kind='lsb'", "no encoder 'lsb'"),
        ("encoder=lsa", "is a table"),
        ("fitting.folds=1", "must be 3 at least"),
        ("fitting.fold=5", "did you mean 'folds'"),
        ("fitting.few_folds=2", "must be 3 at least"),
        ("channels.graph.k=0", "must be 1 at least"),
        ("shelf.auto_weight='x'", "must be a number"),
        ("shelf.space='x'", "has no option 'space'"),
        ("shortlist=0", "must be 1 at least"),
        ("shortlist=1.5", "must be a whole number"),
        ("shortlist=true", "must be a whole number"),
        ("words.min_dff=1", "did you mean 'min_df'"),
        ("store.path='x'", "has no option 'path'"),
        ("graph", "is not KEY=VALUE"),
        ("=5", "is not KEY=VALUE"),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_right_one(override, said):
    with pytest.raises(ConfigError) as caught:
        Settings({}, [override]).tagger()
    assert said in str(caught.value)


def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path):
    (tmp_path / "tagwright.toml").write_text("[encoder]\nkind = \n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tagwright\.toml cannot be read: .*line 2"):
        Settings.read(tmp_path)
    (tmp_path / "tagwright.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"tagwright\.toml"):
        Settings.read(tmp_path)


def test_a_folder_without_settings_has_the_defaults(tmp_path):
    assert Settings.read(tmp_path).rows() == Settings().rows()


def test_equal_settings_differ_in_nothing_and_numbers_of_candidates_do_not_count():
    then = Settings().learned_with()
    for override in ("shortlist=50", "channels.graph.k=5", "fitting.folds=3", "store.cache_megabytes=5"):
        assert Settings({}, [override]).differences(then, ranking=True) == []


def test_a_difference_is_told_with_both_values_and_how_to_go_back():
    settings = Settings({}, ["channels.graph.power=9.0", "channels.names=false", "fusion.trees=7"])
    found = dict(settings.differences(Settings().learned_with(), ranking=True))
    assert set(found) == {
        "channel 'names' is off, but the model was trained with it",
        f"setting 'channels.graph.power' is 9.0, but the model was trained with {default('channels.graph.power')}",
        f"setting 'fusion.trees' is 7, but the model was trained with {default('fusion.trees')}",
    }
    assert all(hint.startswith("train again (tagwright train), or set it back") for hint in found.values())
    without = dict(settings.differences(Settings().learned_with(), ranking=False))
    assert not any("fusion" in what for what in without)


def test_a_default_that_a_new_version_changed_is_no_difference_where_the_model_itself_says_it():
    then = {key: value for key, value in Settings().learned_with().items() if key != "fusion.near"} | {"fusion.many": 7}
    assert Settings().differences(then, ranking=True) == []
    asked = dict(Settings({}, ["fusion.many=9", "fusion.near=40"]).differences(then, ranking=True))
    assert sorted(what.split("'")[1] for what in asked) == ["fusion.many", "fusion.near"], "who sets one is told"


def default(key: str) -> object:
    return value_of(Settings(), key)[0]


def test_what_answers_depend_on_says_nothing_of_where_files_lie():
    keys = set(Settings({}, ["encoder.kind='onnx'", "encoder.model='somewhere'"]).answers_with())
    assert "shortlist" in keys
    assert not {key for key in keys if key.startswith(("store.", "fitting.", "encoder.model", "encoder.threads"))}
