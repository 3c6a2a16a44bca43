"""Teaches a label-guided classifier (SEP-MLDC) together with its encoder, on a CPU or a GPU; served without PyTorch."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tagwright.corpus.disk as disk
from tagwright.encoders.export import export
from tagwright.encoders.folder import Manifest
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError
from tagwright.recall.labelweights import ENCODER, FROZEN, MANIFEST, Weights
from tagwright.recall.spaces import text_of
from tagwright.training.descent import History
from tagwright.training.encoder import SENTENCES, EncoderRun
from tagwright.training.labeldata import LabelTraining, Step, Steps
from tagwright.training.labelguided import COUNTED, LOOKED_AT, ndcg_at_10, told
from tagwright.training.labelnetwork import Network, entropy
from tagwright.training.lessons import Lesson, Lessons, Parts, Teacher
from tagwright.training.losses import Batch
from tagwright.training.options import EncoderTraining
from tagwright.training.schedule import Watch
from tagwright.training.similarity import document_similarity, partnered

_NONE = np.empty(0, dtype=np.int64)

Tensor = Any


@dataclass(frozen=True)
class LabelLesson(Lesson):
    """One step: what is read, and the ``step`` that tells what belongs together."""

    step: Step


class LabelTeacher(Teacher):
    """Cuts lessons into steps over a few of many ``tags``, positions that steps have the numbers of."""

    def __init__(self, lessons: Lessons, settings: LabelTraining) -> None:
        super().__init__(
            lessons, batch=settings.batch, wrong=settings.wrong, titles=settings.titles, seed=settings.seed
        )
        self.tags = np.union1d(np.flatnonzero(lessons.vocabulary.active), lessons.used).astype(np.int32)
        gold, wrong = ([np.searchsorted(self.tags, own) for own in lists] for lists in (lessons.gold, lessons.wrong))
        self._cut = Steps(
            gold, wrong, np.arange(len(gold)), np.arange(len(self.tags)), batch=settings.batch, drawn=settings.tags,
            likely=settings.wrong, seed=settings.seed, weights=lessons.weights,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return self._cut.an_epoch

    def lesson(self, step: int) -> LabelLesson:
        """The step with this number (from 0)."""
        shown, random = self._cut.step(step), self._cut.chance(step)
        documents = [self._read(self.lessons.documents[row], random) for row in shown.rows.tolist()]
        batch = Batch(shown.right, _NONE, _NONE, _NONE)
        return LabelLesson(documents, self._written(self.tags[shown.tags], random), batch, shown)

    def partnered(self) -> float:
        """The share of documents of which another one of the step has the very same tags."""
        steps = [self._cut.step(number) for number in range(min(self.steps, COUNTED))]
        return float(np.mean([partnered(document_similarity(step.right)) for step in steps]))


class LabelEncoderRun(EncoderRun):
    """One teaching of an encoder and a network over it, by Eq. 21; ``settings.backbone`` names the encoder's base.

    ``out`` becomes a folder that `tagwright.recall.labelguided.LabelGuided` serves: the weights, and in ``encoder`` the
    encoder in int8. All else is as in `EncoderRun`; the dev part is looked at through the network.
    """

    manifest = MANIFEST

    def __init__(
        self, lessons: Lessons, parts: Parts, out: Path, settings: LabelTraining, watch: Watch | None = None
    ) -> None:
        if settings.backbone == FROZEN:
            raise ConfigError(f"{FROZEN!r} is no encoder that could learn", hint="name a folder, or 'minilm'")
        shared = (
            "epochs learning_rate warmup batch chunk wrong titles length looks patience seed save_minutes device"
        ).split()
        options = {name: getattr(settings, name) for name in shared}
        super().__init__(lessons, parts, out, EncoderTraining(base=settings.backbone, **options), watch)
        self._form = settings
        self._teacher = self._labels = LabelTeacher(lessons, settings)

    @cached_property
    def learned(self) -> list[Any]:
        """All of the encoder, and of the network."""
        return [*super().learned, *self._network.learned]

    @cached_property
    def identity(self) -> str:
        """Names settings, data and base."""
        kept = {key: value for key, value in asdict(self._form).items() if key not in ("save_minutes", "backbone")}
        said = [super().identity, kept, *filter(None, [self.lessons.light])]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def look(self, done: int) -> float | None:
        """nDCG@10 of the dev part's tags among some thousand others, where it is time to look."""
        if not self._dev_gold or not self.time_to_look(done):
            return None
        documents = self._fixed([text_of(document) for document in self._dev])
        weights, pool = self._weights(), self._pool_vectors()
        rows = np.searchsorted(self._labels.tags, self._pool)
        return ndcg_at_10(weights.logits(documents, weights.placed(pool, rows)), self._dev_gold)

    def publish(self, history: History) -> None:
        """The encoder, exported, beside the weights; renamed into place as a whole."""
        made, sentences = self.work / "made", self.work / SENTENCES
        for folder in (made, sentences):
            shutil.rmtree(folder, ignore_errors=True)
        # What is said of the attention is of the model as it was taught, which reads so many tokens.
        said = self._told(history)
        self._model.eval()
        self._model.max_seq_length = self._reads
        with disk.explained(self.out):
            made.mkdir()
            self._model.save_pretrained(str(sentences), create_model_card=False)
            seen = Seen.from_ids(document.id for document in [*self.parts.taught, *self.parts.dev])
            seen.write(made)
            self.exported = export(str(sentences), made / ENCODER, seen=seen)
            sentences.rename(made / ENCODER / SENTENCES)
            ids = self.lessons.vocabulary.ids
            said |= self._network.write(made, [ids[tag] for tag in self._labels.tags.tolist()])
            said |= {"encoder": Manifest.read(made / ENCODER).fingerprint, "cosine": self.exported.cosine}
            Folder.write(made, MANIFEST, said)
            disk.replace(made, self.out)

    def _loss(self, documents: Tensor, tags: Tensor, lesson: Lesson) -> Tensor:
        assert isinstance(lesson, LabelLesson), "our own teacher gives them"
        return self._network.loss(documents, tags, lesson.step)

    @cached_property
    def _network(self) -> Network:
        first = self._labels.lesson(0)
        documents, tags = self._fixed(first.documents), self._fixed(first.tags)
        made = Network(self._form.form(documents.shape[1]), len(self._labels.tags), self._form, self._device)
        made.begin(documents, tags, first.step)
        return made

    def _weights(self) -> Weights:
        return Weights(self._network.form, self._network.arrays(), [""] * len(self._labels.tags), self._form.loss)

    def _pool_vectors(self) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._fixed([self.lessons.vocabulary.name(tag) for tag in self._pool])
        return vectors

    def _told(self, history: History) -> dict[str, Any]:
        read = self._fixed([text_of(document) for document in self.lessons.documents[:LOOKED_AT]])
        return {
            **told(self._form, history, self._device), "identity": self.identity, "backbone": self._base_hash,
            "documents": len(self.lessons.documents), "partnered": self._labels.partnered(),
            "entropy": entropy(self._weights(), read, self._pool_vectors()),
        }  # fmt: skip
