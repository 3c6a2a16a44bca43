"""Rows of numbers in the form in which an index keeps them: compared with queries, grown, saved and mapped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError, ProjectError
from tagwright.indexes.base import Positions, Vectors

Form = Literal["float32", "float16", "int8"]
FORMS = ("float32", "float16", "int8")
_FILES = {"values": "rows.npy", "scales": "scales.npy", "steps": "steps.npy"}

# Rows that are widened to float32 at a time: 1.5 MB at a width of 384, which a core's own cache holds.
_WIDENED = 1024
# The relative error of one float32 product or sum.
_ROUNDING = 2.0**-24


@dataclass(frozen=True, eq=False)
class Rows:
    """``values`` (n, width) of a `Form`; int8 ones are steps of ``scales`` (n,) float32.

    float16 rows may have int8 ``steps`` of ``scales`` beside them, from which no row is further than ``off``: they are
    quicker to read, so they choose and the rows decide (float16 is ten times slower to widen than int8). ``longest``
    is the length of the longest row.
    """

    values: NDArray[Any]
    scales: NDArray[np.float32] | None = None
    steps: NDArray[np.int8] | None = None
    off: float = 0.0
    longest: float = 0.0

    @classmethod
    def kept(cls, vectors: Vectors, form: str, *, steps: bool = True) -> Rows:
        """The vectors in this form, float16 with or without ``steps``; raises `ConfigError` for an unknown one."""
        if form not in FORMS:
            raise ConfigError(f"an index cannot keep rows as {form!r}", hint=f"known are: {', '.join(FORMS)}")
        stepped = form == "int8" or (form == "float16" and steps)
        scales = np.empty(len(vectors), dtype=np.float32) if stepped else None
        whole = np.empty(vectors.shape, dtype=np.int8) if stepped else None
        off = longest = 0.0
        for part in parts(len(vectors)):
            block = np.asarray(vectors[part], dtype=np.float32)
            longest = max(longest, _longest(block))
            if scales is not None and whole is not None:
                scales[part] = np.abs(block).max(axis=1, initial=0) / 127
                scale = scales[part, None]
                whole[part] = np.rint(np.divide(block, scale, out=np.zeros_like(block), where=scale > 0))
                off = max(off, _longest(block.astype(np.float16) - whole[part] * scale))
        if whole is not None and form == "int8":
            return cls(whole, scales, longest=longest * (1 + 1 / 127))
        return cls(np.ascontiguousarray(vectors, dtype=form), scales, whole, off, longest)

    def __len__(self) -> int:
        return len(self.values)

    def at(self, places: slice | Positions) -> Vectors:
        """The rows at these places as float32."""
        rows = np.asarray(self.values[places])
        if rows.dtype == np.float16:
            return _widened(rows)
        rows = rows.astype(np.float32, copy=False)
        if self.values.dtype == np.int8 and self.scales is not None:
            rows *= self.scales[places][:, None]
        return rows

    def rough(self, queries: Vectors) -> Vectors:
        """(n_queries, n) float32: the inner products, as far off as `reach` says."""
        if self.values.dtype == np.float32:
            return np.asarray(queries @ self.values.T, dtype=np.float32)
        source = self.values if self.steps is None else self.steps
        found = np.empty((len(queries), len(self)), dtype=np.float32)
        widened = np.empty((min(_WIDENED, len(self)), source.shape[1]), dtype=np.float32)
        for part in parts(len(self)):
            block = widened[: part.stop - part.start]
            block[:] = source[part]
            np.matmul(queries, block.T, out=found[:, part])
        if self.scales is not None:
            found *= self.scales
        return found

    def reach(self, queries: Vectors) -> Vectors:
        """(n_queries,): how much lower than the edge a row may look and still be above it.

        Both may be wrong by width * rounding of the longest row, once here and once when they are compared, and by
        ``off``.
        """
        lengths = np.sqrt(np.einsum("ij,ij->i", queries, queries))
        wrong = 4 * queries.shape[1] * _ROUNDING * (self.longest + self.off) + 2 * self.off
        return np.asarray(lengths * np.float32(wrong), dtype=np.float32)

    def first(self, n: int) -> Rows:
        """The first ``n`` of them."""
        return _each(self, self, lambda own, _: own[:n])

    def save(self, folder: Path, added: Rows) -> None:
        """Writes these rows and then the ``added`` ones."""
        for name, file in _FILES.items():
            own, more = getattr(self, name), getattr(added, name)
            # A new file: the old one may be what the rows are mapped from.
            (folder / file).unlink(missing_ok=True)
            if own is not None:
                np.save(folder / file, np.concatenate([own, more]) if len(added) else own, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, off: float, longest: float) -> Rows:
        """What `save` wrote, mapped; raises `ProjectError` where the files do not fit together."""
        found: dict[str, Any] = {
            name: np.load(folder / file, mmap_mode="r", allow_pickle=False)
            for name, file in _FILES.items()
            if name == "values" or (folder / file).exists()
        }
        values, scales, steps = found["values"], found.get("scales"), found.get("steps")
        fits = values.ndim == 2 and (scales is None) == (values.dtype != np.int8 and steps is None)
        fits = fits and (scales is None or scales.shape == values.shape[:1])
        if not fits or (steps is not None and (steps.shape != values.shape or steps.dtype != np.int8)):
            raise ProjectError(f"the files of the index in {folder} do not belong together", hint="train again")
        return cls(values, scales, steps, off, longest)


class Tail:
    """Rows that came at run time, in arrays with room for more: adding one does not copy all before it.

    What `rows` gave stays as it is: later rows are written behind it.
    """

    def __init__(self, like: Rows) -> None:
        self._form = str(like.values.dtype)
        self._room = Rows.kept(np.zeros((0, like.values.shape[1]), dtype=np.float32), self._form)
        self.rows = self._room

    def append(self, vectors: Vectors) -> None:
        """`rows` has these as well from now on."""
        fresh, n = Rows.kept(vectors, self._form), len(self.rows)
        if n + len(fresh) > len(self._room):
            self._room = _each(self.rows, fresh, lambda old, new: _wider(old, max(2 * n, n + len(new), 64)))
        for name in _FILES:
            own, more = getattr(self._room, name), getattr(fresh, name)
            if own is not None:
                own[n : n + len(fresh)] = more
        whole = self._room.first(n + len(fresh))
        off, longest = max(self.rows.off, fresh.off), max(self.rows.longest, fresh.longest)
        self.rows = replace(whole, off=off, longest=longest)


def parts(n: int) -> Iterator[slice]:
    """Places 0 to n, so many at a time as are widened at once."""
    for low in range(0, n, _WIDENED):
        yield slice(low, min(n, low + _WIDENED))


def _each(one: Rows, other: Rows, change: Any) -> Rows:
    arrays = {name: (getattr(one, name), getattr(other, name)) for name in _FILES}
    changed: dict[str, Any] = {name: None if own is None else change(own, more) for name, (own, more) in arrays.items()}
    return replace(one, **changed)


def _widened(rows: NDArray[np.float16]) -> Vectors:
    """The same numbers as float32, which are finite: five times as quick as numpy's own way.

    The bits are moved to their places (the sign is drawn along and cut off); the exponent counts from 112 lower there.
    """
    moved = np.ascontiguousarray(rows).view(np.int16).astype(np.int32)
    moved <<= 13
    moved &= np.int32(-0x70002000)
    wide: Vectors = moved.view(np.float32)
    wide *= np.float32(2.0**112)
    return wide


def _longest(rows: Vectors) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", rows, rows).max(initial=0)))


def _wider(array: NDArray[Any], room: int) -> NDArray[Any]:
    wide = np.zeros((room, *array.shape[1:]), dtype=array.dtype)
    wide[: len(array)] = array
    return wide
