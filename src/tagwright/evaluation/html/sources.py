"""Pictures of where the tags come from: what each recall channel found, and which channels found the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import tagwright.evaluation.html.words as words
from tagwright.evaluation.channels import TOGETHER
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import Column, Figure, Panel, Table, nothing
from tagwright.evaluation.html.marks import named_bars
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import share
from tagwright.evaluation.ranked import Ints, Ranked

_MOST_SETS = 12
_NOWHERE = "It was not saved which channel found what; eval --save-candidates keeps it."


def recall(facts: Facts) -> Figure:
    """The share of the gold tags that each channel found, and that it alone found."""
    name, title = "channels", "Which channels find the right tags?"
    reading = (
        "A channel is one way to look for tags. A bar is the share of the gold tags that the channel found anywhere "
        "in its list (mean over documents); the dark part is what no other channel found, so what would be lost "
        "without it."
    )
    ratios = facts.report.ratios
    channels = [c for c in _channels(facts) if f"R[{c}]" in ratios]
    if not channels:
        return nothing(name, title, reading, _NOWHERE)
    found = [(words.clean(c), ratios[f"R[{c}]"].value, ratios[f"alone[{c}]"].value) for c in channels]
    rows = sorted(found, key=lambda row: -row[1])
    rows.append((_all(channels), ratios[f"R[{TOGETHER}]"].value, float("nan")))
    known = [row for row in rows if np.isfinite(row[1])]
    if not known:
        return nothing(name, title, reading, "There are no gold tags, so there is nothing to find.")
    bars = [(c, share_found, _end(share_found, alone)) for c, share_found, alone in known]
    drawn = named_bars(bars, most=1.3, parts=[np.nan_to_num(r[2]) for r in known])
    columns = (Column("channel"), Column("found", "share"), Column("found by it alone", "share"))
    says = (
        f"All channels together found {words.percent(rows[-1][1])} of the gold tags; the best one, {rows[0][0]}, "
        f"found {words.percent(rows[0][1])}."
    )
    return Figure(
        name, title, reading, says, [Panel("", drawn)], Table("Gold tags found by each channel", columns, rows)
    )


def _all(channels: list[str]) -> str:
    return "all together" if len(channels) > 1 else "in all"


def _end(found: float, alone: float) -> str:
    return words.percent(found) + (f" · {words.percent(alone, 1)} alone" if np.isfinite(alone) else "")


def overlap(facts: Facts) -> Figure:
    """How many gold tags each set of channels found together."""
    name, title = "overlap", "Do the channels find the same tags?"
    reading = (
        "Each gold tag of each document is counted once, with exactly those channels that found it. Long bars with "
        "many names are easy tags; a long bar with one name is work that only this channel does."
    )
    sets = _sets(facts)
    if sets is None:
        return nothing(name, title, reading, _NOWHERE)
    total = sum(sets.values())
    if not total:
        return nothing(name, title, reading, "There are no gold tags, so there is nothing to find.")
    rows = [
        (found or "no channel", n, share(n, total)) for found, n in sorted(sets.items(), key=lambda s: (-s[1], s[0]))
    ]
    bars = [(found, part, f"{words.count(n)} · {words.percent(part, 1)}") for found, n, part in rows[:_MOST_SETS]]
    shown = f" The {_MOST_SETS} most frequent of {len(rows)} sets are drawn." if len(rows) > _MOST_SETS else ""
    nowhere = words.percent(share(sets.get("", 0), total))
    says = f"{nowhere} of {words.counted(total, 'gold tag')} were found by no channel.{shown}"
    columns = (Column("found by exactly"), Column("gold tags", "count"), Column("share", "share"))
    drawn = named_bars(bars)
    table = Table("Gold tags by the set of channels that found them", columns, rows)
    return Figure(name, title, reading, says, [Panel("", drawn)], table)


def _channels(facts: Facts) -> dict[str, list[str]]:
    found = facts.saved.settings.get("channels")
    return {str(name): list(columns) for name, columns in found.items()} if isinstance(found, Mapping) else {}


def _sets(facts: Facts) -> dict[str, int] | None:
    """How many gold tags each set of channels found, by the set's names; "" is no channel."""
    channels = {name: columns for name, columns in _channels(facts).items() if columns}
    if not channels:
        return None
    table, gold = facts.saved.candidates, facts.saved.gold
    judged = Judged.judge(Ranked(table.offsets, table.tags.astype(np.int64), np.zeros(table.n_pairs)), gold)
    hits = np.flatnonzero((gold.sizes > 0)[table.documents])[judged.hits]
    said = [np.any([~np.isnan(table.column(c)[hits]) for c in columns], axis=0) for columns in channels.values()]
    rows, numbers = np.unique(np.array(said).T, axis=0, return_counts=True)
    names = [words.clean(name) for name in channels]
    found = {
        " + ".join(n for n, one in zip(names, row, strict=True) if one): int(k) for row, k in _pairs(rows, numbers)
    }
    missing = len(judged.gold_tags) - len(hits)
    return {**found, "": found.get("", 0) + missing} if missing else found


def _pairs(rows: np.ndarray, numbers: Ints) -> list[tuple[list[bool], int]]:
    return list(zip(rows.tolist(), numbers.tolist(), strict=True))
