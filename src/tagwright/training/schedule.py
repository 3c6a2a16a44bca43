"""A descent over documents, epoch by epoch: its rate, when to look and to save, when to end."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, Protocol

from tagwright.training.descent import Descent, History
from tagwright.training.options import slope

_TIMED = 2
_DECAY = 0.01

Watch = Callable[[History, int, bool], None]


class Schedule(Protocol):
    """The settings of any such descent; `tagwright.training.options.EncoderTraining` tells what each one means."""

    @property
    def epochs(self) -> float: ...  # noqa: D102
    @property
    def learning_rate(self) -> float: ...  # noqa: D102
    @property
    def warmup(self) -> float: ...  # noqa: D102
    @property
    def looks(self) -> int: ...  # noqa: D102
    @property
    def patience(self) -> int: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def save_minutes(self) -> float: ...  # noqa: D102


class Scheduled(Descent):
    """A descent as its settings say; ``watch`` is told the history, the number of steps, and whether it is finished."""

    def __init__(self, out: Path, schedule: Schedule, watch: Watch | None) -> None:
        super().__init__(out, seed=schedule.seed)
        self._schedule, self._watch = schedule, watch

    @property
    @abstractmethod
    def an_epoch(self) -> int:
        """How many steps an epoch has."""

    @property
    def steps(self) -> int:
        """As many as the epochs give."""
        return max(ceil(self.an_epoch * self._schedule.epochs), 1)

    def optimizer(self) -> Any:
        """AdamW."""
        import torch

        return torch.optim.AdamW(self.learned, lr=self._schedule.learning_rate, weight_decay=_DECAY)

    def rate(self, step: int, steps: int) -> float:
        """As the settings say."""
        return self._schedule.learning_rate * slope(step, steps, self._schedule.warmup)

    def time_to_look(self, done: int) -> bool:
        """Whether the dev part is looked at after so many steps: some times an epoch, and at the end."""
        return done % max(self.an_epoch // self._schedule.looks, 1) == 0 or done == self.steps

    def enough(self, history: History) -> bool:
        """Whether so many looks have brought nothing better."""
        best = history.best
        return best is not None and sum(done > best[0] for done, _ in history.scores) >= self._schedule.patience

    def due(self, done: int, seconds: float) -> bool:
        """Every few minutes."""
        return seconds > 60 * self._schedule.save_minutes

    def told(self, history: History, *, finished: bool) -> None:
        """Tells whoever watches."""
        if self._watch is not None:
            self._watch(history, self.steps, finished)

    def seconds_a_step(self) -> float:
        """By the time that some steps take here; the first one, which warms up, is not counted. Nothing is learned."""
        rows = [step * self.an_epoch // _TIMED for step in range(_TIMED)]
        self.descend(rows[0])
        started = time.perf_counter()
        for row in rows:
            self.descend(row)
        seconds = (time.perf_counter() - started) / _TIMED
        for parameter in self.learned:
            parameter.grad = None
        return seconds
