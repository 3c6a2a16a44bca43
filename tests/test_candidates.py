"""The table: small ones by hand, and its laws on any table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.candidates import Candidates

NAN = float("nan")


def table(rows: list[dict[int, float]], name: str = "a.score") -> Candidates:
    """A table with one column from {tag: value} a document."""
    pairs = [(row, tag, value) for row, tags in enumerate(rows) for tag, value in tags.items()]
    documents, tags, values = (np.array([pair[i] for pair in pairs], dtype=float) for i in range(3))
    return Candidates.from_pairs(len(rows), documents.astype(np.int64), tags.astype(np.int32), {name: values})


def rows(candidates: Candidates, name: str = "a.score") -> list[dict[int, float]]:
    """The inverse of `table`."""
    found: list[dict[int, float]] = [{} for _ in range(candidates.n_documents)]
    for document, tag, value in zip(candidates.documents, candidates.tags, candidates.column(name), strict=True):
        found[document][int(tag)] = float(value)
    return found


VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0, -2.0])  # exact in float32, with many ties
ROWS = st.lists(st.dictionaries(st.integers(0, 9), VALUES, max_size=6), min_size=1, max_size=5)


def same(one: Any, other: Any) -> bool:
    return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)


def test_loose_pairs_in_any_order_become_rows_with_ascending_tags() -> None:
    made = Candidates.from_pairs(
        3, np.array([2, 0, 2]), np.array([1, 7, 0]), {"x": np.array([0.5, 1.0, 0.25]), "y": np.array([NAN, 2, 3])}
    )
    assert made.offsets.tolist() == [0, 1, 1, 3] and made.offsets.dtype == np.int64
    assert made.tags.tolist() == [7, 0, 1] and made.tags.dtype == np.int32
    assert made.column("x").tolist() == [1.0, 0.25, 0.5] and made.column("x").dtype == np.float32
    assert same(made.column("y"), [2, 3, NAN])
    assert (made.n_documents, made.n_pairs, made.documents.tolist()) == (3, 3, [0, 2, 2])


def test_a_column_that_no_stage_has_written_is_silent() -> None:
    made = table([{1: 1.0}, {2: 0.5, 3: 0.25}])
    assert made.column("b.score").dtype == np.float32 and np.isnan(made.column("b.score")).tolist() == [True] * 3


def test_merge_puts_columns_side_by_side_and_nan_where_a_channel_said_nothing() -> None:
    both = Candidates.merge([table([{1: 1.0, 2: 0.5}, {}]), table([{2: 0.25}, {0: 2.0}], "b.score")])
    assert both.offsets.tolist() == [0, 2, 3] and both.tags.tolist() == [1, 2, 0]
    assert same(both.column("a.score"), [1.0, 0.5, NAN]) and same(both.column("b.score"), [NAN, 0.25, 2.0])


def test_merge_keeps_a_column_that_was_silent_itself() -> None:
    told = table([{1: 1.0}]).with_columns({"a.more": np.array([NAN])})
    assert same(Candidates.merge([told, table([{2: 1.0}], "b.score")]).column("a.more"), [NAN, NAN])


@given(ROWS, ROWS)
def test_merge_is_a_union_and_loses_no_value(first: list[dict[int, float]], second: list[dict[int, float]]) -> None:
    n = min(len(first), len(second))
    one, two = table(first[:n]), table(second[:n], "b.score")
    both = Candidates.merge([one, two])
    assert [set(row) for row in rows(both)] == [set(a) | set(b) for a, b in zip(first[:n], second[:n], strict=True)]
    for row, (a, b) in enumerate(zip(first[:n], second[:n], strict=True)):
        found = dict(zip(both.tags[both.documents == row].tolist(), range(100), strict=False))
        start = int(both.offsets[row])
        assert all(both.column("a.score")[start + found[tag]] == value for tag, value in a.items())
        assert all(both.column("b.score")[start + found[tag]] == value for tag, value in b.items())
    assert np.isnan(both.column("a.score")).sum() == both.n_pairs - one.n_pairs


def test_two_channels_cannot_write_one_column() -> None:
    with pytest.raises(AssertionError, match=r"two channels write the column 'a\.score'"):
        Candidates.merge([table([{1: 1.0}]), table([{2: 1.0}])])


def test_top_keeps_the_highest_with_ties_to_the_lower_tag_and_nan_last() -> None:
    made = table([{1: 0.5, 4: 1.0, 6: 0.5, 8: NAN}, {3: NAN}])
    assert [set(row) for row in rows(made.top(2, by="a.score"))] == [{1, 4}, {3}]
    assert [set(row) for row in rows(made.top(3, by="a.score"))] == [{1, 4, 6}, {3}]
    assert made.top(4, by="a.score") is made


def test_order_goes_document_by_document_by_falling_value_then_by_the_second_column_then_by_tag() -> None:
    made = table([{1: 0.5, 4: 0.5, 6: 1.0, 7: 0.5}, {2: 0.25, 3: 9.0}])
    assert made.tags[made.order("a.score")].tolist() == [6, 1, 4, 7, 3, 2]
    second = made.with_columns({"b": np.array([0.0, 5.0, 0.0, NAN, 0.0, 0.0])})
    assert second.tags[second.order("a.score", then="b")].tolist() == [6, 4, 1, 7, 3, 2]


def test_rank_is_the_place_within_the_document() -> None:
    made = table([{1: 0.5, 4: NAN, 6: 1.0}, {}, {2: 0.25, 3: 9.0}])
    assert made.rank("a.score").tolist() == [1, 2, 0, 1, 0]
    assert made.rank("nobody wrote it").tolist() == [0, 1, 2, 0, 1]


@given(ROWS, st.integers(0, 7))
def test_top_is_what_a_plain_sort_keeps(given_rows: list[dict[int, float]], k: int) -> None:
    kept = rows(table(given_rows).top(k, by="a.score"))
    for row, found in zip(given_rows, kept, strict=True):
        assert set(found) == set(sorted(row, key=lambda tag: (-row[tag], tag))[:k])


def test_where_keeps_documents_without_a_pair() -> None:
    made = table([{1: 0.5, 4: 1.0}, {2: 0.25}])
    assert rows(made.where(made.column("a.score") > 0.5)) == [{4: 1.0}, {}]


def test_take_gives_rows_in_any_order_and_more_than_once() -> None:
    made = table([{1: 0.5}, {}, {2: 0.25, 3: 1.0}])
    assert rows(made.take([2, 1, 0, 2])) == [{2: 0.25, 3: 1.0}, {}, {1: 0.5}, {2: 0.25, 3: 1.0}]
    assert made.take([]).n_documents == 0


@given(ROWS, st.integers(0, 5), st.integers(0, 5))
def test_slices_put_together_are_the_table(given_rows: list[dict[int, float]], one: int, two: int) -> None:
    made = table(given_rows)
    low, high = sorted((min(one, len(given_rows)), min(two, len(given_rows))))
    parts = [made.slice(0, low), made.slice(low, high), made.slice(high, len(given_rows))]
    again = Candidates.concat(parts)
    assert same(again.offsets, made.offsets) and same(again.tags, made.tags)
    assert same(again.column("a.score"), made.column("a.score"))
    assert rows(made.take(range(low, high))) == rows(made.slice(low, high))


def test_concat_is_silent_where_a_part_lacks_a_column() -> None:
    whole = Candidates.concat([table([{1: 0.5}]), table([{2: 1.0}, {}], "b.score")])
    assert whole.offsets.tolist() == [0, 1, 2, 2]
    assert same(whole.column("a.score"), [0.5, NAN]) and same(whole.column("b.score"), [NAN, 1.0])


def test_stack_joins_answers_about_different_tags_of_the_same_documents() -> None:
    assert rows(Candidates.stack([table([{1: 0.5}, {}]), table([{0: 1.0}, {3: 0.25}])])) == [
        {0: 1.0, 1: 0.5},
        {3: 0.25},
    ]
    one = table([{1: 0.5}])
    assert Candidates.stack([one]) is one


def test_right_says_which_pairs_are_gold() -> None:
    made = table([{1: 0.5, 4: 1.0}, {4: 0.25}, {0: 1.0}])
    gold = [np.array([4, 9]), np.array([], dtype=np.int64), np.array([0])]
    assert made.right(gold).tolist() == [False, True, False, True]


def test_an_empty_table_has_its_columns_and_every_verb() -> None:
    none = Candidates.empty(2, ["a.score"])
    assert (none.n_documents, none.n_pairs, list(none.columns)) == (2, 0, ["a.score"])
    assert none.top(3, by="a.score").n_pairs == none.where(np.array([], dtype=bool)).n_pairs == 0
    assert Candidates.merge([none, table([{}, {3: 1.0}], "b.score")]).tags.tolist() == [3]
    assert none.right([np.array([1]), np.array([2])]).tolist() == []


@given(ROWS)
def test_no_verb_writes_into_the_callers_table(given_rows: list[dict[int, float]]) -> None:
    made = table(given_rows)
    for array in (made.offsets, made.tags, *made.columns.values()):
        array.flags.writeable = False
    columns = dict(made.columns)
    made.with_columns({"a.score": np.zeros(made.n_pairs), "b": np.ones(made.n_pairs)})
    made.top(1, by="a.score").order("a.score")
    made.where(made.column("a.score") > 0)
    made.take([0])
    Candidates.merge([made, table(given_rows, "b.score")])
    Candidates.concat([made, made])
    assert list(made.columns) == list(columns) and all(made.columns[name] is columns[name] for name in columns)


def test_a_column_of_the_wrong_length_is_refused_by_name() -> None:
    with pytest.raises(AssertionError, match="column b"):
        table([{1: 0.5}]).with_columns({"b": np.zeros(2)})
