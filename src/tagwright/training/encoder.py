"""Teaches a sentence encoder how this library indexes, on a CPU or a GPU; the outcome is served without PyTorch."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.corpus.disk as disk
import tagwright.training.losses as losses
from tagwright.encoders.export import Exported, export
from tagwright.encoders.seen import Seen
from tagwright.encoders.transformer import open_sentences
from tagwright.errors import InputError
from tagwright.recall.spaces import text_of
from tagwright.training.descent import History
from tagwright.training.device import device_of, numbers
from tagwright.training.lessons import Lesson, Lessons, Parts, Teacher
from tagwright.training.options import EncoderPlan, EncoderTraining
from tagwright.training.schedule import Scheduled, Watch
from tagwright.version import VERSION as __version__

MANIFEST, SENTENCES = "training.json", "sentences"
FORMAT = 1
# Tags among which those of the dev part are looked for, beside their own: drawn once.
_POOL = 5000
_GAINS = 1 / np.log2(np.arange(2, 12))
# So many tags pass where one document does: their texts are that much shorter.
_TAGS = 8
# What passes together is cut into so many lengths, of so many texts at least.
_LENGTHS, _FEWEST = 4, 16

Tensor = Any


def base_of(base: str) -> str:
    """What is to be opened as the base: of an encoder that was taught, the model in its folder."""
    taught = Path(base) / SENTENCES
    return str(taught) if taught.is_dir() else base


class EncoderRun(Scheduled):
    """One teaching: `plan` tells what it will take, `run` does it, or goes on where a killed one stopped.

    ``out`` becomes a folder that `tagwright.encoders.onnx.Onnx` serves, with the model itself in ``sentences`` and how
    it went in ``training.json``. ``lessons`` are of ``parts.taught``. Raises `OutputError`, `InputError`,
    `ConfigError`, `MissingExtraError`.
    """

    manifest = MANIFEST

    def __init__(
        self, lessons: Lessons, parts: Parts, out: Path, settings: EncoderTraining, watch: Watch | None = None
    ) -> None:
        super().__init__(out, settings, watch)
        self.lessons, self.parts, self.settings = lessons, parts, settings
        self.exported: Exported | None = None
        if not lessons.documents:
            raise InputError("there is no tagged document to learn from", hint="tagwright train CORPUS first")
        self._teacher = Teacher(
            lessons, batch=min(settings.batch, len(lessons.documents)), wrong=settings.wrong, titles=settings.titles,
            paired=settings.neighbours > 0, seed=settings.seed,
        )  # fmt: skip

    @cached_property
    def plan(self) -> EncoderPlan:
        """What the run will take; nothing is learned by asking."""
        self.refuse()
        return EncoderPlan(
            len(self.lessons.documents), self.lessons.pairs, len(self.parts.dev), len(self.parts.held_out), self.steps,
            self._device, self.seconds_a_step() * (self.steps + self._looks_in_steps()),
        )  # fmt: skip

    def seconds(self) -> float:
        """What the plan says."""
        return self.plan.seconds

    @property
    def an_epoch(self) -> int:
        """So many batches are in all documents."""
        return self._teacher.steps

    @cached_property
    def learned(self) -> list[Any]:
        """All of the model."""
        return [parameter for parameter in self._model.parameters() if parameter.requires_grad]

    @cached_property
    def identity(self) -> str:
        """Names settings, data and base."""
        kept = {key: value for key, value in asdict(self.settings).items() if key not in ("save_minutes", "base")}
        digest = hashlib.sha256(json.dumps([kept, __version__, self._base_hash], sort_keys=True).encode())
        for document, gold, wrong in zip(self.lessons.documents, self.lessons.gold, self.lessons.wrong, strict=True):
            said = [document.id, document.title, document.text, gold.tolist(), wrong.tolist()]
            digest.update(json.dumps(said).encode())
        digest.update(self.lessons.vocabulary.fingerprint.encode())
        digest.update(json.dumps([document.id for document in self.parts.dev]).encode())
        return digest.hexdigest()

    def descend(self, step: int) -> float:
        """The loss of the step's documents."""
        self._model.train()
        return self._backward(step, self._teacher.lesson(step))

    def look(self, done: int) -> float | None:
        """nDCG@10 of the dev part's tags, looked for by cosine among some thousand others, where it is time to look."""
        if not self._dev_gold or not self.time_to_look(done):
            return None
        documents = self._fixed([text_of(document) for document in self._dev])
        tags = self._fixed([self.lessons.vocabulary.name(tag) for tag in self._pool])
        best = np.argsort(-(documents @ tags.T), axis=1, kind="stable")[:, : len(_GAINS)]
        pairs = zip(best, self._dev_gold, strict=True)
        found = [_GAINS[: len(row)][np.isin(row, gold)].sum() / _GAINS[: len(gold)].sum() for row, gold in pairs]
        return float(np.mean(found))

    def publish(self, history: History) -> None:
        """The model in its own form, exported beside, and renamed into place as a whole."""
        made, sentences = self.work / "made", self.work / SENTENCES
        for folder in (made, sentences):
            shutil.rmtree(folder, ignore_errors=True)
        self._model.eval()
        self._model.max_seq_length = self._reads
        with disk.explained(self.out):
            self._model.save_pretrained(str(sentences), create_model_card=False)
            seen = Seen.from_ids(document.id for document in [*self.parts.taught, *self.parts.dev])
            exported = export(str(sentences), made, seen=seen)
            sentences.rename(made / SENTENCES)
            disk.write_json(made / MANIFEST, self._manifest(history, exported))
            disk.replace(made, self.out)
        self.exported = exported

    # --- the model -----------------------------------------------------------------------------------------------

    @cached_property
    def _device(self) -> str:
        return device_of(self.settings.device)

    @cached_property
    def _model(self) -> Any:
        model = open_sentences(base_of(self.settings.base))
        self._reads = int(model.max_seq_length or self.settings.length)
        model.max_seq_length = min(self.settings.length, self._reads)
        model.to(self._device)
        return model

    @cached_property
    def _base_hash(self) -> str:
        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode() + tensor.float().cpu().numpy().tobytes())
        return digest.hexdigest()

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        """(n, width) of length 1; texts of about one length pass together, so that little is padded."""
        import torch

        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        size = max(ceil(len(texts) / _LENGTHS), _FEWEST)
        parts = [order[start : start + size] for start in range(0, len(order), size)]
        found = torch.cat([self._pass([texts[n] for n in part]) for part in parts])
        return found[torch.from_numpy(np.argsort(order)).to(found.device)]

    def _pass(self, texts: Sequence[str]) -> Tensor:
        """The same in one pass, in this order."""
        import torch

        given = self._model.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self._model.max_seq_length, return_tensors="pt"
        ).to(self._device)
        with numbers(self._device):
            found = self._model(dict(given))["sentence_embedding"]
        return torch.nn.functional.normalize(found.float(), dim=-1)

    def _fixed(self, texts: Sequence[str]) -> Any:
        """(n, width) array, nothing learned."""
        import torch

        self._model.eval()
        size = _LENGTHS * self.settings.chunk
        with torch.no_grad():
            return np.concatenate([
                self._vectors(texts[start : start + size]).cpu().numpy() for start in range(0, len(texts), size)
            ])  # fmt: skip

    def _backward(self, step: int, lesson: Lesson) -> float:
        """Adds up the gradient. What does not pass at once passes twice: first for the vectors, which tell the slopes
        at them, then part by part with these (GradCache, Gao et al. 2021); the same gradient in less memory.
        """  # noqa: D205
        import torch

        chunk, n = self.settings.chunk, len(lesson.documents)
        parts = [lesson.documents[at : at + chunk] for at in range(0, n, chunk)]
        parts += [lesson.tags[at : at + _TAGS * chunk] for at in range(0, len(lesson.tags), _TAGS * chunk)]
        if len(parts) == 2:
            loss = self._loss(self._vectors(parts[0]), self._vectors(parts[1]), lesson)
            loss.backward()
            return float(loss.detach())
        with torch.no_grad():
            vectors = torch.cat([self._passed(step, number, part) for number, part in enumerate(parts)])
        vectors.requires_grad_()
        loss = self._loss(vectors[:n], vectors[n:], lesson)
        loss.backward()
        slopes = vectors.grad.split([len(part) for part in parts])
        for number, (part, slopes_there) in enumerate(zip(parts, slopes, strict=True)):
            (self._passed(step, number, part) * slopes_there).sum().backward()
        return float(loss.detach())

    def _passed(self, step: int, number: int, part: Sequence[str]) -> Tensor:
        """The vectors of a part; dropout is the same each time."""
        import torch

        torch.manual_seed((self.settings.seed * 1_000_003 + step) * 1009 + number)
        return self._vectors(part)

    def _loss(self, documents: Tensor, tags: Tensor, lesson: Lesson) -> Tensor:
        found = losses.LOSSES[self.settings.loss](documents, tags, lesson.batch)
        if self.settings.neighbours:
            found = found + self.settings.neighbours * losses.neighbours(documents, lesson.batch)
        return found

    def _looks_in_steps(self) -> float:
        """How many steps all looks are worth: nothing is learned from their texts, which is a third of the work."""
        texts = len(self.parts.dev) + _POOL / _TAGS
        return self.settings.looks * self.settings.epochs * texts / self.settings.batch / 3

    # --- the dev part --------------------------------------------------------------------------------------------

    @cached_property
    def _dev(self) -> list[Any]:
        known = self.lessons.vocabulary
        return [one for one in self.parts.dev if len(known.positions(one.tags or (), known_only=True))]

    @cached_property
    def _pool(self) -> list[int]:
        """Positions of the tags among which is searched, ascending."""
        known = self.lessons.vocabulary
        own = [known.positions(one.tags or (), known_only=True) for one in self._dev]
        active = np.flatnonzero(known.active)
        drawn = np.random.default_rng(self.settings.seed).permutation(active)[:_POOL]
        pool: list[int] = np.unique(np.concatenate([drawn, *own])).tolist()
        return pool

    @cached_property
    def _dev_gold(self) -> list[Any]:
        """Of each document of the dev part, places in the pool."""
        known = self.lessons.vocabulary
        return [np.searchsorted(self._pool, known.positions(one.tags or (), known_only=True)) for one in self._dev]

    def _manifest(self, history: History, exported: Exported) -> dict[str, Any]:
        import torch

        return {
            "format": FORMAT, "identity": self.identity, "tagwright": __version__, "torch": torch.__version__,
            "threads": torch.get_num_threads(), "base_sha256": self._base_hash,
            "settings": asdict(self.settings) | {"device": self._device},
            "documents": len(self.lessons.documents), "pairs": self.lessons.pairs, "dev": len(self.parts.dev),
            "held_out": len(self.parts.held_out), "loss": history.losses, "ndcg@10": history.scores,
            "cosine": exported.cosine, "difference": exported.difference,
        }  # fmt: skip
