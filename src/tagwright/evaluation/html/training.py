"""The page of a training run: whether its loss falls, and whether it gets better at what nobody taught it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tagwright.evaluation.html.words as words
from tagwright.evaluation.html.colours import BLUE, GREY, ORANGE
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
from tagwright.evaluation.html.markup import figure, foreign
from tagwright.evaluation.html.sections import list_of
from tagwright.evaluation.html.shell import document, part
from tagwright.evaluation.ranked import Floats

_SECONDS = 30  # until the page of a run that goes on loads itself again
_DRAWN = 300  # steps of a long run that are drawn
_SHORTEST, _LONGEST = 5, 50  # steps that the moving average goes over
_HEIGHT = 260

Look = tuple[int, float]


def training_page(
    title: str,
    about: Sequence[tuple[str, str]],
    losses: Sequence[float],
    scores: Sequence[Look],
    steps: int,
    *,
    score_name: str = "recall@10 on the dev part",
    finished: bool = False,
) -> str:
    """The run as HTML, which loads itself again every 30 seconds until it is ``finished``.

    ``about``: (what, value) of what is learned and how; ``losses`` of the steps so far; ``scores``: (steps done, value
    in [0, 1]) of the looks so far; ``steps``: how many are planned. A finished run that has fewer stopped early. What
    is no finite number is left out.
    """
    title, name = words.clean(title) or "Training", words.clean(score_name, 80)
    looks = sorted((int(at), float(value)) for at, value in scores if np.isfinite(value))
    last = max(len(losses), *(at for at, _ in looks), 1)
    found = [_loss(losses, last), _score(looks, name, last, finished=finished)]
    lines = [
        _status(len(losses), steps, finished=finished),
        *([_best_of(looks, name, finished=finished)] if looks else []),
    ]
    again = "" if finished else f'<p class="about">This page loads itself again every {_SECONDS} seconds.</p>'
    body = (
        '<a class="skip" href="#main">To the pictures</a>'
        f'<header><p class="brand">tagwright · training</p><button type="button" id="theme" hidden>Dark</button>'
        f'<h1>{foreign(title)}</h1>{again}</header><main id="main">'
        f'<section class="summary" aria-labelledby="course"><h2 id="course">How it goes</h2>{list_of(lines, "said")}'
        '<noscript><p class="none">Pictures need JavaScript, which is switched off here. Every number is in the '
        f"tables.</p></noscript>{''.join(figure(one) for one in found)}</section>{_list(about)}</main>"
    )
    scripts = (part("vega.min.js"), part("page.js"))
    return document(title, body, found, scripts=scripts, refresh=0 if finished else _SECONDS)


def _status(done: int, steps: int, *, finished: bool) -> str:
    if not finished:
        return f"{done:,} of {_steps(steps)}"
    if done < steps:
        return f"This run stopped early after {_steps(done)}: nothing better came."
    return f"This run is done: {_steps(done)}."


def _steps(number: int) -> str:
    return f"{number:,} step" if number == 1 else f"{number:,} steps"


def _list(about: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f"<div><dt>{foreign(words.clean(what))}</dt><dd>{foreign(words.clean(value))}</dd></div>"
        for what, value in about
    )
    head = '<section aria-labelledby="about"><h2 id="about">What it works with</h2>'
    return f"{head}<dl>{rows}</dl></section>" if rows else ""


# --- the loss --------------------------------------------------------------------------------------------------------


def _loss(losses: Sequence[float], last: int) -> Figure:
    name, title = "loss", "Does the loss fall?"
    values = np.asarray(losses, dtype=np.float64)
    numbers = np.flatnonzero(np.isfinite(values)) + 1
    if not len(numbers):
        why_not = "The loss of no step is a number." if len(values) else "No step is done yet, so there is no loss."
        return nothing(name, title, "", why_not)
    n_undefined, values = len(values) - len(numbers), values[numbers - 1]
    window = int(np.clip(len(values) // 20, _SHORTEST, _LONGEST))
    average = f"mean of the last {window} steps"
    kept = _thinned(values)
    means = [float(values[max(0, at + 1 - window) : at + 1].mean()) for at in kept]
    rows = [(int(numbers[at]), float(values[at]), mean) for at, mean in zip(kept, means, strict=True)]
    columns = (Column("step", "count"), Column("loss", "number"), Column(average, "number"))
    table = Table("The loss of the steps that are drawn", columns, rows, most=len(rows))
    reading = _how_drawn(average, len(kept), len(values), n_undefined)
    lowest = int(np.argmin(values))
    says = (
        f"The loss was {words.decimal(values[0])} in step {numbers[0]:,} and {words.decimal(values[-1])} in step "
        f"{numbers[-1]:,}; the lowest was {words.decimal(values[lowest])} in step {numbers[lowest]:,}. The {average} "
        f"is {words.decimal(means[-1])}."
    )
    return Figure(name, title, reading, says, [Panel("", _falling(rows, average, last))], table)


def _thinned(values: Floats) -> list[int]:
    """Places spread evenly over the values; the first, the lowest and the last are always among them."""
    n = len(values)
    evenly = np.linspace(0, n - 1, min(n, _DRAWN)).round().astype(np.int64)
    return [int(at) for at in np.union1d(evenly, [np.argmin(values)])]


def _how_drawn(average: str, drawn: int, n: int, n_undefined: int) -> str:
    said = f"Each dot is the loss of a step, the line the {average}. Lower is better."
    if drawn < n:
        said += (
            f" Drawn are {drawn:,} of {n:,} steps, with the first, the lowest and the last; the line is computed from "
            "all of them."
        )
    return f"{said} Left out: {_steps(n_undefined)} whose loss is not a number." if n_undefined else said


def _falling(rows: Sequence[tuple[int, float, float]], average: str, last: int) -> dict[str, Any]:
    values: Values = [{"step": step, "loss": value, "mean": mean} for step, value, mean in rows]
    drawn = [row[1] for row in rows]
    low, high = _around(drawn, least=max(map(abs, drawn)) / 10 or 1.0)
    y = quantity("loss", "loss", domain=(max(low, 0.0) if min(drawn) >= 0 else low, high), form=".4~r")
    tooltip = [
        {"field": "step", "format": ",d"},
        {"field": "loss", "format": ".3f"},
        {"field": "mean", "title": average, "format": ".3f"},
    ]
    x = _step_axis(last)
    dots = {"type": "point", "filled": True, "size": 10, "color": GREY, "opacity": 1}
    layers = [
        {"mark": dots, "encoding": {"x": x, "y": y, "tooltip": tooltip}},
        {
            "mark": {"type": "line", "color": BLUE, "strokeWidth": 2.5},
            "encoding": {"x": x, "y": {**y, "field": "mean"}},
        },
    ]
    return specification(_HEIGHT, values, layers)


# --- the score -------------------------------------------------------------------------------------------------------


def _score(looks: Sequence[Look], name: str, last: int, *, finished: bool) -> Figure:
    title = "Does it get better?"
    if not looks:
        return nothing("score", title, "", f"Not measured {'in this run' if finished else 'yet'}: {name}.")
    reading = (
        f"Each dot is one look at the {name}. Higher is better; the best look, the earliest of equal ones, is marked. "
        "The axis need not begin at 0."
    )
    columns = (Column("steps done", "count"), Column("score", "share"))
    table = Table(f"The looks: {name}", columns, looks, most=len(looks))
    done, value = looks[-1]
    latest = f"The latest look, after {_steps(done)}, gave {words.percent(value, 1)}."
    if looks[-1] == _best(looks):
        latest = "No look was later."
    says = f"{_best_of(looks, name, finished=finished)} {latest}"
    return Figure("score", title, reading, says, [Panel("", _rising(looks, name, last))], table)


def _best(looks: Sequence[Look]) -> Look:
    """The look with the highest value; the earliest of equal ones."""
    return max(looks, key=lambda look: (look[1], -look[0]))


def _best_of(looks: Sequence[Look], name: str, *, finished: bool) -> str:
    done, value = _best(looks)
    return f"The best {name}{'' if finished else ' so far'} is {words.percent(value, 1)}, after {_steps(done)}."


def _rising(looks: Sequence[Look], name: str, last: int) -> dict[str, Any]:
    values: Values = [{"step": done, "score": value} for done, value in looks]
    done, value = _best(looks)
    # Ten points at least, so that what is mere chance does not look like a mountain.
    low, high = _around([value for _, value in looks], least=0.1)
    x, y = _step_axis(last), quantity("score", name, domain=(max(low, 0.0), min(high, 1.0)))
    tooltip = [{"field": "step", "title": "steps done", "format": ",d"}, {"field": "score", "format": ".1%"}]
    encoding = {"x": x, "y": y, "tooltip": tooltip}
    marked = {"values": [{"step": done, "score": value, "said": f"best: {words.percent(value, 1)}"}]}
    # Away from the nearer edge.
    side, away = ("right", -9) if done > last / 2 else ("left", 9)
    text = {"type": "text", "align": side, "dx": away, "dy": -11}
    layers = [
        {"mark": {"type": "line", "color": BLUE, "strokeWidth": 2.5, "point": {"size": 30, "color": BLUE}},
         "encoding": encoding},
        {"data": marked, "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 150, "color": ORANGE,
                                  "opacity": 1}, "encoding": encoding},
        {"data": marked, "mark": text, "encoding": {"x": x, "y": y, "text": {"field": "said"}}},
    ]  # fmt: skip
    return specification(_HEIGHT, values, layers)


# --- axes ------------------------------------------------------------------------------------------------------------


def _step_axis(last: int) -> dict[str, Any]:
    """The axis of steps, without ticks between whole ones."""
    x = quantity("step", "step", domain=(0, last), form=",d")
    return {**x, "axis": {**x["axis"], "tickMinStep": 1}}


def _around(values: Sequence[float], *, least: float) -> tuple[float, float]:
    """Where an axis of these values begins and ends: some room beyond them, and at least ``least`` apart."""
    low, high = min(values), max(values)
    half = max(1.2 * (high - low), least) / 2
    return (low + high) / 2 - half, (low + high) / 2 + half
