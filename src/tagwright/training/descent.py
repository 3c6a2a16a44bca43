"""Gradient steps that may be killed at any point: the same command goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar

import tagwright.corpus.disk as disk
from tagwright.errors import ConfigError, OutputError
from tagwright.training.checkpoint import FILE, Checkpoint, keep_best, use_best

_LONGEST_GRADIENT = 1.0

Progress = Callable[[str, int, int | None], None]


@dataclass
class History:
    """What became of a run so far: the mean loss of each step, and (steps done, score) of each look at the dev part.

    ``resumed_at``: how many of the steps an earlier run had done.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[tuple[int, float]] = field(default_factory=list)
    resumed_at: int = 0

    @property
    def best(self) -> tuple[int, float] | None:
        """(steps done, score) where the score was highest, the earliest such; ``None`` where nobody looked."""
        return max(self.scores, key=lambda seen: (seen[1], -seen[0]), default=None)


def refuse_existing(out: Path) -> None:
    """Raises `OutputError` where there is something already."""
    if out.exists():
        raise OutputError("exists already", path=str(out), hint="name a folder that does not exist yet")


class Descent(ABC):
    """A run of steps towards the folder ``out``, which is complete or not there at all.

    Until then the work lies beside it, in a hidden folder ``.<name>.unfinished``. On a CPU the same data, settings and
    number of threads give the same bytes. Raises `OutputError` where ``out`` exists, or another run was not finished.
    """

    # The file in ``out`` that says how it was made, its ``identity`` among it.
    manifest: ClassVar[str] = ""

    def __init__(self, out: Path, *, seed: int) -> None:
        self.out, self._seed = out, seed
        self.work = out.with_name(f".{out.name}.unfinished")

    def run(self, progress: Progress | None = None) -> History:
        """Carries the steps out, or goes on where a killed run stopped, and publishes."""
        progress = progress or (lambda stage, done, total: None)
        self.refuse()
        steps, optimizer = self.steps, self.optimizer()
        with disk.explained(self.work):
            self.work.mkdir(parents=True, exist_ok=True)
            lock = disk.open_alone(self.work / "lock")
        with lock:
            kept = Checkpoint(self.work / FILE, self.identity)
            losses = kept.load(self.learned, optimizer)
            history = History(losses, kept.scores(), len(losses))
            saved = time.perf_counter()
            for step in range(len(losses), steps):
                if self.enough(history):
                    break
                progress("steps", step, steps)
                history.losses.append(self._step(step, steps, optimizer))
                looked = self._look(step + 1, history)
                if step + 1 < steps and (looked or self.due(step + 1, time.perf_counter() - saved)):
                    kept.save(self.learned, optimizer, history.losses, history.scores)
                    self.told(history, finished=False)
                    saved = time.perf_counter()
            progress("steps", steps, steps)
            if history.best is not None:
                use_best(self.work, history.best[0], self.learned)
            self.publish(history)
            self.told(history, finished=True)
            shutil.rmtree(self.work, ignore_errors=True)
        return history

    def carried_out(self) -> bool:
        """Whether ``out`` is there already, made by this very run."""
        try:
            said = json.loads((self.out / self.manifest).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(said, dict) and said.get("identity") == self.identity

    def refuse(self) -> None:
        """Raises `OutputError` where there is something in the way."""
        if self.out.exists():
            if self.carried_out():  # killed when all was done but the clearing away
                shutil.rmtree(self.work, ignore_errors=True)
            refuse_existing(self.out)

    @property
    @abstractmethod
    def steps(self) -> int:
        """How many steps there are, unless `enough` ends them earlier."""

    @property
    @abstractmethod
    def learned(self) -> Sequence[Any]:
        """The parameters that are learned, always in the same order."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Names what the run's outcome depends on."""

    @abstractmethod
    def optimizer(self) -> Any:
        """A new one over `learned`; a group may say which ``share`` of the rate is its own."""

    @abstractmethod
    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step (from 0)."""

    @abstractmethod
    def descend(self, step: int) -> float:
        """Adds up the gradient of a step (from 0); the mean loss. Chance of a step hangs on the step alone."""

    @abstractmethod
    def publish(self, history: History) -> None:
        """Writes what was learned into ``out``, in one move."""

    def due(self, done: int, seconds: float) -> bool:
        """Whether to save after so many steps, so many seconds after the last time."""
        return False

    def look(self, done: int) -> float | None:
        """The score on the dev part after so many steps, higher = better; ``None`` where it is not yet time."""
        return None

    def enough(self, history: History) -> bool:
        """Whether going on would be in vain."""
        return False

    def told(self, history: History, *, finished: bool) -> None:  # noqa: B027 - some runs tell nobody
        """Called whenever a checkpoint was written, and at the end."""

    def _look(self, done: int, history: History) -> bool:
        score = self.look(done)
        if score is None:
            return False
        before = history.best
        history.scores.append((done, score))
        if history.best != before:
            keep_best(self.work, done, self.learned, before=None if before is None else before[0])
        return True

    def _step(self, step: int, steps: int, optimizer: Any) -> float:
        import torch

        # Chance (dropout) of a step depends on the step alone, so that a run that goes on meets what it would have met.
        torch.manual_seed(self._seed * 1_000_003 + step)
        loss = self.descend(step)
        if not isfinite(loss):
            raise ConfigError(f"the loss is {loss} at step {step + 1}", hint="a lower learning rate, or more warm-up")
        torch.nn.utils.clip_grad_norm_(self.learned, _LONGEST_GRADIENT)
        for group in optimizer.param_groups:
            group["lr"] = self.rate(step, steps) * group.get("share", 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return round(loss, 6)
