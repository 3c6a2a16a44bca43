"""Drawings that several pictures use: bars below their names, and bars in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tagwright.evaluation.html.colours import BLUE, GREEN, GREY, INK, ORANGE, SOFT
from tagwright.evaluation.html.figure import Values, quantity, specification

_ROW = 42  # pixels of a bar with its name above it
_BAR = 12
_GROUP = 26  # pixels of a bar in a group, with its part of the space between the groups


def named_bars(
    rows: Sequence[tuple[str, float, str]],
    *,
    most: float | None = None,
    parts: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Bars below their names, which so find room on a narrow screen, too.

    ``rows``: name, length, what stands at the end of the bar; ``most``: the axis's end; ``parts`` (n_rows,): how much
    of each bar, from the left, is dark.
    """
    values: Values = [
        {"row": i, "name": name, "length": length, "end": end} for i, (name, length, end) in enumerate(rows)
    ]
    # No axis: the number stands at the end of each bar, and lines would run through the names.
    scale = {"domain": [0, most if most is not None else _above(rows)]}
    x = {"field": "length", "type": "quantitative", "axis": None, "scale": scale}
    y = {"field": "row", "type": "ordinal", "axis": None, "sort": None}
    bar = {"type": "bar", "color": BLUE, "height": _BAR, "yOffset": 9, "cornerRadiusEnd": 2}
    layers: list[dict[str, Any]] = [{"mark": {**bar, "opacity": 0.5 if parts else 0.9}, "encoding": {"x": x, "y": y}}]
    if parts:
        values = [{**value, "part": part} for value, part in zip(values, parts, strict=True)]
        layers.append(
            {"mark": {**bar, "color": INK, "opacity": 0.8}, "encoding": {"x": {**x, "field": "part"}, "y": y}}
        )
    text = {"type": "text", "align": "left", "baseline": "middle"}
    layers += [
        {"mark": {**text, "dy": -8, "limit": {"expr": "width"}, "fontSize": 13},
         "encoding": {"x": {"value": 0}, "y": y, "text": {"field": "name"}}},
        {"mark": {**text, "dx": 6, "dy": 9, "color": SOFT}, "encoding": {"x": x, "y": y, "text": {"field": "end"}}},
    ]  # fmt: skip
    return specification(_ROW * len(rows), values, layers)


def _above(rows: Sequence[tuple[str, float, str]]) -> float:
    """Where an axis ends that leaves room for what stands behind the longest bar."""
    return 1.25 * max((length for _, length, _ in rows), default=1.0) or 1.0


def grouped_bars(groups: Sequence[str], measures: Sequence[str], values: Values) -> dict[str, Any]:
    """Level bars of up to four measures in each group; ``values`` have group, measure, value, and how it is shown."""
    colours = [BLUE, ORANGE, GREEN, GREY][: len(measures)]
    y = {"field": "group", "type": "ordinal", "sort": list(groups), "scale": {"paddingInner": 0.28},
         "axis": {"title": None, "labelLimit": 130, "labelColor": INK, "labelFontSize": 13}}  # fmt: skip
    offset = {"field": "measure", "type": "nominal", "sort": list(measures)}
    colour = {
        "field": "measure",
        "scale": {"domain": list(measures), "range": colours},
        "legend": {"symbolType": "square"},
    }
    tooltip = [{"field": "group", "title": "group"}, {"field": "measure"}, {"field": "shown", "title": "value"}]
    x = quantity("value", "share")
    layers = [
        {"mark": {"type": "bar", "cornerRadiusEnd": 2},
         "encoding": {"x": x, "y": y, "yOffset": offset, "color": colour, "tooltip": tooltip}},
        {"mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 11, "color": SOFT},
         "encoding": {"x": x, "y": y, "yOffset": offset, "text": {"field": "shown"}}},
    ]  # fmt: skip
    return specification(_GROUP * len(measures) * len(groups), values, layers)
