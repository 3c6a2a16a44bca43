"""Curves of growth as one picture: both axes logarithmic, a thin line for n log n from the smallest size on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from math import log
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 300, 220
SECONDS = {
    "vocabulary": ("init_cpu", 1), "training": ("train_cpu", 1), "opening": ("open_s", 1),
    "a new tag": ("new_tag_s", 1), "one document": ("p50_ms", 1000),
}  # fmt: skip
MEMORY = {
    "vocabulary": ("init_mb", 1),
    "training": ("train_mb", 1),
    "answering": ("warm_mb", 1),
    "on disk": ("disk_mb", 1),
}


def drawn(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Time and memory against tags and against documents, documents per CPU second against the size of a batch."""
    import vl_convert

    views = [
        _view(_points(rows, axis, other, what), f"{axis}, with {middle:,} {other}", said)
        for axis, other, middle in (
            ("tags", "documents", _middle(rows, "documents")),
            ("documents", "tags", _middle(rows, "tags")),
        )
        for said, what in (("seconds", SECONDS), ("MB", MEMORY))
    ]
    rates = [
        {"size": int(size), "value": rate, "step": f"{row['tags']:,} tags", "line": "measured"}
        for row in rows
        for size, rate in row.get("rates", {}).items()
        if row["documents"] == _middle(rows, "documents")
    ]
    views.append(_view(rates, "documents in a batch", "documents per CPU second"))
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "background": "white",
        "config": {"font": "sans-serif"}, "columns": 2, "concat": views,
        "resolve": {"scale": {"color": "independent"}},
    }  # fmt: skip
    path.write_bytes(vl_convert.vegalite_to_png(json.dumps(spec), scale=1))


def nlogn(rows: Sequence[dict[str, Any]], axis: str, key: str) -> float:
    """By how much the largest size exceeds n log n from the second largest on; at most 1 where it grows no faster."""
    ordered = sorted(rows, key=lambda row: row[axis])
    if len(ordered) < 2 or not ordered[-2].get(key):
        return float("nan")
    (n, before), (m, after) = ((row[axis], row[key]) for row in ordered[-2:])
    return (after / before) / (m * log(m) / (n * log(n)))


def along(rows: Sequence[dict[str, Any]], axis: str, other: str) -> list[dict[str, Any]]:
    """The rows that differ in ``axis`` alone, by its size."""
    middle = _middle(rows, other)
    return sorted((row for row in rows if row[other] == middle), key=lambda row: row[axis])


def _middle(rows: Sequence[dict[str, Any]], key: str) -> int:
    """The size that most rows have."""
    sizes = sorted(row[key] for row in rows)
    return max(((len(list(group)), size) for size, group in groupby(sizes)))[1]


def _points(
    rows: Sequence[dict[str, Any]], axis: str, other: str, what: dict[str, tuple[str, int]]
) -> list[dict[str, Any]]:
    found = []
    for step, (key, unit) in what.items():
        line = [(row[axis], row[key] / unit) for row in along(rows, axis, other)]
        found += [{"size": size, "value": value, "step": step, "line": "measured"} for size, value in line]
        first, start = line[0]
        found += [
            {"size": size, "value": start * size * log(size) / (first * log(first)), "step": step, "line": "n log n"}
            for size, _ in line
        ]
    return found


def _view(points: Sequence[dict[str, Any]], across: str, up: str) -> dict[str, Any]:
    scale = {"type": "log"}
    return {
        "width": WIDTH, "height": HEIGHT, "data": {"values": list(points)},
        "mark": {"type": "line", "point": {"size": 25}, "clip": True},
        "encoding": {
            "x": {"field": "size", "type": "quantitative", "scale": scale, "title": across},
            "y": {"field": "value", "type": "quantitative", "scale": scale, "title": up},
            "color": {"field": "step", "type": "nominal", "title": None},
            "strokeDash": {"field": "line", "type": "nominal", "title": None},
            "opacity": {"condition": {"test": "datum.line == 'measured'", "value": 1}, "value": 0.3},
        },
    }  # fmt: skip
