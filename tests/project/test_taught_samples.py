"""What a language model wrote for rare tags teaches channels, too: only what may be known, and where it is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagwright.project.learning as learning
from tagwright.encoders.lsa import Lsa
from tagwright.enrichment.options import Enrichment
from tagwright.pipeline.fitting import quiet
from tagwright.pipeline.settings import TaggerSettings
from tagwright.project.opened import Opened
from tagwright.project.teaching import Material, Teaching
from tagwright.recall.pseudo import marked
from tagwright.tagger import Tagger
from tagwright.training.lessons import Parts
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

TAGS = Vocabulary.from_tags([Tag("a", "Apples"), Tag("b", "Bells"), Tag("c", "Clocks")])
WORDS = {"a": "fruit orchard cider", "b": "ring tower bronze", "c": "hour hand spring"}


def document(id: str, tag: str) -> Document:
    return Document(id, f"{WORDS[tag]} {id}", tags=(tag,))


def sample(id: str, tag: str, after: str, weight: float = 0.5) -> Document:
    return marked(document(id, tag), weight, demonstration=after)


REAL = [document(f"{tag}{n}", tag) for n in range(8) for tag in WORDS]
PARTS = Parts(REAL[:18], REAL[18:21], REAL[21:])
WRITTEN = [
    sample("after taught", "a", PARTS.taught[0].id), sample("after dev", "b", PARTS.dev[1].id),
    sample("after held out", "c", PARTS.held_out[2].id), sample("after none", "c", "", 0.2),
]  # fmt: skip


@pytest.fixture
def material() -> Material:
    tagger = Tagger(TaggerSettings(), Lsa(width=8), TAGS)
    return Material(tagger, PARTS, quiet, WRITTEN)


def test_only_what_was_written_after_a_taught_document_is_taught(material: Material) -> None:
    lessons = material.lessons(written=True)
    assert [one.id for one in lessons.documents[len(PARTS.taught) :]] == ["after taught", "after none"]
    assert lessons.light == {"after taught": 0.5, "after none": 0.2}
    assert [own.tolist() for own in lessons.gold[len(PARTS.taught) :]] == [[0], [2]]
    likely = lessons.wrong[len(PARTS.taught)].tolist()
    assert likely and 0 not in likely, "it has likely wrong tags of its own"


def test_what_chooses_the_best_moment_and_what_rerankers_learn_is_of_people_alone(material: Material) -> None:
    assert [one.id for one in material.dev().documents] == [one.id for one in PARTS.dev]
    assert [one.id for one in material.lessons().documents] == [one.id for one in PARTS.taught]
    assert material.pairs().ids == [one.id for one in PARTS.taught]


def test_vectors_know_what_was_written_after_which_document(material: Material) -> None:
    found = material.labels()
    n = len(PARTS.taught)
    assert found.written == {n: (0.5, PARTS.taught[0].id), n + 1: (0.2, "")}
    assert found.documents.shape[0] == n + 2 and set(found.seen) >= {one.id for one in PARTS.taught}
    without = Material(Tagger(TaggerSettings(), Lsa(width=8), TAGS), PARTS, quiet).labels()
    assert without.written == {} and without.ids == found.ids[:n]


@pytest.mark.parametrize("wanted", [True, False])
def test_samples_are_taught_where_the_user_wants_them(
    trained: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    opened = Opened(trained, [f"enrichment.samples={str(wanted).lower()}"])
    kept = list(opened.store.documents())

    def written(folder: Path, documents: object, vocabulary: object, options: Enrichment) -> list[Document]:
        assert folder == trained and [one.id for one in documents] == [one.id for one in kept]  # type: ignore[attr-defined]
        return [marked(Document("w", "written", tags=kept[0].tags), 0.5, demonstration="")] if options.samples else []

    monkeypatch.setattr(learning, "written", written)
    teaching = Teaching(opened)
    lessons = teaching._material(teaching.wanted(), {}, quiet).lessons(wrong=False, written=True)
    assert ("w" in [one.id for one in lessons.documents]) is wanted
    opened.close()
