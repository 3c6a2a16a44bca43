"""What the store promises about decisions, checks and what was shown; what they mean is told in tests/feedback."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from tagwright.errors import StoreError, UnknownDocumentError
from tagwright.store.base import GrowthRow
from tagwright.store.checks import Check
from tagwright.store.decided import Chosen, Decision
from tagwright.store.sqlite import SqliteStore
from tagwright.store.suggested import Shown
from tagwright.types import Document


def grow(base: Document, standing: Sequence[Decision]) -> tuple[GrowthRow, GrowthRow]:
    tags = (*(base.tags or ()), *(one.tag for one in standing))
    return GrowthRow.add_document(Document(base.id, base.text, tags=tags)), GrowthRow.remove_document(f"{base.id}+")


def run(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_decision_and_its_row_are_there_together_or_not_at_all(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)

    def fail(base: Document, standing: Sequence[Decision]) -> tuple[GrowthRow, GrowthRow]:
        return grow(base, standing) if base.id == "a" else 1 / 0  # type: ignore[return-value]

    with pytest.raises(ZeroDivisionError):
        store.decisions.record([Decision("a", "t", "accept"), Decision("b", "t", "accept")], fail)
    with pytest.raises(StoreError, match="not valid Unicode"):
        store.decisions.record([Decision("a", "t", "accept", reason="\ud800")], grow)
    with pytest.raises(UnknownDocumentError, match="no document 'z'"):
        store.decisions.record([Decision("a", "t", "accept"), Decision("z", "t", "accept")], grow)
    assert (store.last(), store.decisions.find()) == (0, [])
    (made,) = store.decisions.record([Decision("a", "t", "accept")], grow)
    assert store.read(0)[0].seq == made.row == 1
    assert made.time == 1000.0


def test_an_altered_decision_and_a_lost_row_are_found(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    store.decisions.record([Decision("a", "t", "accept", "Anna")], grow)
    assert store.check() == []
    run(store.path, "UPDATE decisions SET person = 'Ben'")
    assert "the checksum of row 1 of the decisions differs" in store.check()[0]
    run(store.path, "UPDATE decisions SET person = 'Anna'", "DELETE FROM growth")
    assert "the decision 1 has no row in the growth log" in store.check()[0]


def test_the_marks_of_good_and_held_rows_follow_the_checks(store: SqliteStore) -> None:
    assert (store.checks.good(), store.checks.held()) == (0, None)
    good = Check(0, 7, 40, 0.5, 0.51, 0.02, held=False)
    kept = store.checks.record(good)
    assert (kept.number, kept.time) == (1, 1000.0)
    assert (store.checks.good(), store.checks.held()) == (7, None)
    store.checks.record(Check(7, 9, 40, 0.5, 0.4, -0.05, held=True))
    assert (store.checks.good(), store.checks.held()) == (7, 7)
    store.checks.lift(11)
    assert (store.checks.good(), store.checks.held()) == (11, None)
    assert [check.held for check in store.checks.all()] == [False, True]
    assert store.check() == []


def test_what_was_shown_twice_alike_is_kept_once(store: SqliteStore) -> None:
    one = Shown("d", [("t", 0.5), ("u", 0.25)], "model", "vocabulary", "settings", row=3)
    assert store.suggested.add([one, one]) == [1, 1]
    assert store.suggested.add([Shown("d", [("t", 0.5)], "model", "vocabulary", "settings", row=3)]) == [2]
    assert store.suggested.add([one]) == [3]
    (newest, *_, oldest) = store.suggested.of("d")
    assert newest.shown == oldest.shown == [("t", 0.5), ("u", 0.25)]
    assert oldest.time == 1000.0
    assert store.suggested.of("other") == []


def test_the_newest_decisions_of_a_person_are_those_that_were_not_taken_back(
    store: SqliteStore, three: list[Document]
) -> None:
    assert store.decisions.newest("ann") == []
    store.keep_documents(three)
    asked = [
        Decision("a", "t", "accept", "ann", id="1"), Decision("a", "u", "reject", "ann", id="2"),
        Decision("b", "t", "accept", "ben", id="3"), Decision("b", "u", "accept", "ann", machine=True, id="4"),
        Decision("c", "t", "accept", "ann", id="5"),
    ]  # fmt: skip
    store.decisions.record(asked, grow)
    assert [one.id for one in store.decisions.newest("ann")] == ["5", "2", "1"]
    (back,) = store.decisions.revert(Chosen(ids=["2"]), grow, person="ann")
    assert [one.id for one in store.decisions.newest("ann")] == ["5", "1"]
    store.decisions.revert(Chosen(numbers=[back.number]), grow, person="ann")
    assert [one.id for one in store.decisions.newest("ann", limit=2)] == ["5", "2"]
    assert store.decisions.newest("ann", before=1000.0) == []
