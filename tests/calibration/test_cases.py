"""How often suggestions like one were right: counts, and which cases are like it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.calibration.cases import BINS, LEAST, Cases
from tagwright.calibration.spoken import spoken
from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError
from tagwright.types import Case


def counted(*groups: tuple[float, float, int, int]) -> Cases:
    """The cases of groups of (confidence, seen, how many, how many of them right), a document a pair."""
    rows = [(confidence, seen, place < right) for confidence, seen, n, right in groups for place in range(n)]
    confidence, seen, gold = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    table = Candidates.from_pairs(
        n, np.arange(n), np.zeros(n, dtype=np.int32), {"confidence": confidence, "seen": seen, "fused": confidence}
    )
    return Cases().fit(table, gold.astype(np.bool_))


def test_the_cases_of_a_suggestion_are_those_as_likely_of_tags_seen_as_often() -> None:
    cases = counted((0.83, 30, 412, 330), (0.83, 2, 100, 50), (0.1, 30, 500, 40))
    assert cases.of(0.83, 30) == Case(412, 330)
    assert cases.of(0.83, 4) == Case(100, 50)
    assert cases.of(0.1, 99) == Case(500, 40)


def test_bins_beside_are_joined_until_there_are_enough_cases() -> None:
    cases = counted((0.50, 30, 20, 10), (0.53, 30, 15, 9), (0.60, 30, 400, 240))
    assert cases.of(0.5, 30) == Case(35, 19)


def test_where_a_band_has_too_few_cases_those_of_all_bands_are_told() -> None:
    cases = counted((0.9, 0, 5, 2), (0.9, 50, 100, 93))
    assert cases.of(0.9, 0) == Case(105, 95)


def test_where_how_often_a_tag_was_seen_is_not_known_all_bands_count() -> None:
    assert counted((0.9, 0, 50, 40), (0.9, 50, 50, 46)).of(0.9, math.nan) == Case(100, 86)


def test_too_few_cases_near_enough_are_none_rather_than_others() -> None:
    cases = counted((0.9, 30, LEAST - 1, 20), (0.02, 30, 5000, 90))
    assert cases.of(0.9, 30) is None
    assert cases.of(0.45, 30) is None


def test_only_what_a_person_may_get_to_see_is_counted() -> None:
    confidence = np.linspace(0.9, 0.89, 60)
    columns = {"confidence": confidence, "seen": np.full(60, 30.0), "fused": confidence}
    table = Candidates.from_pairs(1, np.zeros(60, dtype=np.int64), np.arange(60), columns)
    assert int(Cases().fit(table, np.zeros(60, dtype=np.bool_)).n_.sum()) == 20


@given(st.floats(0, 1), st.sampled_from([math.nan, 0, 1, 7, 1000]))
def test_every_confidence_has_a_bin_and_no_case_is_right_more_often_than_it_occurs(
    confidence: float, seen: float
) -> None:
    cases = counted((0.999, 30, 100, 99), (0.5, 0, 100, 50), (0.0, 3, 100, 0))
    found = cases.of(confidence, seen)
    assert found is None or (LEAST <= found.n <= 300 and 0 <= found.right <= found.n)


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    cases = counted((0.83, 30, 412, 330), (0.2, 0, 50, 9))
    cases.save(tmp_path)
    read = Cases().load(tmp_path)
    assert np.array_equal(read.n_, cases.n_) and np.array_equal(read.right_, cases.right_)
    assert read.n_.shape[1] == BINS and read.of(0.83, 30) == Case(412, 330)


def test_cases_that_were_never_counted_say_so() -> None:
    with pytest.raises(NotFittedError):
        Cases().of(0.5)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.83, (8, 10)), (0.5, (5, 10)), (0.951, (95, 100)), (0.997, (99, 100)), (1, (100, 100)), (0.05, (1, 10)),
        (0.94, (9, 10)), (0.02, (1, 50)), (0.0001, (1, 1000)), (0, (0, 100)),
    ],
)  # fmt: skip
def test_a_share_is_told_in_tenths_and_near_the_ends_in_more(share: float, said: tuple[int, int]) -> None:
    assert spoken(share) == said


@given(st.floats(0, 1))
def test_what_is_told_is_near_the_share(share: float) -> None:
    times, of = spoken(share)
    assert 0 <= times <= of and abs(times / of - share) <= 0.0501
