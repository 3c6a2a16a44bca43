"""Pieces of HTML; whatever comes from a document or a vocabulary passes through `escaped`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from typing import Any

from tagwright.evaluation.html.figure import Cell, Column, Figure, Slider, Table
from tagwright.evaluation.html.words import is_language


def escaped(text: str) -> str:
    """The text as HTML shows it, also within an attribute."""
    return escape(text, quote=True)


def foreign(text: str, language: str = "") -> str:
    """A name or a title in its own direction of writing and, where that is known, its own language."""
    lang = f' lang="{escaped(language)}"' if is_language(language) else ""
    return f"<bdi{lang}>{escaped(text)}</bdi>"


def script_data(value: Any) -> str:
    """JSON that may stand in a ``script`` element: nothing in it can end the element, and no NaN."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def table(found: Table, *, name: str) -> str:
    """A table whose columns the page can sort, in a frame that can be scrolled by keyboard."""
    shown = found.rows[: found.most]
    cut = f" The first {len(shown):,} of {len(found.rows):,}; the CSV has all." if len(shown) < len(found.rows) else ""
    head = "".join(f'<th scope="col"{_right(column)}>{escaped(column.name)}</th>' for column in found.columns)
    rows = "".join(f"<tr>{_cells(found.columns, row)}</tr>" for row in shown)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escaped(found.caption)}">'
        f'<table id="table-{name}" class="sortable"><caption>{escaped(found.caption)}.{cut}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _right(column: Column) -> str:
    return "" if column.kind == "text" else ' class="n"'


def _cells(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    cells = []
    for number, (column, value) in enumerate(zip(columns, row, strict=True)):
        text = column.shown(value)
        inner = foreign(text) if column.kind == "text" else escaped(text)
        if number == 0 and column.kind == "text":
            cells.append(f'<th scope="row">{inner}</th>')
        else:
            cells.append(f"<td{_right(column)}{_key(value)}>{inner}</td>")
    return "".join(cells)


def _key(value: Cell) -> str:
    """The number by which the cell is sorted, where its text does not tell."""
    if value is None or isinstance(value, str) or not math.isfinite(value):
        return ""
    return f' data-v="{value:.6g}"' if isinstance(value, float) else f' data-v="{value}"'


def figure(found: Figure) -> str:
    """A picture with its heading, how it is read, what it shows in words, and its numbers below."""
    head = f'<h3 id="{found.name}-title">{escaped(found.title)}</h3>'
    if found.why_not:
        return (
            f'<section class="picture" id="{found.name}">{head}<p class="none">{escaped(found.why_not)}</p></section>'
        )
    drawings = "".join(_panel(found, number) for number in range(len(found.panels)))
    several = " panels" if len(found.panels) > 1 else ""
    below = _numbers(found.table, found.name) if found.table else ""
    return (
        f'<section class="picture" id="{found.name}">{head}<p class="reading">{escaped(found.reading)}</p>'
        f'<figure aria-labelledby="{found.name}-title"><div class="drawings{several}">{drawings}</div>'
        f"{_handle(found.slider, found.name)}<figcaption{_live(found)}>{escaped(found.says)}</figcaption></figure>"
        f"{below}</section>"
    )


def _panel(found: Figure, number: int) -> str:
    panel = found.panels[number]
    heading = f"<h4>{escaped(panel.heading)}</h4>" if panel.heading else ""
    if panel.specification is None:
        return f'<div class="panel">{heading}<p class="none">{escaped(panel.why_not)}</p></div>'
    label = ". ".join(part for part in (found.title, panel.heading, found.says) if part)
    return (
        f'<div class="panel">{heading}<div class="drawing" role="img" id="{found.name}-{number}" '
        f'aria-label="{escaped(label)}"></div></div>'
    )


def _live(found: Figure) -> str:
    return ' class="live"' if found.slider else ""


def _handle(slider: Slider | None, name: str) -> str:
    if slider is None:
        return ""
    return (
        f'<label class="handle"><span>{escaped(slider.label)}</span><input type="range" id="{name}-handle" min="0" '
        f'max="{len(slider.values) - 1}" step="1" value="{slider.start}" data-for="{name}">'
        f'</label><output class="said" for="{name}-handle" id="{name}-said" aria-live="off">'
        f"{escaped(slider.sentences[slider.start])}</output>"
    )


def _numbers(found: Table, name: str) -> str:
    return (
        f'<div class="numbers"><details><summary>The numbers as a table</summary>{table(found, name=name)}</details>'
        f'<button type="button" class="csv" data-csv="{name}" hidden>Download data (CSV)</button></div>'
    )
