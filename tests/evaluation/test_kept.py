"""Measurements that a project keeps: the newest few, whole or not at all, and as they were written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tagwright.errors import InputError, IntegrityError, OutputError
from tagwright.evaluation.kept import KEPT, MEASURES, Run, Runs
from tagwright.evaluation.saved import SavedCandidates
from tagwright.project.evaluating import report

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def saved(make_saved: Callable[[], SavedCandidates]) -> SavedCandidates:
    return make_saved()


def keep(folder: Path, saved: SavedCandidates, minute: int = 0) -> Run:
    return Runs(folder).keep(report(saved), saved, made=NOON.replace(minute=minute), corpus="test.jsonl")


def test_a_measurement_is_read_as_it_was_kept(tmp_path: Path, saved: SavedCandidates) -> None:
    run = keep(tmp_path, saved)
    found = Runs(tmp_path).find(run.id)
    assert found == run and Runs(tmp_path).all() == [run]
    before, again = report(saved), report(Runs(tmp_path).load(run))
    assert again.metrics == pytest.approx(before.metrics, nan_ok=True)
    assert (run.made, run.corpus, run.documents, run.gold) == (
        NOON.timestamp(), "test.jsonl", len(before.documents), before.gold,
    )  # fmt: skip
    assert dict(run.measures) == {name: before.metrics[name] for name in MEASURES}


def test_only_the_columns_that_pictures_and_measures_look_at_are_kept(tmp_path: Path, saved: SavedCandidates) -> None:
    more = saved.candidates.with_columns({"other": np.zeros(saved.candidates.n_pairs)})
    kept = Runs(tmp_path).load(keep(tmp_path, SavedCandidates(more, saved.gold, saved.ids, "x", None, saved.settings)))
    assert "other" not in kept.candidates.columns and "confidence" in kept.candidates.columns


def test_the_newest_few_stay_and_the_newest_is_first(tmp_path: Path, saved: SavedCandidates) -> None:
    made = [keep(tmp_path, saved, minute) for minute in range(KEPT + 2)]
    assert [run.id for run in Runs(tmp_path).all()] == [run.id for run in reversed(made)][:KEPT]
    assert len(list(Runs(tmp_path).folder.iterdir())) == 2 * KEPT


def test_what_somebody_is_writing_just_now_stays_and_what_he_left_long_ago_goes(
    tmp_path: Path, saved: SavedCandidates
) -> None:
    keep(tmp_path, saved)
    folder = Runs(tmp_path).folder
    now, old = folder / "20260301-115900-00000000.npz", folder / "20260301-115800-00000000.npz.4711.new"
    for path in (now, old):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    keep(tmp_path, saved, 1)
    assert now.exists() and not old.exists()


def test_a_damaged_measurement_is_refused(tmp_path: Path, saved: SavedCandidates) -> None:
    run = keep(tmp_path, saved)
    other = keep(tmp_path, saved, 1)
    table = Runs(tmp_path).folder / f"{run.id}.npz"
    about = json.loads((Runs(tmp_path).folder / f"{other.id}.json").read_text())
    (Runs(tmp_path).folder / f"{other.id}.json").write_text(json.dumps({**about, "sha256": "0" * 64}))
    table.write_bytes(table.read_bytes()[:100])
    with pytest.raises(InputError):
        Runs(tmp_path).load(run)
    changed = Runs(tmp_path).find(other.id)
    assert changed is not None
    with pytest.raises(IntegrityError):
        Runs(tmp_path).load(changed)


@pytest.mark.parametrize("id", ["", "../manifest", "20260301-120000-0000000", "20260301-120000-00000000"])
def test_what_is_no_id_finds_nothing(tmp_path: Path, saved: SavedCandidates, id: str) -> None:
    keep(tmp_path, saved)
    (Runs(tmp_path).folder / "20260301-120000-00000001.json").write_text("[]")
    assert Runs(tmp_path).find(id) is None
    assert len(Runs(tmp_path).all()) == 1


def test_where_nothing_can_be_written_that_is_told(tmp_path: Path, saved: SavedCandidates) -> None:
    (tmp_path / "evaluations").write_text("a file in the place of the folder")
    with pytest.raises(OutputError):
        keep(tmp_path, saved)
