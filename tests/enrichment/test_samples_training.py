"""Pseudo-samples in training: only channels read them, each half as much, and none leaks into a document's own row."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tagwright.recall.pseudo as pseudo
from tagwright.corpus import Memory
from tagwright.corpus.split import fold_of
from tagwright.encoders.lsa import Lsa
from tagwright.pipeline.fitting import Fitted
from tagwright.pipeline.settings import Fitting, TaggerSettings
from tagwright.project.evaluating import measure
from tagwright.tagger import Tagger
from tagwright.testing.tables import same
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

HEADS, TAILS, WORDS = 6, 8, 14
VOCABULARY = Vocabulary.from_tags(
    [Tag(f"t:{n}", f"Subject number {n}", {"en": f"Subject number {n}"}) for n in range(HEADS + TAILS)], language="en"
)
QUICK: dict[str, dict[str, Any]] = {
    "folds": {"few_folds": 3, "folds": 3, "nested": 400, "kept": 10**6},
    "hold-out": {"hold_out_above": 50, "hold_out": 90, "few_folds": 3, "folds": 3, "kept": 10**6},
}


def words_of(tag: int) -> list[str]:
    """The words that documents of a tag use; each document says only a few of them."""
    return [f"{chr(97 + tag)}{chr(97 + number)}word" for number in range(WORDS)]


def document(number: int, tag: int, of: str = "d") -> Document:
    chance = random.Random(f"{of}{number}")
    words = chance.sample(words_of(tag), 3)
    for _ in range(4):  # what other subjects say as well
        words += chance.sample(words_of(chance.randrange(HEADS + TAILS)), 1)
    words += chance.sample([f"common{n}" for n in range(40)], 6)
    chance.shuffle(words)
    return Document(f"{of}{number}", " ".join(words) + ".", f"Volume {number}", "en", (f"t:{tag}",))


def sample(tag: int, shown: Document, number: int) -> Document:
    """A useful text: like the tag's documents, with more of their words than one document has."""
    chance = random.Random(f"{tag}-{number}")
    words = chance.sample(words_of(tag), 8) + chance.sample([f"common{n}" for n in range(40)], 4)
    text = Document(f"pseudo:{tag}-{number}", " ".join(words) + ".", f"Written {number}", "en", shown.tags)
    return pseudo.marked(text, 0.5, tag=f"t:{tag}", demonstration=shown.id, model="scripted")


def corpus() -> list[Document]:
    heads = [document(number, number % HEADS) for number in range(240)]
    tails = [document(1000 + number, HEADS + number % TAILS) for number in range(3 * TAILS)]
    return [*heads, *tails]


def samples(documents: list[Document]) -> list[Document]:
    made = []
    for tag in range(HEADS, HEADS + TAILS):
        shown = [one for one in documents if f"t:{tag}" in (one.tags or ())]
        made += [sample(tag, shown[number % len(shown)], number) for number in range(6)]
    return made


def tagger(**fitting: Any) -> Tagger:
    settings = TaggerSettings(
        fusion={"kind": "ranker", "trees": 60}, fitting=Fitting(**{"least": 20, "seed": 1, **QUICK["folds"], **fitting})
    )
    return Tagger(settings, Lsa(width=16), VOCABULARY)


@pytest.fixture(scope="module")
def plain() -> Tagger:
    return tagger().fit(corpus())


@pytest.fixture(scope="module")
def enriched() -> Tagger:
    return tagger().fit([*corpus(), *samples(corpus())])


def f1(found: Tagger, documents: list[Document], tags: range) -> tuple[float, float]:
    """(micro, macro) F1 of what the documents are given, on these tags."""
    table = found.candidates(documents)
    given = found.given(table)
    gold = np.array([VOCABULARY.position(one.tags[0]) for one in documents if one.tags])
    hits, said, wanted = np.zeros(len(tags)), np.zeros(len(tags)), np.zeros(len(tags))
    for place, tag in enumerate(tags):
        mine = given & (table.tags == tag)
        said[place], wanted[place] = mine.sum(), (gold == tag).sum()
        hits[place] = (gold[table.documents[mine]] == tag).sum()
    each = 2 * hits / np.maximum(said + wanted, 1)
    return float(2 * hits.sum() / (said.sum() + wanted.sum())), float(each.mean())


