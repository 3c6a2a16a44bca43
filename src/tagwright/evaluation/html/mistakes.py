"""Pictures of what goes wrong: tags given in the place of others, and tags that go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tagwright.evaluation.html.words as words
from tagwright.evaluation.html.colours import BLUE, FAINT, ORANGE
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import Column, Figure, Panel, Table, Values, nothing, specification
from tagwright.evaluation.html.marks import named_bars
from tagwright.evaluation.ranked import Ints
from tagwright.evaluation.reliability import DEPTH

_MOST_PAIRS = 30
_MOST_TAGS = 25
_SQUARE = 19  # pixels
_CHUNK = 4_000_000  # pairs looked at in one go: 100 MB


def confusions(facts: Facts) -> Figure:
    """The pairs of a wrong suggestion and a missed gold tag that meet most often in one document."""
    name, title = "confusions", "Which tags are mistaken for others?"
    reading = (
        "Each bar counts the documents in which the first tag was given although people had not, while the second, "
        "which people had given, was missed. Two names for nearly the same thing are often worth a look in the "
        "vocabulary."
    )
    found = confused(facts)
    if not found:
        return nothing(name, title, reading, "No tag was given in the place of the same other tag in two documents.")
    rows = [(facts.name(wrong), facts.name(missed), n) for wrong, missed, n in found[:_MOST_PAIRS]]
    bars = [(f"{one}  →  {other}", float(n), words.count(n)) for one, other, n in rows]
    columns = (Column("given, but not gold"), Column("gold, but missed"), Column("documents", "count"))
    wrong, missed, n = rows[0]
    says = f"Most often “{wrong}” was given where “{missed}” was missed: in {words.counted(n, 'document')}."
    drawn = named_bars(bars)
    table = Table("Wrong suggestions and missed gold tags in the same document", columns, rows)
    return Figure(name, title, reading, says, [Panel("", drawn)], table)


def confused(facts: Facts) -> list[tuple[int, int, int]]:
    """(wrong tag, missed tag, documents), most frequent first, of the pairs that meet in two documents or more.

    Of each document the first `DEPTH` suggestions count: an uncut list would confuse everything with everything.
    """
    judged = facts.judged
    missed = facts.missed & (judged.gold_tags >= 0)
    wrong = facts.given & ~judged.hits & (judged.ranks < DEPTH)
    keys, numbers = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for key in _crossed(judged.rows[wrong], judged.tags[wrong], judged.gold_rows[missed], judged.gold_tags[missed]):
        some, counts = np.unique(key, return_counts=True)
        keys.append(some)
        numbers.append(counts)
    pairs, of_key = np.unique(np.concatenate(keys), return_inverse=True)
    counts = np.bincount(of_key, weights=np.concatenate(numbers), minlength=len(pairs)).astype(np.int64)
    order = np.lexsort((pairs, -counts))[: 10 * _MOST_PAIRS]
    both, often = pairs[order], counts[order].tolist()
    found = zip((both >> 32).tolist(), (both & 0xFFFFFFFF).tolist(), often, strict=True)
    return [(wrong, missed, n) for wrong, missed, n in found if n > 1]


def _crossed(rows: Ints, tags: Ints, other_rows: Ints, others: Ints) -> Iterator[Ints]:
    """Every tag with every one of the ``others`` in the same document, as one number each; some documents at a time."""
    size = int(max(rows.max(initial=-1), other_rows.max(initial=-1))) + 1
    n_others = np.bincount(other_rows, minlength=size)
    first = np.cumsum(n_others) - n_others
    lengths = n_others[rows]
    for part in np.array_split(np.arange(len(rows)), int(lengths.sum()) // _CHUNK + 1):
        times = lengths[part]
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        yield (np.repeat(tags[part], times) << 32) + others[np.repeat(first[rows[part]], times) + within]


def together(facts: Facts) -> Figure:
    """The most frequent gold tags, and how often two of them meet: as people gave them, and as the machine did."""
    name, title = "co-occurrence", "Do the tags that belong together come together?"
    reading = (
        f"The {_MOST_TAGS} most frequent gold tags against each other: the darker a square, the more documents carry "
        "both tags. The two pictures should look alike; a square that is dark on one side only is a habit that the "
        "machine lacks, or has too much."
    )
    judged = facts.judged
    tags, uses = np.unique(judged.gold_tags[judged.gold_tags >= 0], return_counts=True)
    tags = tags[np.lexsort((tags, -uses))[:_MOST_TAGS]]
    if len(tags) < 2:
        return nothing(
            name, title, reading, "There are fewer than two gold tags of the vocabulary, so no two can meet."
        )
    gold = _meetings(tags, judged.gold_rows, judged.gold_tags, judged.n_documents)
    machine = _meetings(tags, judged.rows[facts.given], judged.tags[facts.given], judged.n_documents)
    most = int(max(gold.max(), machine.max()))
    if not most:
        return nothing(name, title, reading, "No document has two of the most frequent tags, by people or by machine.")
    names = [facts.name(tag) for tag in tags.tolist()]
    pairs = [(i, j) for i in range(len(tags)) for j in range(i) if gold[i, j] or machine[i, j]]
    pairs.sort(key=lambda p: (-gold[p], -machine[p]))
    rows = [(names[j], names[i], int(gold[i, j]), int(machine[i, j])) for i, j in pairs]
    panels = [
        Panel("as people tagged", _map(names, gold, most, BLUE)),
        Panel("as the machine tagged", _map(names, machine, most, ORANGE)),
    ]
    columns = (Column("tag"), Column("other tag"), Column("gold", "count"), Column("machine", "count"))
    says = _most_often(rows) + (
        f" Taken together, people gave two of these tags to one document {int(gold.sum()) // 2:,} times, the machine "
        f"{int(machine.sum()) // 2:,} times."
    )
    return Figure(name, title, reading, says, panels, Table("Documents with both tags", columns, rows))


def _most_often(rows: Sequence[tuple[str, str, int, int]]) -> str:
    a, b, gold, machine = rows[0]
    return f"“{a}” and “{b}” meet most often: {gold:,} times in gold, {machine:,} times by machine."


def _meetings(tags: Ints, rows: Ints, given: Ints, n_documents: int) -> NDArray[np.int64]:
    """(n_tags, n_tags) documents that carry both tags; 0 for a tag with itself."""
    order = np.argsort(tags)
    at = np.minimum(np.searchsorted(tags[order], given), len(tags) - 1)
    known = tags[order][at] == given
    has = np.zeros((n_documents, len(tags)), dtype=np.float32)
    has[rows[known], order[at[known]]] = 1
    both: NDArray[np.int64] = np.round(has.T @ has).astype(np.int64)
    np.fill_diagonal(both, 0)
    return both


def _map(names: Sequence[str], meetings: NDArray[np.int64], most: int, colour: str) -> dict[str, Any]:
    labels = [f"{i + 1}  {name}" for i, name in enumerate(names)]
    values: Values = [
        {"x": str(j + 1), "y": labels[i], "n": int(meetings[i, j]), "pair": f"{names[i]} + {names[j]}"}
        for i in range(len(names))
        for j in range(len(names))
        if i != j
    ]
    numbers = [str(i + 1) for i in range(len(names))]
    x = {"field": "x", "type": "ordinal", "sort": numbers, "axis": {"title": None, "labelAngle": 0, "orient": "top",
         "labelOverlap": True, "labelFontSize": 10}}  # fmt: skip
    y = {"field": "y", "type": "ordinal", "sort": labels, "axis": {"title": None, "labelLimit": 150,
         "labelFontSize": 11, "labelAlign": "left", "labelPadding": 152}}  # fmt: skip
    tooltip = [{"field": "pair", "title": "tags"}, {"field": "n", "title": "documents"}]
    opacity = {"field": "n", "type": "quantitative", "legend": None,
               "scale": {"type": "sqrt", "domain": [0, most], "range": [0, 1]}}  # fmt: skip
    square = {"type": "rect", "cornerRadius": 2, "stroke": "var(--card)", "strokeWidth": 1}
    layers: list[dict[str, Any]] = [
        {"mark": {**square, "color": FAINT}, "encoding": {"x": x, "y": y}},
        {"mark": {**square, "color": colour}, "encoding": {"x": x, "y": y, "opacity": opacity, "tooltip": tooltip}},
    ]
    return specification(_SQUARE * len(names), values, layers)
