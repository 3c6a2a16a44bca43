"""Pictures of the parts: frequent and rare tags, languages, and every single tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tagwright.evaluation.html.words as words
from tagwright.evaluation.html.colours import BLUE, ORANGE
from tagwright.evaluation.html.confidence import band_name
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import (
    Cell,
    Column,
    Figure,
    Panel,
    Table,
    Values,
    nothing,
    quantity,
    specification,
)
from tagwright.evaluation.html.marks import grouped_bars
from tagwright.evaluation.labels import tag_scores
from tagwright.evaluation.metrics import BANDS, in_band, share
from tagwright.evaluation.ranked import Floats, Ints

_MEASURES = ("precision", "recall", "F1")
_MOST_GROUPS = 12
_MOST_TAGS = 20_000  # rows of the CSV: about 1 MB
_LEVELS = 30  # of F1 that are told apart: halves, thirds and fifths stay where they are
_NAMES = 6  # tags that a dot names


def bands(facts: Facts) -> Figure:
    """Precision, recall and F1 at the cut of the tags of each frequency band."""
    name, title = "bands", "Are rare tags found, too?"
    reading = (
        "Tags are put into bands by the number of training documents that carry them. Precision: the share of the "
        "given tags that is right; recall: the share of the gold tags that is given; F1: the balance of both."
    )
    judged = facts.judged
    of_gold, of_pairs = facts.seen(judged.gold_tags), facts.seen(judged.tags)
    if of_gold is None or of_pairs is None:
        return nothing(
            name, title, reading, "Nobody counted the training documents of the tags, so there are no bands."
        )
    rows: list[tuple[Cell, ...]] = []
    for band, low, high in BANDS:
        wanted, suggested = in_band(of_gold, low, high), in_band(of_pairs, low, high)
        gold, given = int(wanted.sum()), int((suggested & facts.given).sum())
        right = int((suggested & facts.given & judged.hits).sum())
        ten = share(int((wanted & (judged.places < 10)).sum()), gold)
        rows.append((band, gold, given, share(right, given), share(right, gold), share(2 * right, gold + given), ten))
    columns = (
        Column("training documents"), Column("gold tags", "count"), Column("given tags", "count"),
        Column("precision", "share"), Column("recall", "share"), Column("F1", "share"),
        Column("recall among the first 10", "share"),
    )  # fmt: skip
    table = Table("Results by the number of training documents that a tag has", columns, rows)
    says = _missing([(band_name(str(r[0])), r[1], r[2]) for r in rows]) + _ends(rows)
    return Figure(name, title, reading, says, [Panel("", _bars([(str(r[0]), r[3:6]) for r in rows]))], table)


def _missing(rows: Sequence[tuple[str, Any, Any]]) -> str:
    """A sentence on the groups in which there is nothing to divide by."""
    empty = [name for name, gold, given in rows if not gold and not given]
    some = [name for name, gold, given in rows if given and not gold]
    none = [name for name, gold, given in rows if gold and not given]
    said = [f"No gold tag and no given tag: {'; '.join(empty)}." if empty else ""]
    said += [f"No gold tag, so no recall: {'; '.join(some)}." if some else ""]
    said += [f"No given tag, so no precision: {'; '.join(none)}." if none else ""]
    return "".join(f"{sentence} " for sentence in said if sentence)


def _ends(rows: Sequence[tuple[Cell, ...]]) -> str:
    known = [row for row in rows if row[1]]
    said = [f"{words.percent(float(row[4] or 0))} ({band_name(str(row[0]))})" for row in known]
    return f"Recall at the cut: {', '.join(said)}." if said else ""


def _bars(groups: Sequence[tuple[str, Sequence[Any]]]) -> dict[str, Any]:
    values: Values = [
        {"group": group, "measure": measure, "value": value, "shown": words.percent(value)}
        for group, found in groups
        for measure, value in zip(_MEASURES, found, strict=True)
        if np.isfinite(value)
    ]
    # A group without a bar keeps its line, so that it is seen to be empty.
    values += [
        {"group": group, "measure": measure, "value": 0, "shown": words.NONE}
        for group, found in groups
        for measure, value in zip(_MEASURES, found, strict=True)
        if not np.isfinite(value)
    ]
    return grouped_bars([group for group, _ in groups], _MEASURES, values)


def languages(facts: Facts) -> Figure:
    """Precision, recall and F1 at the cut of the documents of each language."""
    name, title = "languages", "Is it as good in every language?"
    reading = "The same measures for the documents of each language, as the documents state it."
    codes = facts.languages
    if codes is None:
        return nothing(name, title, reading, "The languages of the documents were not saved with the candidates.")
    if not codes:
        return nothing(name, title, reading, "No document has gold tags, so there is nothing to measure.")
    if not any(codes):
        return nothing(name, title, reading, "No document states its language.")
    found, of_document = np.unique(np.array(codes), return_inverse=True)
    ratios = facts.report.ratios
    rows: list[tuple[Cell, ...]] = []
    for number, code in enumerate(found.tolist()):
        kept = of_document == number
        values = [ratios[m].take(kept).value for m in ("microP", "microR", "microF1", "nDCG@10")]
        rows.append((code or "none stated", int(kept.sum()), *values))
    rows.sort(key=lambda row: -int(row[1] or 0))
    columns = (
        Column("language"), Column("documents", "count"), Column("precision", "share"), Column("recall", "share"),
        Column("F1", "share"), Column("nDCG@10", "number"),
    )  # fmt: skip
    drawn = _bars([(f"{row[0]} ({words.short(int(row[1] or 0))})", row[2:5]) for row in rows[:_MOST_GROUPS]])
    says = (
        f"{words.counted(len(rows), 'language')}; {rows[0][0]} has {words.counted(int(rows[0][1] or 0), 'document')}."
    )
    if len(rows) > _MOST_GROUPS:
        says += f" The {_MOST_GROUPS} with the most documents are drawn."
    return Figure(name, title, reading, says, [Panel("", drawn)], Table("Results by language", columns, rows))


def tags(facts: Facts) -> Figure:
    """F1 of each tag by its frequency."""
    name, title = "tags", "Which tags does it know?"
    by_training = facts.saved.train_counts is not None
    frequency = "training documents" if by_training else "gold uses here"
    reading = (
        f"A dot stands for the tags with about the same number of {frequency} (to the right: more) and the same F1 "
        "(above: better); the larger, the more tags. The orange line is the mean F1. Point at a dot to read names; "
        "the table below names every tag."
    )
    judged = facts.judged
    scores = tag_scores(judged, cut=facts.cut)
    if not scores.support.any():
        return nothing(name, title, reading, "No document has gold tags, so no tag has an F1.")
    given = _uses(scores.tags, judged.tags[facts.given])
    right = _uses(scores.tags, judged.tags[facts.given & judged.hits])
    seen = facts.seen(scores.tags) if by_training else scores.support.astype(np.float64)
    assert seen is not None
    order = np.lexsort((scores.tags, -given, -scores.support))[:_MOST_TAGS]
    names = [facts.name(tag) for tag in scores.tags[order].tolist()]
    numbers = (seen, scores.support, given, right)
    cells = zip(names, *(n[order].astype(np.int64).tolist() for n in numbers), scores.f1[order].tolist(), strict=True)
    columns = (
        Column("tag"), Column(frequency, "count"), Column("gold", "count"), Column("given", "count"),
        Column("right", "count"), Column("F1", "share"),
    )  # fmt: skip
    gold = scores.support[order] > 0
    drawn = _dots(
        seen[order][gold], scores.f1[order][gold], [n for n, g in zip(names, gold, strict=True) if g], frequency
    )
    never = int(((scores.f1 == 0) & (scores.support > 0)).sum())
    says = (
        f"{words.counted(int((scores.support > 0).sum()), 'tag')} that people gave: the mean F1 is "
        f"{words.percent(scores.macro_f1_of_gold)}, and {words.count(never)} of them were never given rightly."
    )
    table = Table("Tags that are gold or given, most frequent in gold first", columns, list(cells))
    return Figure(name, title, reading, says, [Panel("", drawn)], table)


def _uses(tags: Ints, of: Ints) -> Ints:
    """(n_tags,) how often each of the rising ``tags`` occurs in ``of``."""
    return np.bincount(np.searchsorted(tags, of), minlength=len(tags))


def _dots(seen: Floats, f1: Floats, names: Sequence[str], frequency: str) -> dict[str, Any]:
    """Tags of about the same frequency and F1 as one dot: thousands of dots upon each other say nothing."""
    steps = np.where(seen <= 4, seen, np.round(np.log10(np.maximum(seen, 1)) * 8) * 100)
    levels = np.round(f1 * _LEVELS)
    groups, of_tag = np.unique(np.stack([steps, levels]), axis=1, return_inverse=True)
    of_tag = of_tag.reshape(-1)
    count = np.bincount(of_tag)
    at = np.bincount(of_tag, weights=seen) / count
    members: list[list[str]] = [[] for _ in count]
    for group, name in zip(of_tag.tolist(), names, strict=True):
        members[group].append(name)
    values: Values = [
        {"x": round(x, 2), "y": y / _LEVELS, "n": n, "names": _listed(some)}
        for x, y, n, some in zip(at.tolist(), groups[1].tolist(), count.tolist(), members, strict=True)
    ]
    top = float(max(seen.max(), 20))
    ticks = [tick for tick in (0, 1, 5, 20, 100, 1000, 10_000, 100_000) if tick <= top]
    scale = {"type": "symlog", "constant": 1, "domain": [-0.35, top * 1.1]}
    axis = {"values": ticks, "format": ",d"}
    x = {"field": "x", "type": "quantitative", "title": frequency, "scale": scale, "axis": axis}
    y = quantity("y", "F1 at the cut", domain=(-0.03, 1.03))
    size = {"field": "n", "type": "quantitative", "legend": None, "scale": {"range": [36, 900], "domainMin": 1}}
    tooltip = [
        {"field": "n", "title": "tags"},
        {"field": "names", "title": "which"},
        {"field": "y", "title": "F1", "format": ".0%"},
    ]
    dot = {"type": "circle", "color": BLUE, "opacity": 0.7}
    line = {"type": "line", "color": ORANGE, "strokeWidth": 2.5, "point": {"color": ORANGE, "size": 40}}
    layers = [
        {"mark": dot, "encoding": {"x": x, "y": y, "size": size, "tooltip": tooltip}},
        {"data": {"values": _means(seen, f1)}, "mark": line, "encoding": {"x": x, "y": y}},
    ]
    return specification(360, values, layers)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMES
    return ", ".join(words.clean(name, 60) for name in names[:_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _means(seen: Floats, f1: Floats) -> Values:
    """The mean F1 at a few frequencies."""
    edges = [0, 1, 2, 5, 10, 20, 50, 100, 1000, 10_000, np.inf]
    of_tag = np.digitize(seen, edges)
    parts = [of_tag == number for number in np.unique(of_tag)]
    return [{"x": float(seen[part].mean()), "y": float(f1[part].mean())} for part in parts]
