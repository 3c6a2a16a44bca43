"""Teaches a cross-encoder which tags fit a document, on a CPU or a GPU; the outcome is served without PyTorch."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.corpus.disk as disk
from tagwright.candidates import Floats
from tagwright.encoders.folder import MODEL
from tagwright.encoders.onnx import open_session
from tagwright.encoders.weights import Folder
from tagwright.errors import InputError
from tagwright.recall.spaces import tag_texts, text_of
from tagwright.rerank.cross import MANIFEST, Pair, Served
from tagwright.training.crossgroups import Group, Groups, level, ndcg
from tagwright.training.crossmodel import LOSSES, CrossModel
from tagwright.training.descent import History
from tagwright.training.device import device_of, need_extras, numbers
from tagwright.training.encoder import base_of
from tagwright.training.lessons import Lessons
from tagwright.training.lessonsrun import LessonsRun
from tagwright.training.options import CrossTraining
from tagwright.training.schedule import Watch
from tagwright.version import VERSION as __version__

# Groups whose probabilities add up to the number of their right tags, and those that int8 is compared by.
_LEVELLED, _COMPARED = 100, 10
# A pass without gradients costs about a third of one with them.
_FORWARD = 1 / 3


@dataclass(frozen=True)
class CrossPlan:
    """What teaching a cross-encoder will take: ``documents`` it learns from, ``dev`` ones, ``steps``.

    ``pairs``: right pairs of a document and a tag. ``seconds`` it will take here at most, by the measure of a few
    steps.
    """

    documents: int
    pairs: int
    dev: int
    steps: int
    device: str
    seconds: float


class CrossRun(LessonsRun):
    """One teaching: `plan` tells what it will take, `run` does it, or goes on where a killed one stopped.

    ``out`` becomes a folder that `tagwright.rerank.cross.Cross` serves. Raises `OutputError`, `InputError`,
    `ConfigError`, `MissingExtraError`.
    """

    manifest = MANIFEST

    def __init__(
        self, lessons: Lessons, dev: Lessons, seen: Iterable[str], out: Path, settings: CrossTraining,
        watch: Watch | None = None,
    ) -> None:  # fmt: skip
        super().__init__(lessons, dev, seen, out, settings, watch)
        need_extras("torch", "sentence_transformers", "onnx", "onnxruntime")
        self.settings = settings
        options = {"batch": settings.batch, "wrong": settings.wrong, "most": settings.chunk, "seed": settings.seed}
        self._groups, self._dev = Groups(lessons, **options), Groups(dev, **options).all()
        if not len(self._groups.rows):
            raise InputError(
                "there is nothing to tell apart: no tagged document, or all have the same tags",
                hint="tagwright train CORPUS first",
            )

    @cached_property
    def plan(self) -> CrossPlan:
        """What the run will take; nothing is learned by asking."""
        self.refuse()
        passed = sum(len(group.tags) for group in self._dev) / sum(len(group.tags) for group in self._groups.step(0))
        looks = _FORWARD * passed * self.settings.looks * self.settings.epochs
        return CrossPlan(
            len(self._groups.rows), self.lessons.pairs, len(self._dev), self.steps, self._device,
            self.seconds_a_step() * (self.steps + looks),
        )  # fmt: skip

    def seconds(self) -> float:
        """What the plan says."""
        return self.plan.seconds

    @property
    def an_epoch(self) -> int:
        """So many batches are in all documents."""
        return self._groups.steps

    @cached_property
    def learned(self) -> list[Any]:
        """All of the model."""
        return self._model.learned

    @cached_property
    def identity(self) -> str:
        """Names settings, data and base."""
        return self.named(self.settings, self._model.base, apart=("base",))

    def descend(self, step: int) -> float:
        """The loss of the step's groups, each counting the same; whole groups pass together, as many as may."""
        self._model.train(True)
        groups, total = self._groups.step(step), 0.0
        paired = sorted(self._paired(self.lessons, groups), key=lambda one: max(len(ids) for ids, _ in one[1]))
        for part in _packed(paired, self.settings.chunk):
            with numbers(self._device):
                logits = self._model.logits([pair for _, pairs in part for pair in pairs])
            split = logits.split([len(pairs) for _, pairs in part])
            loss = sum(
                LOSSES[self.settings.loss](own[: len(group.wrong)], own[len(group.wrong) :])
                for (group, _), own in zip(part, split, strict=True)
            ) / len(groups)
            loss.backward()
            total += float(loss.detach())
        return total

    def look(self, done: int) -> float | None:
        """The mean nDCG@10 of the order of each dev document's right and likely wrong tags, where it is time to."""
        if not self._dev or not self.time_to_look(done):
            return None
        logits = self._judged(self.dev, self._dev)
        return float(np.mean([ndcg(own, len(group.wrong)) for group, own in zip(self._dev, logits, strict=True)]))

    def publish(self, history: History) -> None:
        """Exports graph and tokenizer beside, and renames them into place as a whole."""
        made = self.work / "made"
        shutil.rmtree(made, ignore_errors=True)
        lessons, groups = (self.dev, self._dev) if self._dev else (self.lessons, self._groups.all())
        groups = groups[:_LEVELLED]
        self._level(lessons, groups)
        with disk.explained(self.out):
            made.mkdir()
            self._model.write(made)
            self._seen.write(made)
            compared = self._compared(made, lessons, groups[:_COMPARED])
            Folder.write(made, MANIFEST, self._said(history) | {"int8": compared})
            disk.replace(made, self.out)

    # --- the model -----------------------------------------------------------------------------------------------

    @cached_property
    def _device(self) -> str:
        return device_of(self.settings.device)

    @cached_property
    def _model(self) -> CrossModel:
        base = base_of(self.settings.base)
        return CrossModel.over(base, length=self.settings.length, seed=self.settings.seed, device=self._device)

    def _paired(self, lessons: Lessons, groups: Sequence[Group]) -> Iterator[tuple[Group, list[Pair]]]:
        """Each group with its pairs, in the order of its tags."""
        reader = self._model.reader
        tags = np.unique(np.concatenate([group.tags for group in groups]))
        texts = dict(zip(tags.tolist(), map(reader.tag, tag_texts(lessons.vocabulary, tags)), strict=True))
        for group in groups:
            document = reader.document(text_of(lessons.documents[group.row]))
            yield group, [reader.pair(texts[tag], document) for tag in group.tags.tolist()]

    def _judged(self, lessons: Lessons, groups: Sequence[Group], *, exact: bool = False) -> list[Floats]:
        """(n_tags,) logits of each group, nothing learned; pairs of about one length pass together.

        ``exact``: in float32, whatever the device would rather compute in.
        """
        import torch

        self._model.train(False)
        paired = [pairs for _, pairs in self._paired(lessons, groups)]
        flat = [pair for pairs in paired for pair in pairs]
        order = sorted(range(len(flat)), key=lambda n: len(flat[n][0]))
        found = np.empty(len(flat), dtype=np.float32)
        with torch.no_grad(), nullcontext() if exact else numbers(self._device):
            for start in range(0, len(flat), self.settings.chunk):
                part = order[start : start + self.settings.chunk]
                found[part] = self._model.logits([flat[n] for n in part]).cpu().numpy()
        return np.split(found, np.cumsum([len(pairs) for pairs in paired])[:-1])

    def _level(self, lessons: Lessons, groups: Sequence[Group]) -> None:
        """Moves all logits alike, so that their sigmoids are probabilities: the decoupled loss sees differences only.

        They add up to the number of right tags.
        """
        import torch

        logits = np.concatenate(self._judged(lessons, groups)).astype(np.float64)
        right = np.concatenate([np.arange(len(group.tags)) >= len(group.wrong) for group in groups])
        with torch.no_grad():
            self._model.head.bias += level(logits, right)

    def _compared(self, folder: Path, lessons: Lessons, groups: Sequence[Group]) -> dict[str, float]:
        """How near the scores of int8 are to those of PyTorch: the mean and the largest difference.

        ``order``: the share of pairs of tags of a document that both put in the same order.
        """
        served = Served(self._model.reader, open_session(folder / MODEL, (folder / MODEL).read_bytes()))
        apart, alike = [], []
        paired = self._paired(lessons, groups)
        for own, (_, pairs) in zip(self._judged(lessons, groups, exact=True), paired, strict=True):
            theirs = served.logits(pairs)
            apart.append(np.abs(1 / (1 + np.exp(-own)) - 1 / (1 + np.exp(-theirs))))
            places = np.array(list(combinations(range(len(own)), 2))).T
            alike.append((own[places[0]] > own[places[1]]) == (theirs[places[0]] > theirs[places[1]]))
        differences, order = np.concatenate(apart), np.concatenate(alike)
        return {
            "pairs": len(differences), "mean": float(differences.mean()), "largest": float(differences.max()),
            "order": float(order.mean()),
        }  # fmt: skip

    def _said(self, history: History) -> dict[str, Any]:
        import torch

        return {
            "identity": self.identity, "length": self._model.reader.length, "tagwright": __version__,
            "torch": torch.__version__, "threads": torch.get_num_threads(), "base": self._model.base,
            "settings": asdict(self.settings) | {"device": self._device}, "documents": len(self._groups.rows),
            "pairs": self.lessons.pairs, "dev": len(self._dev), "losses": history.losses, "ndcg@10": history.scores,
            "best": None if history.best is None else list(history.best),
        }  # fmt: skip


def _packed(paired: Iterable[tuple[Group, list[Pair]]], chunk: int) -> Iterator[list[tuple[Group, list[Pair]]]]:
    """Groups in their order, so many together as have ``chunk`` pairs at most."""
    pack: list[tuple[Group, list[Pair]]] = []
    for one in paired:
        if pack and sum(len(pairs) for _, pairs in [*pack, one]) > chunk:
            yield pack
            pack = []
        pack.append(one)
    yield pack
