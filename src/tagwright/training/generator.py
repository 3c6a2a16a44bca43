"""Teaches a model to write the descriptions of a document's tags (LAGAMC), on a CPU or a GPU."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.corpus.disk as disk
import tagwright.training.hybrid as hybrid
from tagwright.encoders.export import export
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.weights import Folder
from tagwright.errors import InputError
from tagwright.llm.writer import ModelWriter
from tagwright.recall.spaces import text_of
from tagwright.recall.writing import ENCODER, MANIFEST, MODEL
from tagwright.training.descent import History
from tagwright.training.described import Descriptions, Exercise, GeneratorPlan, GeneratorTraining, examples
from tagwright.training.device import device_of, need_extras, numbers
from tagwright.training.epochs import Epochs
from tagwright.training.lessons import Lessons
from tagwright.training.lessonsrun import LessonsRun
from tagwright.training.schedule import Watch
from tagwright.training.softsentences import SoftSentences
from tagwright.training.wordmatch import WordMatch
from tagwright.training.writermodel import WriterModel
from tagwright.version import VERSION as __version__

_BALANCES = "balance.jsonl"
# An encoder that knows something already is taught with smaller steps than an adapter that knows nothing; the logit of
# lambda with larger ones, for Adam moves a parameter by the learning rate at most.
_ENCODER, _BALANCE = 0.1, 100.0

Tensor = Any


class GeneratorRun(LessonsRun):
    """One teaching: `plan` tells what it will take, `run` does it, or goes on where a killed one stopped.

    ``out`` becomes a folder that `tagwright.recall.described.Described` serves; an encoder that was taught beside it
    lies in ``encoder`` within. The lessons' wrong tags are not looked at. Raises `OutputError`, `InputError`,
    `ConfigError`, `MissingExtraError`.
    """

    manifest = MANIFEST

    def __init__(
        self, lessons: Lessons, dev: Lessons, seen: Iterable[str], out: Path, settings: GeneratorTraining,
        watch: Watch | None = None,
    ) -> None:  # fmt: skip
        super().__init__(lessons, dev, seen, out, settings, watch)
        need_extras("torch", "transformers", *(["peft"] if settings.rank else []))
        if settings.semantic:
            need_extras("sentence_transformers", *(["onnx", "onnxruntime"] if settings.train_encoder else []))
        self.settings = settings

    @cached_property
    def plan(self) -> GeneratorPlan:
        """What the run will take; nothing is learned by asking."""
        self.refuse()
        counts = [parameter.numel() for parameter in self.learned]
        every = sum(parameter.numel() for parameter in self._writer.model.parameters())
        # A look writes a token at a time: that takes about three times as long as learning from as many documents.
        looks = 3 * len(self._judged[0]) / self.settings.batch * self.settings.looks * self.settings.epochs
        return GeneratorPlan(
            len(self._examples), self._too_long, len(self._judged[0]), self.steps, sum(counts), every, self._device,
            self.seconds_a_step() * (self.steps + looks),
        )  # fmt: skip

    def seconds(self) -> float:
        """What the plan says."""
        return self.plan.seconds

    @property
    def an_epoch(self) -> int:
        """So many batches are in all documents."""
        return ceil(self._epochs.size / self.settings.batch)

    @cached_property
    def learned(self) -> list[Any]:
        """Those of the writer, then of the encoder and of lambda where these learn."""
        return [parameter for group in self._groups for parameter in group["params"]]

    def optimizer(self) -> Any:
        """AdamW; the encoder is taught with smaller steps."""
        import torch

        return torch.optim.AdamW(self._groups, lr=self.settings.learning_rate)

    @cached_property
    def identity(self) -> str:
        """Names settings, data and bases."""
        return self.named(self.settings, self._writer.base, self._encoder_hash, apart=("base", "encoder"))

    def descend(self, step: int) -> float:
        """The hybrid loss of the step's documents, each token and each description counting the same."""
        self._writer.model.train()
        if self._encoder is not None:
            self._encoder.sentences.train(self.settings.train_encoder)
        rows = [self._examples[row] for row in self._rows(step)]
        tokens, descriptions = sum(len(one.target) for one in rows), sum(len(one.tags) for one in rows)
        total = 0.0
        for start in range(0, len(rows), self.settings.chunk):
            part = rows[start : start + self.settings.chunk]
            with numbers(self._device):
                loss = self._loss(part, tokens, descriptions)
            loss.backward()
            total += float(loss.detach())
        if self._balance is not None:
            self._balance.penalty.sum().backward()
        return total

    def look(self, done: int) -> float | None:
        """Micro-F1 of the dev part where it is time to look: always of what the model writes by itself."""
        documents, gold = self._judged
        if not documents or not self.time_to_look(done):
            return None
        found = self.tags([text_of(document) for document in documents])
        right = sum(len(set(own) & set(theirs.tolist())) for own, theirs in zip(found, gold, strict=True))
        return 2 * right / (sum(map(len, found)) + sum(map(len, gold)))

    def written(self, texts: Sequence[str]) -> list[str]:
        """What the model writes about these texts now, token by token after its own tokens, as it will be served."""
        self._writer.model.eval()
        options = {"most": self.settings.most_tokens, "batch": self.settings.batch}
        return ModelWriter(self._writer.model, self._writer.form, **options).write(texts)

    def tags(self, texts: Sequence[str]) -> list[list[int]]:
        """For each text the tags that what is written about it means, matched by words: a quick judge."""
        return self._words.of(self.written(texts))

    def publish(self, history: History) -> None:
        """Writes model, tokenizer, encoder and manifest beside, and renames them into place as a whole."""
        made, sentences = self.work / "made", self.work / "sentences"
        for folder in (made, sentences):
            shutil.rmtree(folder, ignore_errors=True)
        balances = self.balances(len(history.losses))
        with disk.explained(self.out):
            made.mkdir()
            encoder = ""
            if self._encoder is not None and self.settings.train_encoder:
                self._encoder.sentences.eval().save_pretrained(str(sentences), create_model_card=False)
                export(str(sentences), made / ENCODER, seen=self._seen)
                encoder = Onnx().load(made / ENCODER).fingerprint
            self._writer.save(made)
            self._seen.write(made)
            Folder.write(made, MANIFEST, self._said(history) | {"encoder": encoder, "balance": balances})
            disk.replace(made, self.out)

    def balances(self, steps: int) -> list[float]:
        """Lambda at each of the first ``steps`` steps."""
        if self._balance is None:
            return [self.settings.balance] * steps
        lines = map(json.loads, (self.work / _BALANCES).read_text(encoding="utf-8").splitlines())
        known = {int(step): float(value) for step, value in lines}  # what was done twice, after a kill, stands twice
        return [known[step] for step in range(steps)]

    # --- what is learned from ------------------------------------------------------------------------------------

    @cached_property
    def _examples(self) -> list[Exercise]:
        found, self._too_long = examples(self.lessons, self._told, self._writer.form, self.settings.most_tokens)
        if not found:
            what = f"no document to learn from: of {self._too_long:,} the descriptions take more than most_tokens"
            raise InputError(what, hint="tagwright train CORPUS first, or more most_tokens, or fewer words")
        return found

    @cached_property
    def _told(self) -> Descriptions:
        gold = [own for own, weight in zip(self.lessons.gold, self.lessons.weights, strict=True) if weight == 1]
        return Descriptions(self.lessons.vocabulary, gold, words=self.settings.words, order=self.settings.order)

    @cached_property
    def _epochs(self) -> Epochs:
        weights = np.array([one.weight for one in self._examples])
        return Epochs(np.arange(len(weights)), weights, self.settings.seed)

    def _rows(self, step: int) -> list[int]:
        """The documents of a step, the longest first: those that pass together are alike, and little is padded."""
        epoch, place = divmod(step, self.an_epoch)
        order = self._epochs.order(epoch)
        rows: list[int] = order[place * self.settings.batch : (place + 1) * self.settings.batch].tolist()
        return sorted(rows, key=lambda row: (-len(self._examples[row].prompt), row))

    @cached_property
    def _judged(self) -> tuple[list[Any], list[Any]]:
        """Dev documents that have tags, and these."""
        rows = [row for row, gold in enumerate(self.dev.gold) if len(gold)][: self.settings.dev]
        return [self.dev.documents[row] for row in rows], [np.unique(self.dev.gold[row]) for row in rows]

    @cached_property
    def _words(self) -> WordMatch:
        active = np.flatnonzero(self.lessons.vocabulary.active)
        return WordMatch.over({tag: self._told.text(tag) for tag in active.tolist()})

    # --- the models ----------------------------------------------------------------------------------------------

    @cached_property
    def _device(self) -> str:
        return device_of(self.settings.device)

    @cached_property
    def _writer(self) -> WriterModel:
        return WriterModel.over(self.settings, self._device)

    @cached_property
    def _encoder(self) -> SoftSentences | None:
        if not self.settings.semantic:
            return None
        encoder = SoftSentences(self.settings.encoder, self._writer.pieces, self._device)
        for parameter in encoder.learned:
            parameter.requires_grad_(self.settings.train_encoder)
        return encoder

    @cached_property
    def _balance(self) -> hybrid.Balance | None:
        learns = self.settings.semantic and self.settings.learn_balance
        return hybrid.Balance(self.settings.balance, self._device) if learns else None

    @cached_property
    def _groups(self) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = [{"params": self._writer.learned}]
        if self._encoder is not None and self.settings.train_encoder:
            groups.append({"params": self._encoder.learned, "share": _ENCODER})
        if self._balance is not None:
            groups.append({"params": [self._balance.parameter], "share": _BALANCE, "weight_decay": 0.0})
        return groups

    @cached_property
    def _encoder_hash(self) -> str:
        digest = hashlib.sha256()
        tensors = self._encoder.sentences.state_dict() if self._encoder is not None else {}
        for name, tensor in sorted(tensors.items()):
            digest.update(name.encode() + tensor.float().cpu().numpy().tobytes())
        return digest.hexdigest()

    def _loss(self, part: Sequence[Exercise], tokens: int, descriptions: int) -> Tensor:
        logits, labels, starts = self._writer.logits(part)
        cross_entropy = self._writer.cross_entropy(logits, labels) / tokens
        if self._encoder is None:
            return cross_entropy
        places = [(row, place) for row, one in enumerate(part) for place in one.places]
        spans = [logits[row, starts[row] + place.start : starts[row] + place.stop] for row, place in places]
        tags = [tag for one in part for tag in one.tags]
        generated = self._encoder.soft(spans)
        targets = self._encoder.texts([text for one in part for text in one.texts])
        meaning = hybrid.semantic(generated, targets).mean()
        if self.settings.negatives:
            meaning = meaning + self.settings.negatives * hybrid.apart(generated, targets, tags)
        balance = self.settings.balance if self._balance is None else self._balance.value.squeeze()
        return hybrid.hybrid(cross_entropy, meaning * (len(tags) / descriptions), balance)

    def _step(self, step: int, steps: int, optimizer: Any) -> float:
        if self._balance is not None:
            with (self.work / _BALANCES).open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps([step, round(self._balance.value.item(), 6)])}\n")
        return super()._step(step, steps, optimizer)

    def _said(self, history: History) -> dict[str, Any]:
        import torch

        settings = self.settings
        return {
            "kind": MODEL, "identity": self.identity, "instruction": settings.instruction, "cue": settings.cue,
            "length": settings.length, "most_tokens": settings.most_tokens, "words": settings.words,
            "tagwright": __version__,
            "torch": torch.__version__, "threads": torch.get_num_threads(), "base": self._writer.base,
            "settings": asdict(settings) | {"device": self._device}, "documents": len(self._examples),
            "too_long": self._too_long, "dev": len(self._judged[0]), "losses": history.losses, "f1": history.scores,
            "best": None if history.best is None else list(history.best),
        }  # fmt: skip
