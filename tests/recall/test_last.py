"""The one result that a channel remembers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tagwright.recall.base import Last
from tagwright.types import Document

ONE, TWO = Document("1", "a"), Document("2", "b")


def test_a_result_counts_for_these_very_documents_whatever_list_holds_them() -> None:
    last: Last[str] = Last()
    assert last.keep([ONE, TWO], 0, "found") == "found"
    assert last.of((ONE, TWO), 0) == "found"
    assert last.of([TWO, ONE], 0) is None and last.of([ONE], 0) is None and last.of([], 0) is None
    assert last.of([ONE, Document("2", "b")], 0) is None


def test_a_list_that_is_filled_anew_is_another_batch() -> None:
    last: Last[str] = Last()
    batch = [ONE]
    last.keep(batch, 0, "found")
    batch[0] = TWO
    assert last.of(batch, 0) is None


def test_a_result_counts_in_one_state_only() -> None:
    last: Last[str] = Last()
    last.keep([ONE], 3, "found")
    assert last.of([ONE], 4) is None and last.of([ONE], 3) == "found"


def test_each_thread_remembers_for_itself() -> None:
    last: Last[str] = Last()
    last.keep([ONE], 0, "mine")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(last.of, [ONE], 0).result() is None
        pool.submit(last.keep, [ONE], 0, "theirs").result()
    assert last.of([ONE], 0) == "mine"