def test_useful_samples_lift_rare_tags_and_leave_common_ones_as_they_are(plain: Tagger, enriched: Tagger) -> None:
    heads = [document(number, number % HEADS, "h") for number in range(600)]
    tails = [document(number, HEADS + number % TAILS, "t") for number in range(240)]
    rare, common = range(HEADS, HEADS + TAILS), range(HEADS)
    before, after = (f1(one, [*heads, *tails], rare)[1] for one in (plain, enriched))
    assert after > before + 0.2, (before, after)
    reports = [
        measure(one, Memory([*heads, *tails]), k=20, n_train=264, reference=None, progress=lambda *_: None)[0]
        for one in (plain, enriched)
    ]
    assert reports[1].metrics["PSP@5"] > reports[0].metrics["PSP@5"] + 0.05
    lost = f1(plain, heads, common)[0] - f1(enriched, heads, common)[0]
    assert lost < 0.005, lost


def test_samples_are_counted_nowhere(plain: Tagger, enriched: Tagger) -> None:
    assert plain.fitted is not None and enriched.fitted is not None
    assert enriched.fitted.ids == plain.fitted.ids, "ranking, calibration and cuts are fitted on the same documents"
    asked = [document(1, 0, "q"), document(2, HEADS, "q")]
    one, other = plain.candidates(asked), enriched.candidates(asked)
    for name in ("seen", "centroids.documents"):
        known = dict(zip(zip(one.documents, one.tags, strict=True), one.column(name), strict=True))
        found = dict(zip(zip(other.documents, other.tags, strict=True), other.column(name), strict=True))
        assert {pair: known[pair] for pair in known if pair in found} == {p: found[p] for p in found if p in known}
    for space, shelf in enriched.assembly.shelves.items():
        assert shelf.counts().tolist() == plain.assembly.shelves[space].counts().tolist()
        written = shelf.written()
        assert written is not None and written.sum() == 6 * TAILS and plain.assembly.shelves[space].written() is None
    weights = enriched.assembly.shelves["words"].edges()
    assert set(weights[written].data.tolist()) == {0.5} and set(weights[~written].data.tolist()) == {1.0}


def test_what_looks_at_no_tag_is_learned_from_real_documents_alone(plain: Tagger, enriched: Tagger) -> None:
    assert enriched.assembly.tfidf.stems_ == plain.assembly.tfidf.stems_
    assert enriched.assembly.tfidf.idf_.tobytes() == plain.assembly.tfidf.idf_.tobytes()
    assert enriched.assembly.encoder.fingerprint == plain.assembly.encoder.fingerprint


def test_a_tag_that_only_samples_carry_is_found_and_still_has_no_document() -> None:
    documents = [one for one in corpus() if one.tags != (f"t:{HEADS}",)]
    made = [replace(sample(HEADS, document(1, HEADS), number), tags=(f"t:{HEADS}",)) for number in range(6)]
    unseen = [pseudo.marked(one, 0.5, demonstration="") for one in made]
    asked = Document("q", " ".join(words_of(HEADS)[:6]), "")
    found = tagger().fit([*documents, *unseen])
    table = found.candidates([asked])
    place = table.tags.tolist().index(HEADS)
    assert table.column("centroids.score")[place] > 0.1 and table.column("graph.score")[place] > 0
    assert table.column("seen")[place] == 0 == table.column("centroids.documents")[place]
    reasons = [reason for reason in found.explain(asked, HEADS) if reason.channel == "graph"]
    assert reasons and reasons[0].kind == "similar to a written sample" and reasons[0].document is None


