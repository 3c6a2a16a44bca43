"""Pictures of the confidence: whether it keeps its promise, on the whole and for rare tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tagwright.evaluation.html.words as words
from tagwright.evaluation.html.colours import BLUE, INK, SOFT
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import (
    Column,
    Figure,
    Panel,
    Table,
    Values,
    nothing,
    quantity,
    specification,
)
from tagwright.evaluation.judged import Bools
from tagwright.evaluation.metrics import BANDS, in_band, share
from tagwright.evaluation.reliability import DEPTH, Bin, ece, reliability

_GAP = 0.006  # half of the white between two bars, in confidence


def keeps_promise(facts: Facts) -> Figure:
    """The reliability diagram with the number of suggestions in each range."""
    name, title = "reliability", "Does the confidence keep its promise?"
    reading = (
        "Each bar stands for the suggestions of one range of confidence; its height is the share of them that is "
        "right. A bar that ends at the dashed line keeps its promise, a lower one promised too much. The thin line on "
        f"a bar is its 95{words.SPACE}% interval, the number above it how many suggestions it stands for."
    )
    bins = facts.report.reliability
    total = sum(b.count for b in bins)
    if not total:
        return nothing(name, title, reading, "No document has a suggestion, so there is no confidence to look at.")
    error = words.points(float(facts.report.values.get("ECE", np.nan)))
    says = (
        f"{words.counted(total, 'suggestion')} (the first {DEPTH} of each document). On average the confidence is off "
        f"by {error}. " + _largest(bins)
    )
    return Figure(name, title, reading, says, [Panel("", _bars(bins, height=340))], _ranges(bins))


def _largest(bins: Sequence[Bin]) -> str:
    fullest = max(bins, key=lambda b: b.count)
    if fullest.count == sum(b.count for b in bins):
        return f"All of them have a confidence between {fullest.low:.1f} and {fullest.high:.1f}."
    return (
        f"Most of them ({words.short(fullest.count)}) have a confidence between {fullest.low:.1f} and "
        f"{fullest.high:.1f}, and {words.percent(fullest.right)} of these are right."
    )


def _ranges(bins: Sequence[Bin]) -> Table:
    columns = (
        Column("confidence from", "number"), Column("to", "number"), Column("suggestions", "count"),
        Column("mean confidence", "share"), Column("right", "share"),
    )  # fmt: skip
    rows = [(b.low, b.high, b.count, b.confidence, b.right) for b in bins]
    return Table("Suggestions by confidence, and the share of them that is right", columns, rows)


def _bars(bins: Sequence[Bin], *, height: int, counts: bool = True) -> dict[str, Any]:
    """Bars of the share right in each range that holds suggestions, on the line of the promise."""
    values: Values = []
    for b in bins:
        if b.count:
            low, high = wilson(b.right, b.count)
            values.append({
                "from": b.low + _GAP, "to": b.high - _GAP, "middle": (b.low + b.high) / 2, "right": b.right,
                "low": low, "high": high, "confidence": b.confidence, "n": words.short(b.count),
            })  # fmt: skip
    tooltip = [
        {"field": "n", "title": "suggestions"},
        {"field": "confidence", "title": "mean confidence", "format": ".1%"},
        {"field": "right", "title": "right", "format": ".1%"},
    ]
    x, y = quantity("from", "confidence"), quantity("right", "share that is right")
    middle = {"field": "middle", "type": "quantitative"}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "bar", "color": BLUE, "opacity": 0.85, "cornerRadiusEnd": 2},
         "encoding": {"x": x, "x2": {"field": "to"}, "y": y, "y2": {"datum": 0}, "tooltip": tooltip}},
        {"data": {"values": [{"p": 0}, {"p": 1}]},
         "mark": {"type": "line", "color": INK, "strokeDash": [5, 4], "strokeWidth": 1.5},
         "encoding": {"x": {"field": "p", "type": "quantitative"}, "y": {"field": "p", "type": "quantitative"}}},
        {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.2},
         "encoding": {"x": middle, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}}},
    ]  # fmt: skip
    if counts:
        layers.append({
            "mark": {"type": "text", "baseline": "bottom", "dy": -5, "fontSize": 11, "color": SOFT},
            "encoding": {"x": middle, "y": {"field": "high", "type": "quantitative"}, "text": {"field": "n"}},
        })  # fmt: skip
    return specification(height, values, layers)


def wilson(part: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of ``n`` (Wilson 1927), which stays within 0 and 1."""
    z = 1.96
    middle = (part + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(part * (1 - part) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def by_band(facts: Facts) -> Figure:
    """The reliability diagram of each frequency band."""
    name, title = "calibration-by-band", "… for rare and for frequent tags?"
    reading = (
        "The same picture for each band of tags, by the number of training documents that a tag has. A confidence "
        "that is right on the whole may still promise too much for rare tags."
    )
    seen = facts.seen(facts.judged.tags)
    if seen is None:
        return nothing(
            name, title, reading, "Nobody counted the training documents of the tags, so there are no bands."
        )
    panels, rows = [], []
    for band, low, high in BANDS:
        inside: Bools = in_band(seen, low, high)
        bins = reliability(facts.judged, only=inside)
        total = sum(b.count for b in bins)
        why_not = "" if total else "No suggestion of this band, so there is nothing to draw."
        panels.append(Panel(band_name(band), _bars(bins, height=170, counts=False) if total else None, why_not))
        excess = share(sum(b.count * (b.confidence - b.right) for b in bins if b.count), total)
        rows.append((band, total, ece(facts.judged, only=inside), excess))
    columns = (
        Column("training documents"), Column("suggestions", "count"), Column("mean error of the confidence", "share"),
        Column("confidence above the truth", "share"),
    )  # fmt: skip
    known = [row for row in rows if row[1]]
    parts = ", ".join(f"{words.points(row[2])} ({band_name(row[0])})" for row in known)
    says = f"The confidence is off on average by {parts}." if known else ""
    return Figure(name, title, reading, says, panels, Table("How far off the confidence is, by band", columns, rows))


def band_name(band: str) -> str:
    """A frequency band in words."""
    return "never seen in training" if band == "0" else f"{band.replace('-', '–')} training documents"
