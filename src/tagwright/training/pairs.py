"""Teaches the pair model (LLMs4Subjects-Torino, section 2.3), on a CPU or a GPU: which tags belong to a document."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.corpus.disk as disk
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import InputError
from tagwright.rerank.pairs import ARRAYS, MANIFEST, sizes
from tagwright.training.descent import Descent, History, Progress
from tagwright.training.device import device_of, need_extras
from tagwright.training.pairdata import Drawer, Drawn, PairExamples, PairTraining
from tagwright.version import VERSION as __version__

# Steps that are timed before a run, after one that warms up.
_TIMED = 3
# A pass without gradients costs about a third of one with them.
_FORWARD = 1 / 3
# The draw of the pairs that are held out: no epoch has this number.
_HELD_OUT = 2**32 - 1
_SAVED_AFTER = 300.0  # seconds


@dataclass(frozen=True)
class PairsTaught:
    """What came of it: the ``folder``, and of each epoch the mean ``losses`` a pair (learned from, held out) in nats.

    ``best``: the epoch (from 0) whose weights were kept; ``resumed_at``: how many steps an earlier run had done;
    ``seconds`` this one took.
    """

    folder: Path
    losses: tuple[tuple[float, float], ...]
    best: int
    resumed_at: int
    seconds: float


def network(head: str, width: int, dropout: float) -> Any:
    """The module: entrance -> 4 h -> 1024 -> 1, ReLU and dropout after both hidden layers; Kaiming-normal weights."""
    from torch import nn

    first, hidden, last, out = sizes(head, width)
    layers = [nn.Linear(first, hidden), nn.Linear(hidden, last), nn.Linear(last, out)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    one, two, three = layers
    return nn.Sequential(one, nn.ReLU(), nn.Dropout(dropout), two, nn.ReLU(), nn.Dropout(dropout), three)


def entrance(head: str, documents: Any, tags: Any) -> Any:
    """(n, entrance) tensor of vectors of length 1 side by side (n, h): what the network reads of each pair."""
    import torch

    if head == "concat":
        return torch.cat([documents, tags], dim=1)
    # Products of entries are far smaller than entries; without the factor the network learns the cosine late (a loss of
    # 0.03 instead of 0.005 after 8 epochs on made-up pairs that the cosine tells apart).
    product = documents.shape[1] ** 0.5 * documents * tags
    return torch.cat([documents, tags, documents - tags, product], dim=1)


def pair_loss(logits: Any, labels: Any) -> Any:
    """The mean binary cross-entropy of logits.

    The paper prints f(1 - y) with f = log sigmoid for a wrong pair, which only fits a probability y: of a logit it is
    log sigmoid(-y).
    """
    from torch.nn.functional import binary_cross_entropy_with_logits

    return binary_cross_entropy_with_logits(logits, labels)


def seconds(examples: PairExamples, settings: PairTraining) -> float:
    """How long `train_pairs` will take here if it does all epochs, by the time that a few steps take."""
    return PairRun(examples, Path("nowhere"), settings).seconds()


def train_pairs(
    examples: PairExamples, out: Path, settings: PairTraining, *, progress: Progress | None = None
) -> PairsTaught:
    """The pair model, taught and saved as the folder ``out``, or gone on with where a killed run stopped.

    ``out`` is complete or not there at all. On a CPU the same examples, settings and number of threads give the same
    bytes. Raises `OutputError`, `InputError`, `ConfigError`, `MissingExtraError`.
    """
    started = time.perf_counter()
    teaching = PairRun(examples, out, settings)
    history = teaching.run(progress)
    losses, best = teaching.losses(history), teaching.best(history)
    return PairsTaught(out, losses, best, history.resumed_at, time.perf_counter() - started)


class PairRun(Descent):
    """One teaching: `run` does it; after each epoch the documents that are held out are looked at."""

    manifest = MANIFEST

    def __init__(self, examples: PairExamples, out: Path, settings: PairTraining) -> None:
        super().__init__(out, seed=settings.seed)
        need_extras("torch", "safetensors")
        self.examples, self.settings, self.device = examples, settings, device_of(settings.device)
        self._drawer = Drawer(examples)
        self._rows, held_out = examples.split(settings.dev, settings.seed)
        self._held_out = self._drawer.draw(held_out, settings.negatives, self._random(_HELD_OUT))
        self._drawn = (0, self._drawer.draw(self._rows, settings.negatives, self._random(0)))
        if self._drawn[1].labels.all():
            raise InputError("all documents have the same tags, and no hard wrong ones: there is nothing to tell apart")
        self._an_epoch = ceil(len(self._drawn[1].tags) / settings.batch)

    @property
    def steps(self) -> int:
        """Those of all epochs: each epoch has as many pairs as the first."""
        return self.settings.epochs * self._an_epoch

    @property
    def learned(self) -> Sequence[Any]:
        """Weight and bias of each layer, in the order of `ARRAYS`."""
        return list(self._network.parameters())

    @cached_property
    def identity(self) -> str:
        """Names what the outcome depends on."""
        said = [asdict(self.settings), self.examples.hash, __version__]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def optimizer(self) -> Any:
        """AdamW."""
        import torch

        settings = self.settings
        return torch.optim.AdamW(self.learned, lr=settings.learning_rate, weight_decay=settings.weight_decay)

    def rate(self, step: int, steps: int) -> float:
        """The same at every step."""
        return self.settings.learning_rate

    def descend(self, step: int) -> float:
        """The mean loss of a batch, whose wrong tags are those of its epoch."""
        epoch, place = divmod(step, self._an_epoch)
        if self._drawn[0] != epoch:
            self._drawn = (epoch, self._drawer.draw(self._rows, self.settings.negatives, self._random(epoch)))
        self._network.train()
        loss = self._loss(self._drawn[1], place)
        loss.backward()
        return float(loss.detach())

    def look(self, done: int) -> float | None:
        """Minus the mean loss of the pairs that are held out, after each epoch."""
        import torch

        if done % self._an_epoch:
            return None
        self._network.eval()
        n, size = len(self._held_out.tags), self.settings.batch
        with torch.no_grad():
            losses = [float(self._loss(self._held_out, place)) for place in range(ceil(n / size))]
        return -float(np.average(losses, weights=[min(size, n - place * size) for place in range(len(losses))]))

    def enough(self, history: History) -> bool:
        """Whether so many epochs brought nothing."""
        return bool(history.scores) and len(history.scores) - 1 - self.best(history) >= self.settings.patience

    def due(self, done: int, seconds: float) -> bool:
        """Every five minutes, beside the end of each epoch."""
        return seconds > _SAVED_AFTER

    def best(self, history: History) -> int:
        """The epoch (from 0) with the lowest loss on what is held out."""
        return history.best[0] // self._an_epoch - 1 if history.best else 0

    def losses(self, history: History) -> tuple[tuple[float, float], ...]:
        """Of each epoch the mean loss of its steps, and that of what is held out."""
        size = self._an_epoch
        told = [float(np.mean(history.losses[done - size : done])) for done, _ in history.scores]
        return tuple((round(own, 6), round(-score, 6)) for own, (_, score) in zip(told, history.scores, strict=True))

    def seconds(self) -> float:
        """The time of all epochs; what was learned for it is of no use."""
        optimizer = self.optimizer()
        self._step(0, self.steps, optimizer)
        started = time.perf_counter()
        for number in range(_TIMED):
            self._step(number % self._an_epoch, self.steps, optimizer)
        a_step = (time.perf_counter() - started) / _TIMED
        looks = _FORWARD * ceil(len(self._held_out.tags) / self.settings.batch)
        return self.settings.epochs * (self._an_epoch + looks) * a_step

    def publish(self, history: History) -> None:
        """Writes weights and manifest beside, and renames them into place."""
        made = self.work / "pairs"
        shutil.rmtree(made, ignore_errors=True)
        with disk.explained(self.out):
            made.mkdir()
            for name, values in zip(ARRAYS, self.learned, strict=True):
                np.save(made / f"{name}.npy", values.detach().cpu().numpy())
            # The held-out documents chose the epoch, so nothing may be measured on them either.
            Seen.from_ids([self.examples.ids[row] for row in self.examples.usable]).write(made)
            Folder.write(made, MANIFEST, self._said(history))
            disk.replace(made, self.out)

    def _said(self, history: History) -> dict[str, Any]:
        import torch

        return {
            "identity": self.identity, "head": self.settings.head, "width": int(self.examples.tags.shape[1]),
            "encoder": self.examples.encoder,
            "tagwright": __version__, "torch": torch.__version__, "threads": torch.get_num_threads(),
            "settings": asdict(self.settings) | {"device": self.device}, "documents": len(self.examples.usable),
            "losses": [list(both) for both in self.losses(history)], "best": self.best(history),
        }  # fmt: skip

    @cached_property
    def _network(self) -> Any:
        import torch

        torch.manual_seed(self.settings.seed)
        return network(self.settings.head, self.examples.tags.shape[1], self.settings.dropout).to(self.device)

    @cached_property
    def _vectors(self) -> tuple[Any, Any]:
        import torch

        documents, tags = (np.array(rows, dtype=np.float32) for rows in (self.examples.documents, self.examples.tags))
        return torch.from_numpy(documents).to(self.device), torch.from_numpy(tags).to(self.device)

    def _random(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, number])

    def _loss(self, drawn: Drawn, place: int) -> Any:
        """The mean loss of the batch at this place."""
        import torch

        part = slice(place * self.settings.batch, (place + 1) * self.settings.batch)
        documents, tags, labels = (
            torch.from_numpy(values[part]).to(self.device) for values in (drawn.documents, drawn.tags, drawn.labels)
        )
        pairs = entrance(self.settings.head, self._vectors[0][documents], self._vectors[1][tags])
        return pair_loss(self._network(pairs)[:, 0], labels)
