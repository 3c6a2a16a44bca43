"""Who says whether a written text is about its tag: the judge where it can tell, else the project's own channels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from tagwright.candidates import Candidates, Floats
from tagwright.enrichment.tail import Slot
from tagwright.fusion.base import FUSED
from tagwright.generation.judge import Judge
from tagwright.types import Document

# Below this a judge is no judge: one that draws lots has 0.5. A model of 135 million weights has 0.5, too.
TELLS = 0.75
_FEWEST = 5
# Of a dozen tags each is among the best ten: a place says something where few tags have such a place.
_SHARE, _PLACES = 1 / 20, 3


class Verdict(NamedTuple):
    """Whether a text agrees with its tag; ``why`` not, or how sure it is."""

    agrees: bool
    why: str


class Verifier(Protocol):
    """Says of documents whether each is about the tag (position) that it was written for."""

    def verify(self, documents: Sequence[Document], tags: Sequence[int]) -> list[Verdict]:
        """A verdict each."""
        ...


@dataclass
class ByJudge:
    """The judge's probability of Yes must be ``accept`` at least (mechanism of LLM4Tag Eq. 10)."""

    judge: Judge
    accept: float

    def verify(self, documents: Sequence[Document], tags: Sequence[int]) -> list[Verdict]:
        """A verdict each; where the judge gives no answer, nobody has said that the text is about the tag."""
        found = []
        for document, share in zip(documents, self.shares(documents, tags).tolist(), strict=True):
            if np.isnan(share):
                found.append(Verdict(False, f"nobody judged it: {self.judge.notes.of(document.id) or 'no answer'}"))
            elif share < self.accept:
                found.append(Verdict(False, f"the judge says that it is not about the tag (Yes below {self.accept:g})"))
            else:
                found.append(Verdict(True, f"judge {share:.3f}"))
        return found

    def shares(self, documents: Sequence[Document], tags: Sequence[int]) -> Floats:
        """(n,) the probability of Yes; NaN = no answer."""
        table = Candidates.from_pairs(len(documents), np.arange(len(documents)), np.array(tags, dtype=np.int32), {})
        return self.judge.score(documents, table, np.ones(len(documents), dtype=np.bool_)).column(self.judge.name)

    def tells(self, slots: Sequence[Slot], position_of: Callable[[str], int], most: int) -> float:
        """How well it tells the tags of real documents from others: the area under the ROC curve; NaN = not known.

        ``most`` demonstrations are asked about with the tag they stand for, and with one that they do not have.
        """
        pairs = trial(slots, most)
        documents = [document for document, _, _ in pairs]
        right = self.shares(documents, [position_of(tag) for _, tag, _ in pairs])
        wrong = self.shares(documents, [position_of(tag) for _, _, tag in pairs])
        right, wrong = right[~np.isnan(right)], wrong[~np.isnan(wrong)]
        if min(len(right), len(wrong)) < _FEWEST:
            return float("nan")
        above = (right[:, None] > wrong).mean() + 0.5 * (right[:, None] == wrong).mean()
        return float(above)


@dataclass
class ByChannels:
    """The tag must be among the ``best`` of what the project itself finds for the text, by ``fused``.

    Where the vocabulary has few active tags (``n_tags``), `places` are fewer.
    """

    candidates: Callable[[Sequence[Document]], Candidates]
    best: int
    n_tags: int

    @property
    def places(self) -> int:
        """``best``, but at most a twentieth of the tags or three, and at most half of them; one at least."""
        few = min(max(_PLACES, math.ceil(_SHARE * self.n_tags)), self.n_tags // 2)
        return max(1, min(self.best, few))

    def verify(self, documents: Sequence[Document], tags: Sequence[int]) -> list[Verdict]:
        """A verdict each."""
        table, best = self.candidates(documents), self.places
        places, found = table.rank(FUSED), []
        for row, tag in enumerate(tags):
            own = slice(int(table.offsets[row]), int(table.offsets[row + 1]))
            place = places[own][table.tags[own] == tag]
            if len(place) and place[0] < best:
                found.append(Verdict(True, f"own channels, place {int(place[0]) + 1}"))
            else:
                found.append(Verdict(False, f"the tag is not among the best {best} that the project finds for it"))
        return found


def trial(slots: Sequence[Slot], most: int) -> list[tuple[Document, str, str]]:
    """At most ``most`` (demonstration, its tag, a tag that it does not have), evenly spaced; each document once."""
    shown: dict[str, Slot] = {}
    for slot in slots:
        if slot.demonstration is not None:
            shown.setdefault(slot.demonstration.id, slot)
    found = []
    for row in np.unique(np.linspace(0, len(shown) - 1, most).astype(np.int64)).tolist() if shown else []:
        slot = list(shown.values())[row]
        document, others = slot.demonstration, [*slots[row + 1 :], *slots]
        wrong = next((other.tag for other in others if document and other.tag not in (document.tags or ())), None)
        if document is not None and wrong is not None:
            found.append((document, slot.tag, wrong))
    return found
