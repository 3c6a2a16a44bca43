"""What the checks compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tagwright.candidates import Candidates

# How much two sums of the same numbers, added up in another order, may differ.
_ROUNDING = 1e-5
# How a pickle of any protocol since 2 begins, and a zip that may hold one.
_CODE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


def same(one: Candidates, other: Candidates) -> bool:
    """Whether two tables hold the same bytes."""
    if not (np.array_equal(one.offsets, other.offsets) and np.array_equal(one.tags, other.tags)):
        return False
    if set(one.columns) != set(other.columns):
        return False
    return all(one.columns[name].tobytes() == other.columns[name].tobytes() for name in one.columns)


def same_but_for_rounding(one: Candidates, other: Candidates) -> bool:
    """Whether two tables hold the same pairs, and columns that differ by rounding at most."""
    if not (np.array_equal(one.offsets, other.offsets) and np.array_equal(one.tags, other.tags)):
        return False
    pairs = [(one.column(name), other.column(name)) for name in {*one.columns, *other.columns}]
    return all(np.allclose(a, b, rtol=_ROUNDING, atol=_ROUNDING, equal_nan=True) for a, b in pairs)


def refuses(work: Callable[[], object], error: type[Exception]) -> bool:
    """Whether this work raises this error, or there is nothing to do (it gives None)."""
    try:
        return work() is None
    except error:
        return True


def code_in(folder: Path) -> list[str]:
    """The names of files that may hold code: pickles, archives, arrays of Python objects."""
    return [path.name for path in sorted(folder.rglob("*")) if path.is_file() and _may_hold_code(path)]


def _may_hold_code(path: Path) -> bool:
    if path.suffix == ".npy":
        try:
            np.load(path, allow_pickle=False)
        except ValueError:
            return True
    with path.open("rb") as file:
        return file.read(4).startswith(_CODE)
