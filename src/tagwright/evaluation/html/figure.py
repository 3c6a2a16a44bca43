"""A picture with all that belongs to it: how it is read, what it shows in words, and its numbers as a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tagwright.evaluation.html.words as words

Cell = str | int | float | None
Values = list[dict[str, Any]]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

# What a spreadsheet would run as a formula when it stands first in a cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; ``kind`` is "text", "count", "share" or "number"."""

    name: str
    kind: str = "text"

    def shown(self, value: Cell) -> str:
        """The cell as text; a dash for what is undefined."""
        if value is None or isinstance(value, str):
            return words.NONE if value is None else value
        if self.kind == "share":
            return words.percent(value, 1)
        return words.count(value) if self.kind == "count" else words.decimal(value)


@dataclass(frozen=True)
class Table:
    """Rows of cells under ``columns``; a page shows the first ``most`` rows, the CSV has them all."""

    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    most: int = 300

    def csv(self) -> str:
        """The table for a spreadsheet: full numbers, an empty cell for what is undefined, no cell that is a formula."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows([_csv(cell) for cell in row] for row in self.rows)
        return out.getvalue()


def _csv(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


@dataclass(frozen=True)
class Panel:
    """One drawing: a Vega-Lite specification without colours and fonts, or a sentence why there is none."""

    heading: str
    specification: Mapping[str, Any] | None
    why_not: str = ""


@dataclass(frozen=True)
class Slider:
    """A handle below a picture: ``sentences`` are what it says at each of its places ``values``; ``start`` is first."""

    label: str
    values: Sequence[float]
    sentences: Sequence[str]
    start: int


@dataclass(frozen=True)
class Figure:
    """A picture.

    ``reading``: how it is read; ``says``: what it shows, for who does not see it; ``panels``: one drawing or several
    side by side; ``table``: the same as numbers. ``why_not``: a sentence, where there is nothing to draw.
    """

    name: str
    title: str
    reading: str
    says: str = ""
    panels: Sequence[Panel] = ()
    table: Table | None = None
    slider: Slider | None = None
    why_not: str = ""


def nothing(name: str, title: str, reading: str, why_not: str) -> Figure:
    """A picture that cannot be drawn, with the reason."""
    return Figure(name, title, reading, why_not=why_not)


def specification(height: int, values: Values, layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A Vega-Lite specification as wide as its place; ``layers`` draw the ``values`` one upon the other."""
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "data": {"values": values},
        "layer": list(layers),
    }


def quantity(
    name: str, title: str | None = None, *, domain: Sequence[float] = (0, 1), form: str = "%"
) -> dict[str, Any]:
    """The channel of an axis of numbers."""
    axis = {"format": form, "tickCount": 5}
    return {"field": name, "type": "quantitative", "title": title, "axis": axis, "scale": {"domain": list(domain)}}
