"""The channel of written descriptions: tags that they mean, at once for new ones, and never by a look at the gold."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tagwright.recall.writing as writing
from tagwright.candidates import Candidates
from tagwright.encoders.seen import Taught
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError, IntegrityError, MissingExtraError, OutputError, ProjectError
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.described import Described
from tagwright.recall.matcher import SEPARATOR
from tagwright.testing import Told
from tagwright.testing.tables import same
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

BEES, SHIPS = Document("d1", "Hives in spring."), Document("d2", "Hulls of oak.")
TOLD = {
    "Beekeeping": (1, 0, 0), "Ships": (0, 1, 0), "Harbours": (0, 0.6, 0.8), "Keeping of bees": (0.8, 0.6, 0),
    "Nonsense": (-1, -0.1, -0.2),
}  # fmt: skip


@pytest.fixture
def vocabulary(named: Callable[..., Vocabulary]) -> Vocabulary:
    return named("Beekeeping", "Ships", "Harbours")


@pytest.fixture
def channel(build: Callable[..., Any], vocabulary: Vocabulary, written: Callable[..., str]) -> Callable[..., Described]:
    """A fitted channel that writes this about the two documents."""

    def make(bees: Sequence[str], ships: Sequence[str] = (), **options: Any) -> Described:
        folder = written([(BEES, bees), (SHIPS, ships)], seen=["d1"])
        made: Described = build("described", vocabulary, [], TOLD, model=folder, **options)
        return made

    return make


def scores(channel: Described, vocabulary: Vocabulary, rows: Any, *documents: Document) -> list[dict[str, float]]:
    return [
        {tag: round(score, 3) for tag, score in row.items()}
        for row in rows(channel.recall(list(documents), 9), vocabulary, "described.score")
    ]


def test_the_tags_that_the_descriptions_mean_are_found(channel: Any, vocabulary: Vocabulary, rows: Any) -> None:
    made = channel(["Keeping of bees"], ["Ships", "Harbours"])
    assert scores(made, vocabulary, rows, BEES, SHIPS) == [{"Beekeeping": 0.8}, {"Ships": 1.0, "Harbours": 1.0}]


def test_what_means_no_tag_is_dropped_but_kept_without_a_threshold(
    build: Any, vocabulary: Vocabulary, rows: Any, written: Any
) -> None:
    folder = written([(BEES, ["Astray"])])
    told = {**TOLD, "Astray": (-0.96, 0.28, 0)}
    for threshold, expected in ((0.4, {}), (0.0, {"Ships": 0.28})):
        made = build("described", vocabulary, [], told, model=folder, threshold=threshold)
        assert scores(made, vocabulary, rows, BEES) == [expected]


def test_descriptions_are_matched_with_what_should_have_been_written(
    build: Any, rows: Any, written: Any, tmp_path: Path
) -> None:
    """What is written of Oak, three words of its description, lies near Elm and far from Oak with its synonym."""
    oak = Tag("Oak", "Oak", synonyms={"": ("wood",)}, descriptions={"": "A tree of<tag> woods and parks"})
    vocabulary = Vocabulary.from_tags([oak, Tag("Elm", "Elm")], language="")
    told = {
        "Oak": (1, 0, 0), "Elm": (0.6, 0.8, 0), "Oak. A tree of": (0.5, 0.85, 0.16), "New": (0, 0, 1),
        "Oak; wood. A tree of<tag> woods and parks": (1, 0, 0),
    }  # fmt: skip
    for words, expected in ((None, {"Elm": 0.981}), (3, {"Oak": 1.0})):
        model = written([(BEES, ["Oak. A tree of"])], name=f"written-{words}", words=words)
        made = build("described", vocabulary, [], told, model=model)
        assert scores(made, vocabulary, rows, BEES) == [expected]
        made.save(tmp_path / f"saved-{words}")
        again = build("described", vocabulary, [], told, model=model).load(tmp_path / f"saved-{words}", vocabulary)
        assert scores(again, vocabulary, rows, BEES) == [expected]
    later = vocabulary.extended([Tag("New", "New")])
    made.add_tags(later, later.positions(["New"]))
    assert len(made.points_.tags) == 3 and made.points_ is not made.tag_points


def test_folds_share_what_was_encoded(vocabulary: Vocabulary, written: Any) -> None:
    settings = TaggerSettings(channels={"described": {"model": written([(BEES, ["Ships"])], words=5)}})
    made = Assembly(settings, Told(TOLD), ("en",)).prepare([], vocabulary)
    one, two = (made.fresh().fit([], vocabulary).channels[0] for _ in range(2))
    assert one.points_ is two.points_ and one.points_.version == 1


def test_at_most_k_tags_are_found_those_with_the_highest_cosine(channel: Any, vocabulary: Vocabulary) -> None:
    table = channel(["Keeping of bees", "Ships"]).recall([BEES], 1)
    assert [vocabulary.ids[tag] for tag in table.tags] == ["Ships"]


def test_a_document_of_which_nothing_was_written_has_no_tag(channel: Any, vocabulary: Vocabulary, rows: Any) -> None:
    made = channel([], ["Ships"])
    assert scores(made, vocabulary, rows, BEES, Document("d3", ""), Document("d4", "Unheard of."), SHIPS) == [
        {}, {}, {}, {"Ships": 1.0},
    ]  # fmt: skip
    assert np.isnan(made.complete([BEES], every_tag(1)).column("described.score")).all()


def every_tag(n: int) -> Candidates:
    """A table of all three tags of each document."""
    return Candidates.from_pairs(n, np.repeat(np.arange(n), 3), np.tile(np.arange(3), n), {})


def test_candidates_of_other_channels_get_their_cosine(channel: Any) -> None:
    table = channel(["Keeping of bees", "Ships"]).complete([BEES], every_tag(1))
    assert table.column("described.score") == pytest.approx([0.8, 1.0, 0.6], abs=1e-3)


def test_the_gold_of_a_document_cannot_change_what_is_found(channel: Any) -> None:
    made, poison = channel(["Keeping of bees"], ["Ships"]), ("Harbours", "Beekeeping")
    honest = made.recall([BEES, SHIPS], 9)
    poisoned = made.recall(
        [dataclasses.replace(one, tags=poison, metadata={"tags": poison}) for one in (BEES, SHIPS)], 9
    )
    assert same(honest, poisoned)


def test_the_reason_is_the_description_that_matched_and_no_quotation(channel: Any, vocabulary: Vocabulary) -> None:
    made = channel(["Ships", "Harbours", "Nonsense"])
    first, second = made.explain(BEES, vocabulary.position("Ships"))
    assert (first.kind, first.text, first.start, first.value) == ("written description", "Ships", None, 1.0)
    assert (second.text, round(second.value, 3)) == ("Harbours", 0.6)
    assert made.explain(BEES, vocabulary.position("Beekeeping")) == []


def test_a_new_tag_is_matched_at_once(channel: Any, vocabulary: Vocabulary, rows: Any) -> None:
    made = channel(["Keeping of bees"])
    wider = vocabulary.extended([Tag("Keeping of bees", "Keeping of bees")])
    made.add_tags(wider, wider.positions(["Keeping of bees"]))
    assert scores(made, wider, rows, BEES) == [{"Keeping of bees": 1.0}]


def test_it_says_which_documents_taught_its_weights(channel: Any) -> None:
    made = channel(["Ships"])
    assert isinstance(made, Taught) and made.seen.of(["d1", "d2"]).tolist() == [True, False]
    assert made.fingerprint.startswith("described-")


def test_a_channel_without_a_model_says_what_to_name(build: Any, vocabulary: Vocabulary) -> None:
    with pytest.raises(ConfigError, match=r"no model.*channels\.described\.model"):
        build("described", vocabulary, [], TOLD)
    with pytest.raises(ConfigError, match="no folder"):
        build("described", vocabulary, [], TOLD, model="nowhere")


@pytest.mark.parametrize(("key", "value"), [("k", 0), ("beams", 0), ("batch", 0), ("most_tokens", -1)])
def test_an_option_that_makes_no_sense_is_refused(key: str, value: int) -> None:
    with pytest.raises(ConfigError, match=key):
        Described(**{key: value})


def test_other_weights_than_those_of_the_training_are_refused(
    channel: Any, written: Any, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    made = channel(["Ships"])
    made.save(tmp_path / "saved")
    other = dataclasses.replace(made, model=written([(BEES, ["Harbours"])], name="other"))
    with pytest.raises(IntegrityError, match="other weights"):
        other.load(tmp_path / "saved", vocabulary)


def test_a_changed_file_is_refused(channel: Any, build: Any, vocabulary: Vocabulary, written: Any) -> None:
    folder = written([(BEES, ["Ships"])], name="changed")
    Path(folder, writing.LINES).write_text("{}\n")
    with pytest.raises(IntegrityError, match=r"written\.jsonl"):
        build("described", vocabulary, [], TOLD, model=folder)


def test_a_model_needs_pytorch_and_its_absence_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, build: Any, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    writing.Seen().write(folder)
    Folder.write(folder, writing.MANIFEST, {"kind": "model", "length": 9, "most_tokens": 9})
    monkeypatch.setattr("tagwright.llm.writer.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"torch.*tagwright\[train\]"):
        build("described", vocabulary, [], TOLD, model=str(folder))


def test_a_folder_that_is_no_writer_is_refused(build: Any, vocabulary: Vocabulary, tmp_path: Path) -> None:
    writing.Seen().write(tmp_path)
    Folder.write(tmp_path, writing.MANIFEST, {"kind": "seance"})
    with pytest.raises(ProjectError, match="does not describe a writer"):
        build("described", vocabulary, [], TOLD, model=str(tmp_path))


class Counting:
    """Writes the text itself, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def write(self, texts: Sequence[str]) -> list[str]:
        self.asked += texts
        return [f"{text}{SEPARATOR}x" for text in texts]


