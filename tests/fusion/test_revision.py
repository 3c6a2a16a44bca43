"""The second fusion: answers move confidences by what they are worth, and silence moves nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError
from tagwright.fusion.revision import Revision, columns_of

RANDOM = np.random.default_rng(4)
WIDTH = 10


def table_of(documents: int, seed: int = 4) -> tuple[Candidates, np.ndarray]:
    """Documents with ten candidates each, whose confidences are true probabilities."""
    random = np.random.default_rng(seed)
    confidence = random.beta(0.5, 2.0, documents * WIDTH).astype(np.float32)
    right = random.random(documents * WIDTH) < confidence
    tags = np.tile(np.arange(WIDTH, dtype=np.int32), documents)
    offsets = np.arange(documents + 1) * WIDTH
    return Candidates(offsets, tags, {"confidence": confidence, "fused": confidence**2}), right


def judged(table: Candidates, right: np.ndarray, noise: float, seed: int = 5) -> Candidates:
    """The table with a judge that is right but for ``noise`` on its log-odds; about half of the pairs are asked."""
    random = np.random.default_rng(seed)
    odds = np.where(right, 2.0, -2.0) + random.normal(0, noise, len(right))
    said = np.where(random.random(len(right)) < 0.5, 1 / (1 + np.exp(-odds)), np.nan)
    return table.with_columns({"judged": said})


def brier(table: Candidates, right: np.ndarray) -> float:
    return float(((table.column("confidence") - right) ** 2).mean())


def test_what_was_not_asked_keeps_its_numbers_to_the_last_bit():
    table, right = table_of(200)
    table = judged(table, right, 1.0)
    revised = Revision(["judged"]).fit(table, right).fuse(table)
    silent = np.isnan(table.column("judged"))
    for name in ("confidence", "fused"):
        assert (revised.column(name)[silent] == table.column(name)[silent]).all()
        assert (revised.column(name)[~silent] != table.column(name)[~silent]).any()


def test_a_good_judge_makes_confidences_better_and_they_stay_probabilities():
    table, right = table_of(400)
    new, truth = table_of(400, seed=9)
    revision = Revision(["judged"]).fit(judged(table, right, 1.5), right)
    asked = judged(new, truth, 1.5, seed=10)
    after = revision.fuse(asked)
    assert brier(after, truth) < 0.75 * brier(new, truth)
    told = ~np.isnan(asked.column("judged"))
    assert after.column("confidence")[told].mean() == pytest.approx(truth[told].mean(), abs=0.02)


def test_a_judge_that_draws_lots_moves_next_to_nothing():
    table, right = table_of(500)
    lots = table.with_columns({"judged": np.random.default_rng(1).random(table.n_pairs)})
    after = Revision(["judged"]).fit(lots, right).fuse(lots)
    assert abs(brier(after, right) - brier(table, right)) < 0.001
    assert np.abs(after.column("confidence") - table.column("confidence")).max() < 0.06


def test_a_stage_that_was_spared_moves_no_more_than_its_usual_answer():
    table, right = table_of(400)
    always = table.with_columns({"proposed": np.zeros(table.n_pairs)})
    always = judged(always, right, 1.5)
    revision = Revision(["proposed", "judged"]).fit(always, right)
    spared = always.with_columns({"proposed": np.full(table.n_pairs, np.nan)})
    told = ~np.isnan(spared.column("judged"))
    assert revision.moves(spared)[told] == pytest.approx(revision.moves(always)[told], abs=1e-6)


def test_answers_that_tell_nothing_do_not_mend_a_confidence_that_is_wrong():
    table, right = table_of(500)
    boastful = table.with_columns({"confidence": np.sqrt(table.column("confidence"))})
    lots = boastful.with_columns({"judged": np.random.default_rng(1).random(table.n_pairs)})
    after = Revision(["judged"]).fit(lots, right).fuse(lots)
    moved = np.abs(after.column("confidence") - boastful.column("confidence"))
    assert moved.mean() < 0.01 and moved.max() < 0.06


def test_a_perfect_judge_outranks_every_first_confidence():
    table, right = table_of(300)
    perfect = table.with_columns({"judged": np.where(right, 0.99, 0.01)})
    after = Revision(["judged"]).fit(perfect, right).fuse(perfect)
    assert after.column("confidence")[right].min() > after.column("confidence")[~right].max()


def test_pairs_that_a_stage_added_get_a_confidence_of_their_own():
    table, right = table_of(300)
    random = np.random.default_rng(2)
    added = random.random(table.n_pairs) < 0.2
    right = np.where(added, random.random(table.n_pairs) < 0.3, right)
    blank = {name: np.where(added, np.nan, table.column(name)) for name in ("confidence", "fused")}
    table = table.with_columns({**blank, "proposed": np.where(added, 0.8, np.nan)})
    after = Revision(["proposed"]).fit(table, right).fuse(table)
    assert after.column("confidence")[added].mean() == pytest.approx(0.3, abs=0.04)


def test_what_was_learned_is_plain_numbers_and_comes_back_the_same():
    table, right = table_of(100)
    table = judged(table, right, 1.0)
    revision = Revision(["judged"]).fit(table, right)
    again = Revision.from_json(revision.to_json())
    assert (again.fuse(table).column("confidence") == revision.fuse(table).column("confidence")).all()


def test_a_documents_numbers_do_not_depend_on_what_stands_beside_it():
    table, right = table_of(50)
    table = judged(table, right, 1.0)
    revision = Revision(["judged"]).fit(table, right)
    alone = revision.fuse(table.slice(7, 8)).column("confidence")
    assert (alone == revision.fuse(table).slice(7, 8).column("confidence")).all()


def test_nothing_to_learn_from_changes_nothing():
    table, right = table_of(20)
    none = table.with_columns({"judged": np.full(table.n_pairs, np.nan)})
    after = Revision(["judged"]).fit(none, right).fuse(none)
    assert (after.column("confidence") == table.column("confidence")).all()
    with pytest.raises(NotFittedError):
        Revision(["judged"]).fuse(table)


def test_half_of_an_answer_is_believed_where_nothing_can_be_learned():
    table = Candidates(
        np.array([0, 2]), np.array([0, 1], dtype=np.int32),
        {"confidence": np.array([0.5, 0.5]), "fused": np.array([0.5, 0.5]), "judged": np.array([0.9, 0.1])},
    )  # fmt: skip
    after = Revision(["judged"]).believe().fuse(table)
    assert after.column("confidence") == pytest.approx([0.75, 0.25]), "odds of 9 become 3"


def test_sources_and_counts_are_not_what_is_learned_from():
    assert columns_of(["judged", "judged.source"]) == ["judged"]
    assert columns_of(["selected", "selected.place"]) == ["selected", "selected.place"]
