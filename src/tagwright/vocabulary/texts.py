"""The texts of all tags in one table: any number a tag, each with its kind and language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagwright.vocabulary.strings import Strings

# Kinds of labels, strongest first.
NAME, PREFERRED, SYNONYM, HIDDEN = range(4)
# Kinds of notes.
DESCRIPTION, NOTATION = range(2)


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts in the order of the tags.

    ``rows`` (n_tags+1,) int32: tag ``t`` has the texts ``rows[t]`` to ``rows[t+1]``; ``texts`` n_texts strings;
    ``kinds`` (n_texts,) int8; ``languages`` (n_texts,) int16, numbers into the vocabulary's list of language codes.
    """

    rows: NDArray[np.int32]
    texts: Strings
    kinds: NDArray[np.int8]
    languages: NDArray[np.int16]

    @property
    def tags(self) -> NDArray[np.int32]:
        """(n_texts,) int32: the tag of each text."""
        return np.repeat(np.arange(len(self.rows) - 1, dtype=np.int32), np.diff(self.rows))

    def of(self, tag: int) -> Iterator[tuple[int, int, str]]:
        """(kind, language number, text) of each text of one tag."""
        start, stop = int(self.rows[tag]), int(self.rows[tag + 1])
        kinds, languages = self.kinds[start:stop].tolist(), self.languages[start:stop].tolist()
        return zip(kinds, languages, self.texts[start:stop], strict=True)

    def take(self, tags: NDArray[np.integer]) -> Texts:
        """The table of these tags, in that order."""
        lengths = np.diff(self.rows)[tags]
        rows = offsets(lengths)
        places = np.repeat(self.rows[tags] - rows[:-1], lengths) + np.arange(rows[-1], dtype=np.int32)
        return Texts(rows, self.texts.take(places), self.kinds[places], self.languages[places])

    def where(self, keep: NDArray[np.bool_]) -> Texts:
        """Only the texts for which ``keep`` (n_texts,) is true; tags stay, even without a text."""
        kept = np.flatnonzero(keep)
        rows = np.concatenate([[0], np.cumsum(keep)])[self.rows].astype(np.int32)
        return Texts(rows, self.texts.take(kept), self.kinds[kept], self.languages[kept])

    def followed_by(self, other: Texts) -> Texts:
        """The table of this one's tags and then the other's; both number the languages alike."""
        return Texts(
            np.concatenate([self.rows, other.rows[1:] + self.rows[-1]]).astype(np.int32),
            self.texts.followed_by(other.texts),
            np.concatenate([self.kinds, other.kinds]),
            np.concatenate([self.languages, other.languages]),
        )

    def renumbered(self, languages: NDArray[np.int16]) -> Texts:
        """The table with language ``l`` now called ``languages[l]``."""
        return Texts(self.rows, self.texts, self.kinds, languages[self.languages])


def offsets(lengths: NDArray[np.integer]) -> NDArray[np.int32]:
    """(n+1,) int32: where each of n groups of these lengths begins, and the end."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
