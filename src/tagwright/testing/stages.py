"""The promises of a fusion and of a calibration."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE, Calibration
from tagwright.candidates import Candidates
from tagwright.errors import NotFittedError
from tagwright.fusion.base import FUSED, Fusion
from tagwright.testing.tables import code_in, refuses, same

_DOCUMENTS = 120


def table(seed: int = 0) -> tuple[Candidates, NDArray[np.bool_]]:
    """A table of two channels, one of which knows something when it speaks, and which of its pairs are right."""
    random = np.random.default_rng(seed)
    sizes = random.integers(0, 40, _DOCUMENTS)
    documents = np.repeat(np.arange(_DOCUMENTS), sizes)
    tags = np.concatenate([np.sort(random.permutation(200)[:size]) for size in sizes])
    knows, guesses = random.random(len(tags)), random.random(len(tags))
    right = random.random(len(tags)) < knows**4
    knows[random.random(len(tags)) < 0.2] = np.nan
    columns = {"good.score": knows, "good.seen": np.ones(len(tags)), "poor.score": guesses}
    return Candidates.from_pairs(_DOCUMENTS, documents, tags, columns), right


def check_fusion(make: Callable[[], Fusion]) -> None:
    """Fails with the promise of `Fusion` that the fusion breaks; ``make`` gives a new one."""
    candidates, right = table()
    assert refuses(lambda: None if _fuses(make()) else make().fuse(candidates), NotFittedError)
    fusion = make()
    assert fusion.fit(candidates, right) is fusion, "fit returns the fusion itself"
    fused = fusion.fuse(candidates)
    assert set(fused.columns) == {*candidates.columns, FUSED}, "fuse adds the column 'fused' and no other"
    assert FUSED not in candidates.columns, "fuse does not write into the caller's table"
    assert np.array_equal(fused.tags, candidates.tags), "fuse adds no pair and takes none away"
    assert np.isfinite(fused.column(FUSED)).all(), "each pair gets a number"
    assert same(fused, make().fit(candidates, right).fuse(candidates)), "the same table makes the same fusion"
    for size in (1, 7, 64):
        blocks = [candidates.slice(i, min(i + size, _DOCUMENTS)) for i in range(0, _DOCUMENTS, size)]
        assert same(fused, Candidates.concat([fusion.fuse(block) for block in blocks])), "a document is fused by itself"
    _check_silence(fusion, candidates)
    with tempfile.TemporaryDirectory() as name:
        fusion.save(Path(name) / "deep")
        assert not code_in(Path(name)), "saved files hold data, not code"
        assert same(fused, make().load(Path(name) / "deep").fuse(candidates)), (
            "a loaded fusion fuses alike, to the byte"
        )


def _fuses(fusion: Fusion) -> bool:
    """Whether it fuses without having learned."""
    try:
        fusion.fuse(table()[0])
    except NotFittedError:
        return False
    return True


def _check_silence(fusion: Fusion, candidates: Candidates) -> None:
    silent = Candidates(candidates.offsets, candidates.tags, {"poor.score": candidates.column("poor.score")})
    assert np.isfinite(fusion.fuse(silent).column(FUSED)).all(), "a channel that is gone is silent, no error"
    assert fusion.fuse(candidates.slice(0, 0)).n_pairs == 0, "no documents are no error"
    assert fusion.fuse(Candidates.empty(3, list(candidates.columns))).n_documents == 3, "no candidates are no error"


def check_calibration(make: Callable[[], Calibration]) -> None:
    """Fails with the promise of `Calibration` that the calibration breaks; ``make`` gives a new one."""
    random = np.random.default_rng(1)
    shape, right = table()
    inside = np.where(right, random.random(len(right)), random.random(len(right)) ** 2)
    fused = shape.with_columns({FUSED: 0.001 + 0.998 * inside})
    assert refuses(lambda: make().calibrate(fused), NotFittedError), "work before fit raises NotFittedError"
    calibration = make()
    assert calibration.fit(fused, right) is calibration, "fit returns the calibration itself"
    done = calibration.calibrate(fused)
    confidence = done.column(CONFIDENCE)
    assert set(done.columns) == {*fused.columns, CONFIDENCE}, "calibrate adds the column 'confidence' and no other"
    assert CONFIDENCE not in fused.columns, "calibrate does not write into the caller's table"
    assert ((confidence > 0) & (confidence < 1)).all(), "a confidence is a probability: above 0 and below 1"
    assert abs(float(confidence.mean()) - float(right.mean())) < 0.02, (
        "on what it learned from it is right on the whole"
    )
    order = fused.order(FUSED)
    within = np.diff(fused.documents[order]) == 0
    assert (np.diff(confidence[order])[within] <= 0).all(), (
        "a higher 'fused' never gets a lower confidence in a document"
    )
    alone = [calibration.calibrate(fused.slice(row, row + 1)) for row in range(_DOCUMENTS)]
    assert same(done, Candidates.concat(alone)), "a document is calibrated by itself"
    with tempfile.TemporaryDirectory() as name:
        calibration.save(Path(name) / "deep")
        assert not code_in(Path(name)), "saved files hold data, not code"
        assert same(done, make().load(Path(name) / "deep").calibrate(fused)), "a loaded calibration answers alike"
