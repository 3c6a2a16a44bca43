"""What a label-guided classifier is taught with: its settings, its documents, and steps over a few of many tags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError, InputError
from tagwright.recall.labelweights import CLASSIFICATIONS, FROZEN, HEADS, Form
from tagwright.training.contrastive import WEIGHTINGS
from tagwright.training.epochs import Epochs
from tagwright.training.options import require
from tagwright.training.pairdata import PairExamples, cut

# What is left at 0 becomes, by whether vectors are frozen; an encoder learns at the paper's rate.
_USUAL: dict[bool, dict[str, Any]] = {
    True: {"epochs": 8.0, "learning_rate": 1e-3, "batch": 256, "tags": 2000},
    False: {"epochs": 3.0, "learning_rate": 5e-5, "batch": 64, "tags": 256},
}
# Of the drawn tags, the part that no document has: they have a say in the attention, and in nothing else.
_UNUSED = 4

_NOBODY = np.empty(0, dtype=np.int64)

Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LabelTraining:
    """How a label-guided classifier is taught (SEP-MLDC, Eq. 21: L_ce + 0.01 L1 + 0.01 L2).

    ``backbone``: "frozen" (vectors of the project's encoder, which stay as they are), or the folder or name of a
    sentence-transformers model, which learns too. ``head``: "labels" (ends in a vector that is compared with those of
    tags, new ones too) or "linear" (the paper's: a number for each taught tag). ``guided``: features are selected by
    labels; without: -LGFS. ``temperature`` of that attention, 0 = sqrt(d); the paper has none, which is 1. ``hidden``:
    the length of the hidden layer, 0 = 2 d. ``loss``: "bce" or "softmax".

    ``labels_weight`` and ``documents_weight`` of L1 and L2; both 0: -SMCL. ``tau`` and ``weighting`` are theirs. A step
    looks at the tags of its ``batch`` documents, at ``wrong`` likely wrong ones a document, and at ``tags`` drawn ones,
    each of which stands for many. ``dev``: the share of documents (400 at most) by which the best moment is chosen. All
    else is as in `tagwright.training.options.EncoderTraining`; ``titles``, ``length`` and ``chunk`` are of an encoder
    that learns. ``epochs``, ``learning_rate``, ``batch`` and ``tags`` of 0 become what suits the backbone.
    """

    backbone: str = FROZEN
    head: str = "labels"
    guided: bool = True
    temperature: float = 0.0
    hidden: int = 0
    dropout: float = 0.5
    loss: str = "bce"
    weighting: str = "one_minus"
    tau: float = 0.1
    labels_weight: float = 0.01
    documents_weight: float = 0.01
    epochs: float = 0.0
    learning_rate: float = 0.0
    warmup: float = 0.1
    batch: int = 0
    tags: int = 0
    wrong: int = 4
    titles: float = 0.2
    length: int = 128
    chunk: int = 64
    dev: float = 0.03
    looks: int = 1
    patience: int = 3
    seed: int = 0
    save_minutes: float = 5.0
    device: str = "auto"

    def __post_init__(self) -> None:
        for key, usual in _USUAL[self.backbone == FROZEN].items():
            if getattr(self, key) == 0:
                object.__setattr__(self, key, usual)
        require(self, at_least_1=("batch", "tags", "looks", "patience", "length", "chunk"))
        require(self, above_0=("epochs", "learning_rate", "tau", "save_minutes"))
        require(self, shares=("dropout", "warmup", "titles", "dev"))
        for key in ("labels_weight", "documents_weight", "wrong", "temperature", "hidden"):
            if getattr(self, key) < 0:
                raise ConfigError(f"{key} is {getattr(self, key)}, but must not be negative")
        for key, known in (("head", HEADS), ("loss", CLASSIFICATIONS), ("weighting", WEIGHTINGS)):
            if getattr(self, key) not in known:
                raise ConfigError(f"{key} is {getattr(self, key)!r}", hint=f"known are: {', '.join(known)}")

    def form(self, width: int) -> Form:
        """The network for vectors of so many numbers."""
        return Form(width, self.hidden or 2 * width, self.guided, self.head, self.temperature or width**0.5)


@dataclass(frozen=True, eq=False)
class LabelExamples(PairExamples):
    """Documents and tags as vectors, see `PairExamples`; ``tag_ids`` (m,) are the ids of the rows of ``tags``.

    ``written`` {row: (weight below 1, id of the document that it was written after, or "")}: those of a language model.
    """

    tag_ids: Sequence[str] = ()
    written: Mapping[int, tuple[float, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        assert len(self.tag_ids) == len(self.tags), "an id a tag"

    @property
    def weights(self) -> NDArray[np.float64]:
        """(n,) what each document counts."""
        return np.array([self.written.get(row, (1.0, ""))[0] for row in range(len(self.ids))])

    @property
    def seen(self) -> list[str]:
        """The ids of all documents that have a part in what is learned, also by what was written after them."""
        after = [shown for _, shown in self.written.values() if shown]
        return list(dict.fromkeys([*(self.ids[row] for row in self.usable), *after]))

    @cached_property
    def hash(self) -> str:
        """Names all of it."""
        if not self.written:
            return super().hash
        said = [super().hash, sorted((row, *of) for row, of in self.written.items())]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def split(self, share: float, seed: int) -> tuple[Rows, Rows]:
        """As of `PairExamples`, of real documents; what was written after one that is held out, is in neither."""
        real = np.setdiff1d(self.usable, list(self.written))
        if len(real) < 2:
            raise InputError(f"{len(real)} documents have words and tags, but it takes two: one is held out")
        learned, held_out = cut(real, share, seed)
        hidden = {self.ids[row] for row in held_out}
        written = np.setdiff1d(self.usable, real)
        kept = [self.written[row][1] not in hidden for row in written.tolist()]
        return np.union1d(learned, written[np.array(kept, dtype=np.bool_)]), held_out


@dataclass(frozen=True, eq=False)
class Step:
    """Some documents and the tags that they are shown: ``rows`` (b,) and ``tags`` (m,), ascending.

    ``right`` (b, m). ``stands`` (m,) float32: for how many tags each stands, itself among them; that is 1 for all that
    some document of the step has, and for likely wrong ones. ``used`` (m,): which of them any document has at all.
    """

    rows: Rows
    tags: Rows
    right: Bools
    stands: Floats
    used: Bools

    @property
    def own(self) -> Rows:
        """Columns of the tags that stand for themselves alone: the others say nothing of which are alike."""
        return np.flatnonzero(self.stands == 1)

    @property
    def counts(self) -> Floats:
        """(m,): for how many tags each stands in the classification; 0 where nobody has said that it is wrong."""
        return self.stands * self.used


class Steps:
    """Cuts documents into steps; a step depends on its number and the seed alone, and memory on the batch alone.

    Every document comes once an epoch, one of less weight than 1 as often as that says (`Epochs`). ``gold`` and
    ``wrong`` hold, for each of the documents ``rows``, numbers among the ascending ``tags``; a right one among the
    wrong is passed over. Beside those of the step, ``drawn`` others are shown, each for as many as were not drawn: sums
    over all tags keep their expectation. Where there are not so many, all tags are shown.
    """

    def __init__(
        self, gold: Sequence[NDArray[np.integer]], wrong: Sequence[NDArray[np.integer]], rows: Rows, tags: Rows,
        *, batch: int, drawn: int, likely: int, seed: int = 0, weights: NDArray[np.floating] | None = None,
    ) -> None:  # fmt: skip
        self._epochs = Epochs(rows, np.ones(len(rows)) if weights is None else weights, seed)
        self._gold, self._wrong, self._rows, self._tags = gold, wrong, rows, tags
        self._size, self._drawn, self._likely, self._seed = min(batch, self._epochs.size), drawn, likely, seed
        self._used = np.unique(np.concatenate([gold[row] for row in rows])).astype(np.int64)
        self._unused = np.setdiff1d(tags, self._used)

    @property
    def an_epoch(self) -> int:
        """How many steps an epoch has; what does not fill one waits for the next epoch's order."""
        return self._epochs.size // self._size

    def step(self, number: int) -> Step:
        """The step with this number (from 0)."""
        epoch, place = divmod(number, self.an_epoch)
        order = self._epochs.order(epoch)
        rows, random = order[place * self._size : (place + 1) * self._size], self.chance(number)
        own = [self._gold[row] for row in rows]
        shown = np.unique(np.concatenate([*own, *(self._wrong_tags(row, random) for row in rows)])).astype(np.int64)
        used, unused = (np.setdiff1d(pool, shown) for pool in (self._used, self._unused))
        few = min(len(unused), self._drawn // _UNUSED if len(used) + len(unused) > self._drawn else len(unused))
        many = min(len(used), self._drawn - few)
        drawn = [random.choice(pool, n, replace=False) for pool, n in ((used, many), (unused, few))]
        stands = np.repeat([1, len(used) / max(many, 1), len(unused) / max(few, 1)], [len(shown), many, few])
        tags = np.concatenate([shown, *drawn])
        sort = np.argsort(tags)
        tags = tags[sort]
        right = np.zeros((len(rows), len(tags)), dtype=np.bool_)
        for number_of_row, gold in enumerate(own):
            right[number_of_row, np.searchsorted(tags, gold)] = True
        return Step(rows, tags, right, stands[sort].astype(np.float32), np.isin(tags, self._used))

    def chance(self, number: int) -> np.random.Generator:
        """The chance of a step."""
        return np.random.default_rng([self._seed, *divmod(number, self.an_epoch)])

    def _wrong_tags(self, row: int, random: np.random.Generator) -> NDArray[np.integer]:
        likely = np.setdiff1d(self._wrong[row], self._gold[row]) if self._likely else _NOBODY
        return random.choice(likely, min(self._likely, len(likely)), replace=False)
