"""What a document's own gold must not touch: its out-of-fold row and its out-of-fold ``fused``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tagwright.calibration.best import Best
from tagwright.corpus.split import fold_of
from tagwright.pipeline.fitting import Fitted
from tagwright.tagger import Tagger
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary

MODES = {
    "folds": {"folds": 3, "few_folds": 3, "nested": 200, "kept": 10**6},
    "some folds": {"folds": 4, "few_folds": 4, "nested": 90, "calibrated_on": 50, "kept": 10**6},
    "hold-out": {"hold_out_above": 50, "hold_out": 60, "few_folds": 3, "folds": 3, "kept": 10**6},
}
Library = tuple[list[Document], Vocabulary]


def row_of(fitted: Fitted, id: str) -> dict[str, bytes]:
    """Everything that is known about one document out of fold, but for the confidence, which all documents share in."""
    row = fitted.ids.index(id)
    table = fitted.table.slice(row, row + 1)
    columns = {name: table.columns[name].tobytes() for name in sorted(table.columns) if name != "confidence"}
    return {"tags": table.tags.tobytes(), **columns}


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fit(quick: Callable[..., Tagger], mode: str) -> Callable[[list[Document]], Fitted]:
    def run(documents: list[Document]) -> Fitted:
        # One curve for all: whether parts have better ones is close with so few, and other processors decide otherwise.
        fitted = quick(by=(), **MODES[mode]).fit(documents).fitted
        assert fitted is not None
        return fitted

    return run


@pytest.fixture(scope="module")
def before(fit: Any, library: Library) -> Fitted:
    return fit(library[0])


def test_changed_gold_leaves_the_documents_own_row_and_fused_byte_identical(
    fit: Any, before: Fitted, library: Library
) -> None:
    documents, vocabulary = library
    others = vocabulary.ids
    gold = {
        before.ids[0]: (),
        before.ids[len(before.ids) // 2]: (others[3], others[40], others[77]),
        before.ids[-1]: lambda tags: (*tags, others[5]),
    }
    moved = set()
    for id, tags in gold.items():
        changed = [
            replace(document, tags=tags(document.tags) if callable(tags) else tags) if document.id == id else document
            for document in documents
        ]
        after = fit(changed)
        assert after.ids == before.ids
        assert row_of(after, id) == row_of(before, id)
        moved |= {other for other in before.ids if other != id and row_of(after, other) != row_of(before, other)}
    assert len(moved) > len(before.ids) // 4, "from the gold of one document is learned for the others"
    assert len(np.unique(before.table.column("fused"))) > 20


def test_the_table_has_each_document_of_its_mode_once_with_its_gold(
    before: Fitted, library: Library, mode: str
) -> None:
    documents, vocabulary = library
    known = {document.id: document for document in documents}
    expected = {"folds": len(documents), "hold-out": 60}.get(mode, len(before.ids))
    assert len(before.ids) == len(set(before.ids)) == expected
    assert before.table.n_documents == len(before.gold) == len(before.gold_sizes) == len(before.ids)
    for id, gold, size in zip(before.ids, before.gold, before.gold_sizes, strict=True):
        assert [vocabulary.ids[tag] for tag in gold] == list(known[id].tags or ())
        assert size == len(known[id].tags or ())
    assert set(before.table.columns) >= {"fused", "confidence", "lexical.score", "meaning_graph.score"}
    assert 0 < before.cut < 1


def test_fused_and_confidence_order_the_candidates_of_a_document_alike(before: Fitted) -> None:
    assert isinstance(before.calibration, Best) and before.calibration.by_ == ""
    order = before.table.order("fused")
    within = np.diff(before.table.documents[order]) == 0
    assert (np.diff(before.table.column("confidence")[order])[within] <= 0).all()


def test_a_document_does_not_find_itself_out_of_fold(quick: Callable[..., Tagger], library: Library) -> None:
    documents, _ = library
    twin = replace(documents[0], id="twin", tags=("https://demo.tagwright.org/t/travel",))
    other = next(f"twin-{n}" for n in range(100) if fold_of(f"twin-{n}", 3) != fold_of(documents[0].id, 3))
    fitted = quick(**MODES["folds"]).fit(documents).fitted
    doubled = quick(**MODES["folds"]).fit([*documents, replace(twin, id=other)]).fitted
    assert fitted is not None and doubled is not None
    alone = fitted.table.slice(fitted.ids.index(documents[0].id), fitted.ids.index(documents[0].id) + 1)
    beside = doubled.table.slice(doubled.ids.index(documents[0].id), doubled.ids.index(documents[0].id) + 1)
    assert np.nanmax(alone.column("graph.nearest")) < 0.99 < np.nanmax(beside.column("graph.nearest"))


def test_training_twice_gives_the_same_table_to_the_byte(fit: Any, before: Fitted, library: Library) -> None:
    again = fit(list(library[0]))
    assert again.ids == before.ids and again.cut == before.cut
    assert all(
        again.table.columns[name].tobytes() == before.table.columns[name].tobytes() for name in before.table.columns
    )
