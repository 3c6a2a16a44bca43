"""The kinds of curves, the choice among them, and curves for parts of the pairs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tagwright import registry
from tagwright.calibration.best import Best
from tagwright.calibration.beta import Beta
from tagwright.calibration.context import Context
from tagwright.calibration.histogram import Histogram
from tagwright.calibration.parted import Parted
from tagwright.calibration.platt import Platt
from tagwright.candidates import LANGUAGE, SEEN, Candidates
from tagwright.testing import check_calibration
from tagwright.testing.tables import same

DOCUMENTS, EACH = 600, 12


def library(seed: int = 0, tilt: float = 0.0) -> tuple[Candidates, np.ndarray]:
    """Documents whose ``fused`` is right as often as it says; of tags never seen ``tilt`` less often (log-odds)."""
    random = np.random.default_rng(seed)
    n = DOCUMENTS * EACH
    truth = random.normal(-1.5, 1.5, n)
    seen = random.choice([0.0, 2.0, 10.0, 50.0], n)
    fused = 1 / (1 + np.exp(-truth))
    right = random.random(n) < 1 / (1 + np.exp(-(truth - tilt * (seen == 0))))
    columns = {"fused": fused, SEEN: seen, LANGUAGE: np.repeat(random.choice([511.0, 482.0], DOCUMENTS), EACH)}
    return Candidates.from_pairs(
        DOCUMENTS, np.repeat(np.arange(DOCUMENTS), EACH), np.tile(np.arange(EACH), DOCUMENTS), columns
    ), right


def test_platt_scaling_finds_the_line_that_made_the_data() -> None:
    table, right = library()
    slope, height = Platt().fit(table, right).learned_["weights"]
    assert slope == pytest.approx(1, abs=0.1) and height == pytest.approx(0, abs=0.15)


def test_a_weight_that_would_turn_the_order_round_is_left_out() -> None:
    table, right = library()
    weights = Platt().fit(table, ~right).learned_["weights"]
    assert weights[0] == 0, "where a high score means wrong, the score says nothing"
    assert (np.asarray(Beta().fit(table, ~right).learned_["weights"][:2]) >= 0).all()


def test_histogram_binning_gives_each_range_its_share_of_the_right_pairs() -> None:
    fused = np.arange(1, 9) / 10
    table = Candidates.from_pairs(1, np.zeros(8, dtype=int), np.arange(8), {"fused": fused})
    curve = Histogram(bins=2).fit(table, np.array([0, 0, 0, 1, 0, 1, 1, 1], dtype=bool))
    # a pair weighs 1 where it is right and 1/8 beside: 5 in all, half of which is passed at the sixth
    assert curve.learned_["scores"] == pytest.approx([0.3, 0.7])
    assert curve.learned_["levels"] == pytest.approx([1 / 5, 1])


def test_what_a_document_holds_beside_a_candidate_moves_its_confidence_but_not_the_order_within() -> None:
    random = np.random.default_rng(3)
    good = np.repeat(random.random(DOCUMENTS) < 0.5, EACH)
    scores = np.where(good & (np.arange(good.size) % EACH == 0), 0.95, 0.3 * random.random(good.size) + 0.01)
    table = Candidates.from_pairs(
        DOCUMENTS, np.repeat(np.arange(DOCUMENTS), EACH), np.tile(np.arange(EACH), DOCUMENTS), {"fused": scores}
    )
    right = random.random(good.size) < np.where(good, scores, scores / 3)
    seen = Context().fit(table, right).calibrate(table).column("confidence")
    blind = Beta().fit(table, right).calibrate(table).column("confidence")
    low = scores < 0.5
    assert abs(seen[low & good].mean() - right[low & good].mean()) < abs(
        blind[low & good].mean() - right[low & good].mean()
    )
    order = table.order("fused")
    within = np.diff(table.documents[order]) == 0
    assert (np.diff(seen[order])[within] <= 0).all()


@pytest.mark.parametrize("by", [SEEN, LANGUAGE])
@pytest.mark.parametrize("kind", ["isotonic", "context"])
def test_curves_of_parts_keep_the_promises_but_for_the_order(by: str, kind: str, tmp_path: Path) -> None:
    table, right = library(tilt=2)
    curve = Parted(kind, by).fit(table, right)
    done = curve.calibrate(table)
    assert same(done, Candidates.concat([curve.calibrate(table.slice(row, row + 1)) for row in range(DOCUMENTS)]))
    curve.save(tmp_path)
    assert same(done, Parted(kind, by).load(tmp_path).calibrate(table))


def test_a_part_that_is_thin_leans_on_the_whole() -> None:
    table, right = library(tilt=2)
    unseen = table.column(SEEN) == 0

    def gap(shrink: float) -> float:
        confidence = Parted("platt", SEEN, shrink=shrink).fit(table, right).calibrate(table).column("confidence")
        return abs(float(confidence[unseen].mean() - right[unseen].mean()))

    assert gap(0) < 0.01 < gap(1e9), "alone it is right about its own pairs, leaning wholly it is not"
    assert gap(0) < gap(50) < gap(1e9)


def test_the_part_of_a_language_that_training_never_met_is_the_whole() -> None:
    table, right = library()
    curve = Parted("platt", LANGUAGE).fit(table, right)
    other = table.with_columns({LANGUAGE: np.full(table.n_pairs, 999.0)})
    assert same(curve.calibrate(other).where(np.ones(other.n_pairs, dtype=bool)), curve.whole_.calibrate(other))


def test_curves_by_band_are_kept_where_they_are_better_and_only_there() -> None:
    assert Best(kinds=["isotonic", "platt"]).fit(*library(tilt=2)).by_ == SEEN
    assert Best(kinds=["isotonic", "platt"]).fit(*library(tilt=0)).by_ == ""


def test_the_kind_with_the_lowest_cross_validated_brier_score_is_taken(tmp_path: Path) -> None:
    chosen = Best().fit(*library())
    whole = {kind: score for kind, score in chosen.brier_.items() if " by " not in kind}
    assert chosen.kind_ == min(whole, key=lambda kind: whole[kind]) and set(whole) == set(chosen.kinds)
    chosen.save(tmp_path)
    again = Best().load(tmp_path)
    assert (again.kind_, again.by_, again.brier_) == (chosen.kind_, chosen.by_, chosen.brier_)


def test_a_handful_of_documents_or_a_constant_score_makes_no_nan() -> None:
    for fused in ([0.5, 0.5, 0.5, 0.5], [0.0, 1.0, 0.0, 1.0]):
        for right in ([0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]):
            table = Candidates.from_pairs(2, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), {"fused": np.array(fused)})
            for kind in registry.BUILT_IN["calibration"]:
                curve = registry.build("calibration", kind, {}).fit(table, np.array(right, dtype=bool))
                confidence = curve.calibrate(table).column("confidence")
                assert ((confidence > 0) & (confidence < 1)).all(), (kind, fused, right)


def test_a_parted_calibration_is_no_kind_of_its_own_but_any_kind_can_be_parted() -> None:
    assert "parted" not in registry.BUILT_IN["calibration"]
    check_calibration(partial(Parted, "beta", LANGUAGE))