def test_no_text_is_written_about_twice() -> None:
    counting = Counting()
    writer = writing.Remembering(counting)
    assert writer.write(["a", "b", "a"]) == [f"a{SEPARATOR}x", f"b{SEPARATOR}x", f"a{SEPARATOR}x"]
    assert writer.write(["b", "c"]) == [f"b{SEPARATOR}x", f"c{SEPARATOR}x"]
    assert counting.asked == ["a", "b", "c"]


def test_what_was_written_is_recorded_without_the_texts_and_read_again(tmp_path: Path) -> None:
    folder = writing.record(tmp_path / "out", ["one", "two"], Counting(), ["d1"])
    assert writing.writer_of(folder).write(["two", "three"]) == [f"two{SEPARATOR}x", ""]
    line = json.loads((tmp_path / "out" / writing.LINES).read_text().splitlines()[0])
    assert len(line["text"]) == 64 and line["written"] == f"one{SEPARATOR}x"
    with pytest.raises(OutputError, match="exists already"):
        writing.record(tmp_path / "out", [], Counting())


def test_channels_of_all_folds_share_one_writer(build: Any, vocabulary: Vocabulary, written: Any) -> None:
    folder = written([(BEES, ["Ships"])])
    one, two = (build("described", vocabulary, [], TOLD, model=folder) for _ in range(2))
    assert one.writer_ is two.writer_
