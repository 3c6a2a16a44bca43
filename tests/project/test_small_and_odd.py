"""No documents, one, ten or sixty; twelve tags; odd texts: it works, or says clearly what is missing."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tagwright.corpus import read_results
from tagwright.errors import ConfigError, VocabularyError
from tagwright.project import Project
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

ABOUT = {
    "Beekeeping": "hive honey swarm colony queen", "Soil erosion": "wind loess slope topsoil runoff",
    "Baking": "dough oven yeast flour crust", "Railways": "train track station signal locomotive",
    "Taxation": "income levy revenue deduction treasury", "Chess": "opening knight bishop endgame pawn",
    "Water supply": "pipe well reservoir filter pump", "Cartography": "scale projection contour atlas survey",
    "Tea": "leaf cup oolong brewing kettle", "Contract law": "party clause breach court remedy",
    "Glass blowing": "furnace molten kiln cooling vase", "Bird migration": "flock wings nest south winter",
}  # fmt: skip
TAGS = Vocabulary.from_tags([Tag(f"t:{n}", name) for n, name in enumerate(ABOUT)])
QUICK = "\n[fusion]\ntrees = 30\n[fitting]\nfew_folds = 3\n"
ODD = ["", " \n\t", "?!", "the of and", "\x00\x01", "a", "蜂蜜", "\U0001f41d", "x" * 3000, "Chess\n" * 200, "1 2 3 4 5"]


def documents(n: int, *, tags: tuple[str, ...] | None = None, seed: int = 0) -> list[Document]:
    chance = random.Random(seed)
    made = []
    for number in range(n):
        tag = number % len(ABOUT)
        words = [*chance.sample(list(ABOUT.values())[tag].split(), 3), f"word{chance.randrange(20)}"]
        made.append(Document(f"d{number}", " ".join(words), tags=tags if tags is not None else (f"t:{tag}",)))
    return made


@pytest.fixture
def twelve(tmp_path):
    """A project of twelve tags."""
    project = Project.create(tmp_path / "twelve", TAGS)
    with (project.folder / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write(QUICK)
    return project


def check(project: Project, tmp_path, *, calibrated: bool) -> None:
    """Suggesting and tagging work for usual and odd texts; what is promised of a confidence holds."""
    texts = [
        *(Document(f"named-{n}", f"about {name}") for n, name in enumerate(ABOUT)),
        *(Document(f"odd-{n}", text) for n, text in enumerate(ODD)),
    ]
    found = project.suggest(texts, k=50)
    assert all(found[: len(ABOUT)])
    for suggestions in found:
        confidences = [one.confidence for one in suggestions]
        assert all(0.0 <= confidence <= 1.0 for confidence in confidences)
        assert confidences == sorted(confidences, reverse=True)
        assert all(one.calibrated is calibrated for one in suggestions)
    assert project.calibrated is calibrated
    report = project.tag(texts, tmp_path / "out.jsonl")
    assert report.failed == 0
    assert {row.calibrated for row in read_results(tmp_path / "out.jsonl")} == {calibrated}
    assert project.suggest("tea and chess", why=True)[0][0].evidence


def test_a_vocabulary_alone(twelve, tmp_path):
    assert twelve.suggest("a game of chess")[0][0].name == "Chess"
    check(twelve, tmp_path, calibrated=False)


@pytest.mark.parametrize("n", [1, 2, 10, 59])
def test_a_few_documents_are_learned_from_without_promises(twelve, tmp_path, n):
    report = twelve.train(documents(n))
    assert report.documents == n
    assert "not calibrated" in report.lines[-1]
    check(twelve, tmp_path, calibrated=False)


def test_the_first_documents_make_the_suggestions_better(twelve):
    text = "yeast and flour in the oven"
    assert [one.name for one in twelve.suggest(text, k=1)[0]] != ["Baking"]
    twelve.train(documents(12))
    assert [one.name for one in twelve.suggest(text, k=1)[0]] == ["Baking"]


@pytest.mark.parametrize("n", [60, 61, 90])
def test_sixty_documents_calibrate(twelve, tmp_path, n):
    assert twelve.train(documents(n)).calibrated
    check(twelve, tmp_path, calibrated=True)
    best = [found[0].name for found in twelve.suggest(documents(12, seed=5))]
    assert sum(name == wanted for name, wanted in zip(best, ABOUT, strict=True)) >= 9


def test_documents_that_all_have_one_tag(twelve, tmp_path):
    assert twelve.train(documents(70, tags=("t:3",))).tags_used == 1
    check(twelve, tmp_path, calibrated=twelve.calibrated)


def test_documents_that_all_have_all_tags(twelve, tmp_path):
    twelve.train(documents(70, tags=tuple(TAGS.ids)))
    check(twelve, tmp_path, calibrated=twelve.calibrated)


def test_documents_that_are_all_alike(twelve, tmp_path):
    twelve.train([Document(f"d{n}", "the same text", tags=(f"t:{n % 3}",)) for n in range(66)])
    check(twelve, tmp_path, calibrated=twelve.calibrated)


NO_TABLE = pytest.mark.xfail(reason="ranking is learned although no document has a single candidate", strict=False)


@pytest.mark.parametrize("n", [8, pytest.param(66, marks=NO_TABLE)])
def test_documents_without_any_words(twelve, tmp_path, n):
    twelve.train([Document(f"d{n}", ODD[n % 5], tags=(f"t:{n % 12}",)) for n in range(n)])
    check(twelve, tmp_path, calibrated=twelve.calibrated)


def test_tags_of_which_none_is_in_the_vocabulary_are_told(twelve, tmp_path):
    with pytest.raises(ConfigError, match="none of the 20 tagged documents has a tag of this vocabulary") as caught:
        twelve.train(documents(20, tags=("http://elsewhere/1",)))
    assert "--tag-prefix" in caught.value.hint
    check(twelve, tmp_path, calibrated=False)


def test_unknown_tags_among_known_ones_are_counted(twelve):
    report = twelve.train(documents(10, tags=("t:1", "t:unknown")))
    assert (report.unknown_tags, report.tags_used) == (10, 1)
    assert any("10 times a tag was named" in line for line in report.lines)


def test_a_document_of_a_megabyte(twelve):
    long = " ".join(ABOUT.values()) + " word " * 200_000
    twelve.train([*documents(11), Document("long", long, tags=("t:4",))])
    assert twelve.suggest(long)[0]


def test_one_tag_is_a_vocabulary_and_none_is_not(tmp_path):
    one = Project.create(tmp_path / "one", Vocabulary.from_tags([Tag("t", "Tea")]))
    assert [found.name for found in one.suggest("a cup of tea")[0]] == ["Tea"]
    assert one.suggest("")[0] == []
    one.train([Document("a", "leaf and cup", tags=("t",))])
    assert [found.name for found in one.suggest("a leaf")[0]] == ["Tea"]
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"empty\.jsonl"):
        Project.create(tmp_path / "none", tmp_path / "empty.jsonl")


def test_deprecated_tags_alone_suggest_nothing(tmp_path):
    old = Project.create(tmp_path / "old", Vocabulary.from_tags([Tag("t", "Tea", deprecated=True)]))
    assert old.suggest("a cup of tea") == [[]]


def test_no_texts_give_no_answers(twelve):
    assert twelve.suggest([]) == []
    assert twelve.suggest("a text", k=1)[0:1] != []


def test_a_training_in_which_no_channel_finds_anything_says_so_and_leaves_the_project_as_it_was(twelve):
    off = [f"channels.{name}=false" for name in twelve.settings.options("channels") if name != "names"]
    with Project.open(twelve.folder, overrides=off) as project:
        with pytest.raises(ConfigError, match="find no tag at all") as refused:
            project.train([replace(one, text="qqq zzz xxx") for one in documents(60)])
        assert "channels" in refused.value.hint
    assert twelve.suggest("about Chess")[0][0].name == "Chess"