def test_a_saved_tagger_with_samples_answers_alike(enriched: Tagger, tmp_path: Any) -> None:
    enriched.save(tmp_path)
    loaded = tagger().load(tmp_path)
    asked = [document(number, number % (HEADS + TAILS), "q") for number in range(20)]
    assert same(loaded.candidates(asked), enriched.candidates(asked))
    assert loaded.suggest(asked, why=True) == enriched.suggest(asked, why=True)
    assert loaded.assembly.shelves["words"].counts().tolist() == enriched.assembly.shelves["words"].counts().tolist()


def row_of(fitted: Fitted, id: str) -> dict[str, bytes]:
    row = fitted.ids.index(id)
    table = fitted.table.slice(row, row + 1)
    return {"tags": table.tags.tobytes(), **{
        name: table.columns[name].tobytes() for name in sorted(table.columns) if name != "confidence"
    }}  # fmt: skip


@pytest.mark.parametrize("mode", QUICK)
def test_the_gold_of_a_document_and_all_that_was_written_after_it_leave_its_own_row_byte_identical(mode: str) -> None:
    def fit(documents: list[Document]) -> Fitted:
        fitted = tagger(**QUICK[mode]).fit(documents).fitted
        assert fitted is not None
        return fitted

    documents = corpus()
    made = samples(documents)
    before = fit([*documents, *made])
    shown = next(one for one in documents if one.tags == (f"t:{HEADS + 1}",) and one.id in before.ids)
    after_it = [one for one in made if one.metadata[pseudo.KEY]["demonstration"] == shown.id]
    assert after_it, "this document was a demonstration"
    gold = ("t:2", f"t:{HEADS + 3}")

    def changed(one: Document) -> Document:
        if one in after_it:
            return replace(one, tags=gold, text=f"{shown.text} {one.text} and more of it", title=shown.title)
        return replace(one, tags=gold) if one.id == shown.id else one

    after = fit([changed(one) for one in [*documents, *made]])
    assert after.ids == before.ids and row_of(after, shown.id) == row_of(before, shown.id)
    assert any(row_of(after, id) != row_of(before, id) for id in before.ids), "from it is learned for the others"


def test_a_sample_is_read_only_by_channels_that_read_its_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    import tagwright.pipeline.assembly as assembly

    read: list[set[str]] = []
    fit: Callable[..., Any] = assembly.Assembly.fit

    def watched(self: Any, documents: list[Document], vocabulary: Any) -> Any:
        real = {one.id for one in documents if not pseudo.is_pseudo(one)}
        for one in documents:
            assert not pseudo.is_pseudo(one) or one.metadata[pseudo.KEY]["demonstration"] in real
        read.append({one.id for one in documents if pseudo.is_pseudo(one)})
        return fit(self, documents, vocabulary)

    monkeypatch.setattr(assembly.Assembly, "fit", watched)
    documents = corpus()
    made = samples(documents)
    orphan = pseudo.marked(replace(made[0], id="pseudo:orphan"), 0.5, demonstration="gone")
    tagger().fit([*documents, *made, orphan])
    assert read[-1] == {one.id for one in made}, "an orphan is read by nobody"
    parts = {fold_of(one.metadata[pseudo.KEY]["demonstration"], 3, seed=1) for one in made}
    assert len(parts) == 3 and all(0 < len(ids) < len(made) for ids in read[:3])


def test_without_samples_nothing_changes_to_the_byte(plain: Tagger) -> None:
    again = tagger().fit([*corpus(), replace(samples(corpus())[0], tags=None)])
    assert plain.fitted is not None and again.fitted is not None
    for name, column in plain.fitted.table.columns.items():
        assert again.fitted.table.columns[name].tobytes() == column.tobytes()


@pytest.mark.parametrize(("said", "weight"), [(0.5, 0.5), (0.1, 0.1), (7, 0.5), (-1, 0.0), ("much", 0.5)])
def test_no_document_of_a_model_weighs_more_than_half(said: Any, weight: float) -> None:
    assert pseudo.weight(pseudo.marked(Document("p", "x", tags=("t:0",)), said)) == weight
    assert pseudo.weight(Document("d", "x", metadata={"tagwright.pseudo": "no mapping"})) == 1
