"""Pictures of thresholds: what would pass without a person, and what another cut would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tagwright.evaluation.html.words as words
from tagwright.evaluation.html.colours import BLUE, GREEN, GREY, ORANGE
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import (
    Column,
    Figure,
    Panel,
    Slider,
    Table,
    Values,
    nothing,
    quantity,
    specification,
)
from tagwright.evaluation.metrics import share
from tagwright.evaluation.ranked import Floats

_STEPS = 100  # places of a curve: one for each percent


def coverage_accuracy(facts: Facts) -> Figure:
    """How many of the tags are right where only the surest documents pass without a person."""
    name, title = "coverage-accuracy", "How much may go through without review?"
    reading = (
        "Documents are ordered by the mean confidence of their given tags, the surest first. The curve shows, for "
        "each share of documents that passes, the share of their tags that is right. Move the handle to read it."
    )
    judged, given = facts.judged, facts.given
    n = judged.n_documents
    if not given.any():
        return nothing(name, title, reading, "No suggestion reaches the cut, so no document could go through.")
    sums = judged.sum(judged.rows[given], judged.confidences[given])
    sure = np.where(facts.n_given > 0, sums / np.maximum(facts.n_given, 1), -1.0)
    order = np.argsort(-sure, kind="stable")
    steps = np.unique(np.ceil(np.linspace(0, 1, _STEPS + 1)[1:] * n).astype(np.int64))
    passed, right = np.cumsum(facts.n_given[order])[steps - 1], np.cumsum(facts.n_right[order])[steps - 1]
    rows = [
        (int(k), k / n, float(r / g), int(g), float(s) if s >= 0 else None)
        for k, g, r, s in zip(steps, passed, right, sure[order][steps - 1], strict=True)
    ]
    columns = (
        Column("documents that pass", "count"), Column("share of documents", "share"),
        Column("their tags right", "share"), Column("their tags", "count"),
        Column("mean confidence of the last one", "number"),
    )  # fmt: skip
    sentences = [_passes(row, n) for row in rows]
    start = int(np.argmin(np.abs(steps / n - 0.5)))
    values: Values = [{"x": row[1], "y": row[2]} for row in rows]
    lowest = max(0.0, np.floor(min(row[2] for row in rows) * 10 - 1) / 10)
    drawn = _curve(values, "share of documents that pass", "share of their tags that is right", lowest)
    drawn = with_handle(drawn, float(steps[start] / n), ORANGE)
    slider = Slider("Share of documents that pass", [row[1] for row in rows], sentences, start)
    table = Table("Documents that pass, the surest first, and how many of their tags are right", columns, rows)
    says = f"Where all documents pass, {words.percent(rows[-1][2])} of their tags are right."
    return Figure(name, title, reading, says, [Panel("", drawn)], table, slider)


def _passes(row: tuple[int, float, float, int, float | None], n: int) -> str:
    k, part, right, tags, sure = row
    from_ = "" if sure is None else f", mean confidence from {sure:.2f}"
    return (
        f"With {words.counted(k, 'document')} of {n:,} through ({words.percent(part)}{from_}), {words.percent(right)} "
        f"of {words.counted(tags, 'tag')} are right; {words.counted(n - k, 'document')} left to review."
    )


def _curve(values: Values, x: str, y: str, lowest: float) -> dict[str, Any]:
    tooltip = [
        {"field": "x", "title": x, "format": ".0%"},
        {"field": "y", "title": y, "format": ".1%"},
    ]
    encoding = {"x": quantity("x", x), "y": quantity("y", y, domain=(lowest, 1)), "tooltip": tooltip}
    mark = {"type": "line", "color": BLUE, "strokeWidth": 2.5, "point": {"size": 14, "color": BLUE}}
    return specification(300, values, [{"mark": mark, "encoding": encoding}])


def with_handle(drawn: dict[str, Any], at: float, colour: str) -> dict[str, Any]:
    """The drawing with an upright line at the value ``at`` of its x axis, which the page's handle moves."""
    x = {"datum": {"expr": "at"}, "type": "quantitative"}
    handle = {
        "data": {"values": [{}]},
        "mark": {"type": "rule", "color": colour, "strokeWidth": 2},
        "encoding": {"x": x},
    }
    return {**drawn, "params": [{"name": "at", "value": at}], "layer": [*drawn["layer"], handle]}


def by_cut(facts: Facts) -> Figure:
    """Precision, recall and F1 for every cut."""
    name, title = "cuts", "What would another cut change?"
    reading = (
        "Suggestions from the cut on are given. A higher cut gives fewer tags of which more are right (precision), "
        "but more of the tags that people gave are missed (recall); F1 is the balance of both. Move the handle to "
        "read it."
    )
    judged = facts.judged
    if not len(judged.rows):
        return nothing(name, title, reading, "No document has a suggestion, so there is nothing to cut.")
    cuts = np.linspace(0, 1, _STEPS + 1)
    given, right = _reaching(judged.confidences, cuts), _reaching(judged.confidences[judged.hits], cuts)
    n_gold, n = len(judged.gold_tags), judged.n_documents
    rows = [
        (float(c), share(r, g), share(r, n_gold), share(2 * r, g + n_gold), g / n)
        for c, g, r in zip(cuts, given.tolist(), right.tolist(), strict=True)
    ]
    columns = (
        Column("cut", "number"), Column("precision", "share"), Column("recall", "share"), Column("F1", "share"),
        Column("tags a document", "number"),
    )  # fmt: skip
    sentences = [_cut(row) for row in rows]
    start = int(np.clip(round(facts.cut * _STEPS), 0, _STEPS))
    slider = Slider("Cut", [row[0] for row in rows], sentences, start)
    drawn = with_handle(_lines(rows), cuts[start], GREY)
    table = Table("Precision, recall and F1 over all suggestions by cut", columns, rows)
    says = f"The cut of this project is {facts.cut:.2f}."
    return Figure(name, title, reading, says, [Panel("", drawn)], table, slider)


def _reaching(confidences: Floats, cuts: Floats) -> Floats:
    """(n_cuts,) how many of the confidences reach each cut."""
    return (len(confidences) - np.searchsorted(np.sort(confidences), cuts - 1e-12)).astype(np.float64)


def _cut(row: tuple[float, ...]) -> str:
    cut, precision, recall, f1, tags = row
    if not tags:
        return f"From {cut:.2f} on no tag is given."
    return (
        f"From {cut:.2f} on a document gets {tags:.1f} tags on average: {words.percent(precision)} of them are right, "
        f"and {words.percent(recall)} of the tags that people gave are found (F1 {words.percent(f1)})."
    )


def _lines(rows: Sequence[tuple[float, ...]]) -> dict[str, Any]:
    names = ("precision", "recall", "F1")
    values: Values = [
        {"cut": row[0], "value": row[1 + i], "what": what}
        for row in rows
        for i, what in enumerate(names)
        if np.isfinite(row[1 + i])
    ]
    order = list(names)
    dashes = [[1, 0], [7, 3], [2, 3]]
    legend = {"symbolType": "stroke", "symbolSize": 400}
    encoding = {
        "x": quantity("cut", "cut", form=".1f"),
        "y": quantity("value"),
        "color": {"field": "what", "scale": {"domain": order, "range": [BLUE, ORANGE, GREEN]}, "legend": legend},
        "strokeDash": {"field": "what", "scale": {"domain": order, "range": dashes}, "legend": legend},
        "tooltip": [{"field": "what", "title": "measure"}, {"field": "cut", "format": ".2f"},
                    {"field": "value", "format": ".1%"}],
    }  # fmt: skip
    return specification(300, values, [{"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": encoding}])
