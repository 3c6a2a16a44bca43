"""A linear classifier for each tag: what it learns, when it keeps silent, what it says."""

from __future__ import annotations

import shutil
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.errors import ConfigError
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.linear import Linear, _likelihood
from tagwright.testing import Told
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

TOLD = {"": (1.0, 0.0), "sea": (1.0, 0.0), "wood": (0.0, 1.0)}


def texts() -> list[Document]:
    """Ten about the sea and ten about woods; "and" and "old" stand in all of them."""
    sea, wood = "ships and harbour, old gulls", "oaks and timber, old moss"
    return [Document(f"{n}", (sea, wood)[n % 2], tags=(("Sea",), ("Wood",))[n % 2]) for n in range(20)]


def test_words_that_tell_tags_apart_decide(build: Any, named: Any, rows: Any) -> None:
    vocabulary = named("Sea", "Wood", "Air")
    channel = build("linear", vocabulary, texts())
    sea, both = rows(channel.recall([Document("a", "Gulls"), Document("b", "old and")], 5), vocabulary, "linear.score")
    assert sea["Sea"] > 0.5 > sea["Wood"]
    assert both["Sea"] == pytest.approx(both["Wood"], abs=0.05)
    assert "Air" not in sea, "a tag without a document was not learned"


def test_the_soft_classifier_is_less_sure_than_the_firm_one(build: Any, named: Any) -> None:
    vocabulary = named("Sea", "Wood")
    channel = build("linear", vocabulary, texts(), firm=10.0, soft=0.01)
    table = channel.recall([Document("a", "Gulls in the harbour")], 5)
    firm, soft = (np.abs(table.column(f"linear.{name}") - 0.5) for name in ("score", "soft_score"))
    assert np.all(firm > soft)


def silent(documents: list[Document], vocabulary: Vocabulary, **options: int) -> bool:
    return Linear(**options).silent(documents, vocabulary)


def test_it_keeps_silent_where_there_are_too_many_tags_for_the_documents(named: Any) -> None:
    vocabulary = named("Sea", "Wood", "Air")
    assert silent(texts(), vocabulary, least=1, most=39)
    assert not silent(texts(), vocabulary, least=1, most=40), "a tag without a document does not count"
    everywhere = [replace(one, tags=(*(one.tags or ()), "Air")) for one in texts()]
    assert not silent(everywhere, vocabulary, least=1, most=40), "nor does one that every document carries"
    untagged = [Document("u", "Nobody looked"), *texts()]
    assert not silent(untagged, vocabulary, least=1, most=40)


def test_of_many_documents_it_learns_from_a_sample_and_so_may_have_more_tags(named: Any) -> None:
    vocabulary = named("Sea", "Wood", "Air")
    assert silent(texts(), vocabulary, least=1, most=39, many=21), "too few for that, and too many for the other way"
    assert not silent(texts(), vocabulary, least=1, most=39, many=20)
    assert silent(texts(), vocabulary, least=1, most=39, many=20, most_tags=1)


def test_what_a_sample_taught_tells_words_is_saved_and_gives_its_reason(
    build: Any, named: Any, rows: Any, tmp_path: Path
) -> None:
    vocabulary, asked = named("Sea", "Wood"), [Document("a", "Old Gulls rest in harbours.")]
    channel = build("linear", vocabulary, texts(), most=0, nearest=5, drawn=5)
    table = channel.recall(asked, 5)
    (found,) = rows(table, vocabulary, "linear.score")
    assert found["Sea"] > 0.5 > found["Wood"]
    assert np.array_equal(table.column("linear.score"), table.column("linear.soft_score")), "one strictness is learned"
    (said,) = channel.explain(asked[0], 0)
    assert set(said.text.split(", ")) == {"Gulls", "harbours"}
    channel.save(tmp_path)
    again = copy(channel).load(tmp_path, vocabulary)
    assert np.array_equal(again.recall(asked, 5).column("linear.score"), table.column("linear.score"))


def test_a_model_of_the_first_format_says_what_it_said(build: Any, named: Any, tmp_path: Path) -> None:
    vocabulary, asked = named("Sea", "Wood"), [Document("a", "Gulls")]
    channel = build("linear", vocabulary, texts())
    channel.save(tmp_path)
    for name, held in (("firm", channel._firm), ("soft", channel._soft)):
        np.save(tmp_path / f"{name}.npy", np.vstack([held.weights, held.intercepts]))
        shutil.rmtree(tmp_path / name)
    (tmp_path / "linear.json").write_text('{"format": 1}')
    again, said = copy(channel).load(tmp_path, vocabulary).recall(asked, 5), channel.recall(asked, 5)
    for column in channel.columns:
        assert np.array_equal(again.column(column), said.column(column))


