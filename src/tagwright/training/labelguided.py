"""Teaches a label-guided classifier (SEP-MLDC) over vectors that stay as they are, on a CPU or a GPU."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tagwright.corpus.disk as disk
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError
from tagwright.recall.labelweights import FROZEN, MANIFEST, Floats, Weights
from tagwright.training.descent import History
from tagwright.training.device import device_of, need_extras
from tagwright.training.labeldata import LabelExamples, LabelTraining, Step, Steps
from tagwright.training.labelnetwork import Network, entropy
from tagwright.training.schedule import Scheduled, Watch
from tagwright.training.similarity import document_similarity, partnered
from tagwright.version import VERSION as __version__

_MOST_DEV = 400
# Documents, and steps, that what is said of attention and of partners is the mean of.
LOOKED_AT, COUNTED = 100, 50
_GAINS = 1 / np.log2(np.arange(2, 12))


class LabelRun(Scheduled):
    """One teaching with ``backbone`` "frozen": what is learned are maps of documents and tags, the layers, and biases.

    ``out`` becomes a folder that `tagwright.recall.labelguided.LabelGuided` serves without PyTorch. Of the documents of
    ``examples`` a few choose the best moment, by nDCG@10 among all tags. Raises `OutputError`, `InputError`,
    `ConfigError`, `MissingExtraError`.
    """

    manifest = MANIFEST

    def __init__(self, examples: LabelExamples, out: Path, settings: LabelTraining, watch: Watch | None = None) -> None:
        super().__init__(out, settings, watch)
        need_extras("torch", "safetensors")
        if settings.backbone != FROZEN:
            raise ConfigError(f"backbone is {settings.backbone!r}, but vectors are taught with {FROZEN!r}")
        self.examples, self.settings, self.device = examples, settings, device_of(settings.device)
        usable = examples.usable
        rows, self._dev = examples.split(min(settings.dev, _MOST_DEV / len(usable)), settings.seed)
        self._steps = Steps(
            examples.right, examples.hard, rows, np.arange(len(examples.tags)),
            batch=settings.batch, drawn=settings.tags, likely=settings.wrong, seed=settings.seed,
            weights=examples.weights[rows],
        )  # fmt: skip

    @property
    def an_epoch(self) -> int:
        """So many batches are in all documents."""
        return self._steps.an_epoch

    @cached_property
    def learned(self) -> Sequence[Any]:
        """All of the network."""
        return self._network.learned

    @cached_property
    def identity(self) -> str:
        """Names what the outcome depends on."""
        kept = {key: value for key, value in asdict(self.settings).items() if key != "save_minutes"}
        said = [kept, self.examples.hash, list(self.examples.tag_ids), __version__]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def seconds(self) -> float:
        """How long it will take here if it does all epochs, by the time that a few steps take."""
        return self.steps * self.seconds_a_step()

    def descend(self, step: int) -> float:
        """Eq. 21 for the step's documents."""
        import torch

        shown = self._steps.step(step)
        documents, tags = (torch.from_numpy(vectors).to(self.device) for vectors in self._read(shown))
        loss = self._network.loss(documents, tags, shown)
        loss.backward()
        return float(loss.detach())

    def look(self, done: int) -> float | None:
        """nDCG@10 of the dev part among all tags, as it is served, where it is time to look."""
        if not self.time_to_look(done):
            return None
        weights, of = self._weights(), self.examples
        logits = weights.logits(of.documents[self._dev], weights.placed(of.tags, np.arange(len(of.tags))))
        return ndcg_at_10(logits, [of.right[row] for row in self._dev])

    def publish(self, history: History) -> None:
        """Writes weights and manifest beside, and renames them into place."""
        made = self.work / "made"
        shutil.rmtree(made, ignore_errors=True)
        with disk.explained(self.out):
            made.mkdir()
            form = self._network.write(made, self.examples.tag_ids)
            Seen.from_ids(self.examples.seen).write(made)
            own = {"backbone": FROZEN, "encoder": self.examples.encoder, "documents": len(self.examples.usable)}
            Folder.write(made, MANIFEST, {**form, **own, **self._said(history)})
            disk.replace(made, self.out)

    def _said(self, history: History) -> dict[str, Any]:
        of = self.examples
        steps = [self._steps.step(number) for number in range(min(self.an_epoch, COUNTED))]
        return {
            **told(self.settings, history, self.device), "identity": self.identity,
            "partnered": float(np.mean([partnered(document_similarity(step.right)) for step in steps])),
            "entropy": entropy(self._weights(), of.documents[of.usable[:LOOKED_AT]], of.tags),
        }  # fmt: skip

    @cached_property
    def _network(self) -> Network:
        of, first = self.examples, self._steps.step(0)
        made = Network(self.settings.form(of.tags.shape[1]), len(of.tags), self.settings, self.device)
        made.begin(*self._read(first), first)
        return made

    def _read(self, step: Step) -> tuple[Floats, Floats]:
        """The vectors of the step's documents and tags."""
        return self.examples.documents[step.rows], self.examples.tags[step.tags]

    def _weights(self) -> Weights:
        return Weights(self._network.form, self._network.arrays(), list(self.examples.tag_ids), self.settings.loss)


def ndcg_at_10(logits: Floats, gold: Sequence[NDArray[np.integer]]) -> float:
    """The mean over documents; ``logits`` (n, m), ties to the lower column; of each document some columns are right."""
    best = np.argsort(-logits, axis=1, kind="stable")[:, : len(_GAINS)]
    pairs = zip(best, gold, strict=True)
    found = [_GAINS[: len(row)][np.isin(row, own)].sum() / _GAINS[: len(np.unique(own))].sum() for row, own in pairs]
    return float(np.mean(found))


def told(settings: LabelTraining, history: History, device: str) -> dict[str, Any]:
    """What a manifest says of a teaching."""
    import torch

    return {
        "tagwright": __version__, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "settings": asdict(settings) | {"device": device}, "losses": history.losses, "ndcg@10": history.scores,
        "best": None if history.best is None else list(history.best),
    }  # fmt: skip
