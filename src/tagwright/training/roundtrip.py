"""Whether what is to be written of a tag leads back to it: what a generator writes can be no better than that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tagwright.recall.matcher import Cosines
from tagwright.recall.tagpoints import TagPoints

_BLOCK = 512


@dataclass(frozen=True)
class RoundTrip:
    """``asked``: so many tags have a text; ``lost`` {tag: the tag that its text matched, -1 = none}, both positions.

    A text that several tags share can lead to one of them only; such tags are among the lost.
    """

    asked: int
    lost: dict[int, int]

    @property
    def share(self) -> float:
        """The part of the tags that came back; NaN where none was asked about."""
        return 1 - len(self.lost) / self.asked if self.asked else float("nan")

    @classmethod
    def of(cls, points: TagPoints, text: Callable[[int], str], *, threshold: float = 0.4) -> RoundTrip:
        """Matches the ``text`` of each tag of ``points`` ("" = not asked) with all tags, as LAGAMC does (section 5.4).

        ``threshold`` is the least cosine, as of the channel `described`.
        """
        texts = {tag: text(tag) for tag in points.tags.tolist()}
        asked = [tag for tag, said in texts.items() if said]
        lost: dict[int, int] = {}
        for start in range(0, len(asked), _BLOCK):
            block = asked[start : start + _BLOCK]
            vectors = points.meaning.encoder.encode([texts[tag] for tag in block])
            matched = Cosines.of(vectors, points.vectors, [1] * len(block)).match(threshold)
            found = np.full(len(block), -1, dtype=np.int64)
            found[matched.documents] = points.tags[matched.labels]
            lost.update((tag, back) for tag, back in zip(block, found.tolist(), strict=True) if back != tag)
        return cls(len(asked), lost)