def test_it_keeps_silent_where_tags_have_few_documents_each(named: Any) -> None:
    vocabulary = named("Sea", "Wood")
    assert not silent(texts(), vocabulary, least=10), "ten each"
    assert silent(texts(), vocabulary, least=11)


def test_it_keeps_silent_where_nothing_can_be_learned(build: Any, named: Any) -> None:
    vocabulary = named("Sea", "Wood")
    asked = [Document("a", "Gulls")]
    for none in ([], [Document("1", "ships", tags=("Sea",))]):
        assert silent(none, vocabulary)
        alone = build("linear", vocabulary, none)
        assert alone.recall(asked, 5).n_pairs == 0, "where there is no other channel it is asked, and finds nothing"
        assert alone.explain(asked[0], 0) == []


def test_a_channel_that_was_found_silent_has_no_columns(named: Any) -> None:
    vocabulary, asked = named("Sea", "Wood"), [Document("a", "Gulls")]
    settings = TaggerSettings(channels={"names": {}, "linear": {"least": 11}})
    made = Assembly(settings, Told(TOLD), ("en",))
    assert [one.name for one in made.speaking] == ["names", "linear"], "nothing is decided before there are documents"
    made.prepare(texts(), vocabulary)
    assert [one.name for one in made.fresh().speaking] == ["names"]
    found = made.fit(texts(), vocabulary).recall(asked)
    assert not [name for name in found.columns if name.startswith("linear")]
    assert [one.name for one in made.prepare([*texts(), *twenty_more()], vocabulary).speaking] == ["names", "linear"]


def twenty_more() -> list[Document]:
    return [replace(one, id=f"more-{one.id}") for one in texts()]


def test_a_tag_that_every_document_carries_cannot_be_learned(build: Any, named: Any, rows: Any) -> None:
    vocabulary = named("Sea", "Wood", "All")
    every = [Document(one.id, one.text, tags=(*(one.tags or ()), "All")) for one in texts()]
    found = rows(build("linear", vocabulary, every).recall([Document("a", "Gulls")], 5), vocabulary, "linear.score")
    assert set(found[0]) == {"Sea", "Wood"}


def test_its_reason_is_the_words_that_tell_most(build: Any, named: Any) -> None:
    vocabulary = named("Sea", "Wood")
    channel = build("linear", vocabulary, texts())
    (said,) = channel.explain(Document("a", "Old Gulls rest in harbours."), 0)
    assert said.kind == "telling words"
    assert set(said.text.split(", ")) == {"Gulls", "harbours"}, "as they are written, without what tells nothing"
    (said,) = channel.explain(Document("a", "Gulls"), 1)
    assert said.value < 0.5 and said.text == f"score {said.value:.2f}", "no words speak for it"


def test_in_the_space_of_an_encoder_it_reads_vectors(build: Any, named: Any, rows: Any) -> None:
    vocabulary = named("Sea", "Wood")
    documents = [Document(f"{n}", ("sea", "wood")[n % 2], tags=(("Sea",), ("Wood",))[n % 2]) for n in range(20)]
    channel = build("linear", vocabulary, documents, TOLD, space="meaning")
    asked = Document("a", "wood")
    (found,) = rows(channel.recall([asked], 5), vocabulary, "linear.score")
    assert found["Wood"] > 0.5 > found["Sea"]
    assert channel.explain(asked, 1)[0].kind == "learned from documents"


def test_margins_become_numbers_between_0_and_1() -> None:
    said = _likelihood(np.array([-1e9, -1, 0, 1, 1e9], dtype=np.float32))
    assert said == pytest.approx([0, 0.1192, 0.5, 0.8808, 1], abs=1e-4)
    assert said.dtype == np.float32


@pytest.mark.parametrize("option", [{"nearest": -1}, {"drawn": 0}, {"firm": 0.0}, {"soft": -1.0}])
def test_numbers_that_make_no_sense_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="cannot be"):
        Linear(**option)  # type: ignore[arg-type]
