"""Names to components: found, built, refused; and a stranger's package."""

from __future__ import annotations

import dataclasses
import sys
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType

import pytest

from tagwright import registry
from tagwright.errors import ConfigError

ENTRIES = [(kind, name) for kind, table in registry.BUILT_IN.items() for name in table]


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_an_entry_is_a_dataclass_with_a_docstring_whose_options_have_defaults(kind: str, name: str) -> None:
    cls = registry.resolve(kind, name)
    assert dataclasses.is_dataclass(cls) and cls.__doc__
    options = registry.options(cls)
    assert all(not isinstance(value, type(dataclasses.MISSING)) for value in options.values()), options
    given = {field.name for field in dataclasses.fields(cls) if field.metadata.get("given")}
    assert not given & set(options), "what a tagger gives is no option"


def test_names_come_in_the_order_of_the_table() -> None:
    assert registry.names("channel")[:3] == ["lexical", "names", "centroids"]


def test_a_wrong_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError) as error:
        registry.resolve("channel", "lexcal")
    assert (error.value.message, error.value.hint) == ("there is no channel 'lexcal'", "did you mean 'lexical'?")
    with pytest.raises(ConfigError, match=r"known are: .*lexical"):
        registry.resolve("channel", "zzz")
    with pytest.raises(ConfigError, match="did you mean 'channel'"):
        registry.names("chanel")


def test_a_wrong_option_is_answered_with_the_nearest_one_and_what_is_given_is_no_option() -> None:
    with pytest.raises(ConfigError) as error:
        registry.build("channel", "graph", {"neighbors": 5})
    assert error.value.message == "channel 'graph' has no option 'neighbors'"
    assert error.value.hint == "did you mean 'neighbours'?"
    with pytest.raises(ConfigError, match="has no option 'shelf'"):
        registry.build("channel", "graph", {"shelf": None})


def test_options_reach_the_component() -> None:
    assert registry.build("channel", "graph", {"neighbours": 5}).neighbours == 5


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An installed package with a channel 'mine'; its entry point can be renamed."""
    module = ModuleType("stranger")

    @dataclasses.dataclass
    class Mine:
        """A channel."""

        k: int = 3

    module.Mine = Mine
    monkeypatch.setitem(sys.modules, "stranger", module)
    module.name = "mine"

    def points(*, group: str) -> EntryPoints:
        own = [EntryPoint(module.name, "stranger:Mine", "tagwright.channel")]
        return EntryPoints(own if group == "tagwright.channel" else [])

    monkeypatch.setattr(registry, "entry_points", points)
    return module


def test_a_strangers_component_is_found_by_its_entry_point(stranger: ModuleType) -> None:
    assert registry.names("channel")[-1] == "mine"
    assert registry.build("channel", "mine", {"k": 9}) == stranger.Mine(9)


def test_a_name_that_clashes_is_refused_aloud(stranger: ModuleType) -> None:
    stranger.name = "graph"
    with pytest.raises(
        ConfigError, match=r"channel 'graph' of 'stranger:Mine' clashes with 'tagwright.recall.graph:Graph'"
    ):
        registry.names("channel")
