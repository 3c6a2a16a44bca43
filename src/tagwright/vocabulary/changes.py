"""One vocabulary laid over another so that positions stay: what an update changed, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tagwright.vocabulary.columns import Columns
from tagwright.vocabulary.links import RELATED, Ints, Stated, resolve


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update did to a vocabulary.

    ``kept``: how many tags are in both, whatever their names; ``added``, ``deprecated`` (missing from the update, or
    deprecated by it), ``restored`` (active again): their ids; ``renamed``: (id, old name, new name).
    """

    kept: int
    added: tuple[str, ...]
    deprecated: tuple[str, ...]
    restored: tuple[str, ...]
    renamed: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        return (
            f"{self.kept} tags kept ({len(self.renamed)} renamed), {len(self.added)} added, "
            f"{len(self.deprecated)} deprecated, {len(self.restored)} restored"
        )


def overlay(base: Columns, upper: Columns, find: Callable[[str], int]) -> Columns:
    """``base`` with the tags of ``upper``: known ids (``find`` >= 0) are replaced in place, new ones appended.

    A replaced tag's own links are those of ``upper``; what other tags say of it stays.
    """
    n_base, n_upper = len(base.deprecated), len(upper.deprecated)
    ids = list(upper.ids)
    places = np.fromiter(map(find, ids), dtype=np.int32, count=n_upper)
    new = np.flatnonzero(places < 0)
    places[new] = n_base + np.arange(len(new), dtype=np.int32)
    order = np.arange(n_base + len(new))
    order[places] = n_base + np.arange(n_upper)

    appended = {ids[row]: int(places[row]) for row in new}
    base, upper = _same_languages(base, upper)
    dangling = base.dangling.followed_by(upper.dangling).take(order)
    stated = upper.links.stated
    stated = Stated(places[stated.tags], stated.kinds, places[stated.targets])
    known = _spared(base.links.stated, places, len(order)).followed_by(stated)
    links, dangling = resolve(dangling, lambda key: appended.get(key, find(key)), known)
    return replace(
        base,
        ids=base.ids.followed_by(upper.ids.take(new)),
        labels=base.labels.followed_by(upper.labels).take(order),
        notes=base.notes.followed_by(upper.notes).take(order),
        dangling=dangling,
        links=links,
        deprecated=np.concatenate([base.deprecated, upper.deprecated])[order],
        problems=base.problems + upper.problems,
    )


def update(base: Columns, upper: Columns, find: Callable[[str], int]) -> tuple[Columns, Changes]:
    """``base`` brought to the state of ``upper``: as `overlay`, and what ``upper`` lacks is deprecated."""
    both = overlay(base, upper, find)
    n_base = len(base.deprecated)
    ids = list(both.ids)
    there = np.zeros(len(ids), dtype=np.bool_)
    there[[position for position in map(find, upper.ids) if position >= 0]] = True
    missing = ~there
    missing[n_base:] = False
    deprecated = both.deprecated | missing
    before, after = base.deprecated, deprecated[:n_base]
    names = _names(base), _names(both)
    changes = Changes(
        kept=int(there.sum()),
        added=tuple(ids[n_base:]),
        deprecated=tuple(ids[row] for row in np.flatnonzero(after & ~before)),
        restored=tuple(ids[row] for row in np.flatnonzero(before & ~after)),
        renamed=tuple((ids[row], old, new) for row, (old, new) in enumerate(zip(*names, strict=False)) if old != new),
    )
    return replace(both, deprecated=deprecated, language=upper.language, problems=upper.problems), changes


def _same_languages(base: Columns, upper: Columns) -> tuple[Columns, Columns]:
    """Both with one list of language codes."""
    codes = {code: number for number, code in enumerate(dict.fromkeys(base.languages + upper.languages))}
    numbers = np.array([codes[code] for code in upper.languages], dtype=np.int16)
    labels, notes = upper.labels.renumbered(numbers), upper.notes.renumbered(numbers)
    return replace(base, languages=tuple(codes)), replace(upper, labels=labels, notes=notes)


def _spared(stated: Stated, replaced: Ints, n_tags: int) -> Stated:
    """The links that no replaced tag said itself."""
    gone = np.zeros(n_tags, dtype=np.bool_)
    gone[replaced] = True
    keep = ~(gone[stated.tags] | (gone[stated.targets] & (stated.kinds == RELATED)))
    return Stated(*(column[keep] for column in stated))


def _names(columns: Columns) -> list[str]:
    return list(columns.labels.texts.take(columns.labels.rows[:-1]))
