"""Which tags are linked, in both directions: broader and narrower, related, replaced by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagwright.vocabulary.texts import Texts, offsets

Ints = NDArray[np.int32]

RELATIONS = ("broader", "narrower", "related", "replaced_by")
BROADER, NARROWER, RELATED, REPLACED_BY = range(4)
_MIRRORS = np.array([NARROWER, BROADER, RELATED, -1], dtype=np.int8)


class Stated(NamedTuple):
    """Links as somebody states them: (n,) positions, (n,) int8 numbers into `RELATIONS`, (n,) positions."""

    tags: Ints
    kinds: NDArray[np.int8]
    targets: Ints

    def followed_by(self, other: Stated) -> Stated:
        """These links and then the others."""
        return Stated(
            np.concatenate([self.tags, other.tags]),
            np.concatenate([self.kinds, other.kinds]),
            np.concatenate([self.targets, other.targets]),
        )


@dataclass(frozen=True, eq=False)
class Links:
    """Links between tags of one vocabulary, grouped by tag.

    ``rows`` (n_tags+1,) int32: tag ``t`` has the links ``rows[t]`` to ``rows[t+1]``; ``targets`` (n_links,) int32
    positions; ``kinds`` (n_links,) int8, numbers into `RELATIONS`. Every broader has its narrower and the reverse,
    every related its mirror.
    """

    rows: Ints
    targets: Ints
    kinds: NDArray[np.int8]

    @classmethod
    def complete(cls, n_tags: int, stated: Stated) -> Links:
        """All links that follow from the stated ones; none twice, no tag with itself, in stated order."""
        tags, kinds, targets = (column[stated.tags != stated.targets] for column in stated)
        mirrors = _MIRRORS[kinds]
        mirrored = mirrors >= 0
        sources = np.concatenate([tags, targets[mirrored]]).astype(np.int64)
        ends = np.concatenate([targets, tags[mirrored]]).astype(np.int64)
        sorts = np.concatenate([kinds, mirrors[mirrored]])
        _, first = np.unique((sources * len(RELATIONS) + sorts) * n_tags + ends, return_index=True)
        first.sort()
        order = first[np.lexsort((sorts[first], sources[first]))]
        rows = offsets(np.bincount(sources[order], minlength=n_tags))
        return cls(rows, ends[order].astype(np.int32), sorts[order])

    def of(self, tag: int, kind: int) -> Ints:
        """(n,) int32: the tags that one tag is linked with."""
        start, stop = self.rows[tag], self.rows[tag + 1]
        targets: Ints = self.targets[start:stop][self.kinds[start:stop] == kind]
        return targets

    def pairs(self, kind: int) -> tuple[Ints, Ints]:
        """(n,) and (n,) int32: all links of one kind, tag and target."""
        chosen = self.kinds == kind
        return self.tags[chosen], self.targets[chosen]

    @property
    def stated(self) -> Stated:
        """The links without those that `complete` adds by itself."""
        chosen = self.kinds != NARROWER
        return Stated(self.tags[chosen], self.kinds[chosen], self.targets[chosen])

    @property
    def tags(self) -> Ints:
        """(n_links,) int32: the tag of each link."""
        return np.repeat(np.arange(len(self.rows) - 1, dtype=np.int32), np.diff(self.rows))


def resolve(named: Texts, find: Callable[[str], int], known: Stated | None = None) -> tuple[Links, Texts]:
    """The links to the tags that ``named`` names by id (kinds as in `RELATIONS`), and the names nobody bears.

    ``find`` gives a tag's position or -1; ``known`` are links that need no resolving.
    """
    targets = np.fromiter(map(find, named.texts), dtype=np.int32, count=len(named.kinds))
    there = targets >= 0
    stated = Stated(named.tags[there], named.kinds[there], targets[there])
    if known is not None:
        stated = known.followed_by(stated)
    return Links.complete(len(named.rows) - 1, stated), named.where(~there)
