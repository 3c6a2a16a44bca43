"""What the documents that a project keeps can teach an encoder, and what of them it must never see."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.project.parts as parts
from tagwright.candidates import Ints
from tagwright.encoders.base import Encoder
from tagwright.errors import ConfigError
from tagwright.fusion.base import FUSED
from tagwright.fusion.ranks import ReciprocalRanks
from tagwright.pipeline.assembly import BLOCK, gold_of
from tagwright.pipeline.fitting import Progress, quiet
from tagwright.pipeline.threads import one_thread
from tagwright.project.opened import Opened
from tagwright.tagger import Tagger
from tagwright.training.device import need_extras
from tagwright.training.encoder import EncoderRun, Watch
from tagwright.training.lessons import Lessons, Parts
from tagwright.training.options import EncoderPlan, EncoderTraining
from tagwright.types import Document

# Wrong tags of a document that are kept to choose from; further down they are hardly wrong for a reason.
_LIKELY = 30
# Where within a project an encoder is taught before a model is trained with it.
_WORK = "teaching"
# Which encoder to train with: one that is taught first, or that of the settings.
TAUGHT, BASE = "taught", "base"

Planned = Callable[[EncoderPlan], None]


class Teaching:
    """What a project's documents can teach; needs the extra ``train``."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def wanted(self, **changes: Any) -> EncoderTraining:
        """How the settings ([teaching]) want an encoder to be taught, but for these changes."""
        return EncoderTraining(**{**self._opened.settings.options("teaching"), **changes})

    def encoder(
        self, out: Path, settings: EncoderTraining, *, watch: Watch | None = None, progress: Progress | None = None
    ) -> EncoderRun:
        """A run that will teach an encoder with the kept documents, into the folder ``out``; see `EncoderRun`."""
        need_extras("torch", "sentence_transformers", "onnx", "onnxruntime")
        tagger = self._opened.new_tagger(self._opened.growth().vocabulary, self._opened.encoder(base=True))
        documents = list(self._opened.store.documents())
        return encoder_run(tagger, documents, out, settings, progress=progress or quiet, watch=watch)

    def choose(self, wanted: str, progress: Progress, planned: Planned | None = None) -> Encoder | None:
        """The encoder to train with: "taught" teaches it, "base" is that of the settings, "" none in particular.

        A teaching that was killed goes on; one that was carried out, but not trained with, is not done again.
        """
        if wanted not in ("", BASE, TAUGHT):
            raise ConfigError(f"there is no encoder {wanted!r} to train with", hint=f"known are: {TAUGHT}, {BASE}")
        if wanted == "":
            return None
        opened = self._opened
        if wanted == BASE:
            return opened.encoder(base=True)
        self._work.mkdir(exist_ok=True)
        run = self.encoder(self._work / parts.ENCODER, self.wanted(), progress=progress)
        if not run.carried_out():
            shutil.rmtree(run.out, ignore_errors=True)
            if planned is not None:
                planned(run.plan)
            run.run(progress)
        return parts.remembering(parts.taught_encoder(run.out, opened.settings), opened.store)

    def clear(self) -> None:
        """Drops what a teaching left that a model was trained with."""
        shutil.rmtree(self._work, ignore_errors=True)

    @property
    def _work(self) -> Path:
        return self._opened.folder / _WORK


def encoder_run(
    tagger: Tagger,
    documents: Sequence[Document],
    out: Path,
    settings: EncoderTraining,
    *,
    progress: Progress,
    watch: Watch | None = None,
) -> EncoderRun:
    """A run that will teach an encoder with these documents.

    ``tagger``, which has learned nothing yet, says which wrong tags seem likely. Its channels learn from the taught
    part alone, so that what is held out leaves no trace in the encoder.
    """
    tagged = [document for document in documents if document.tags]
    parts = Parts.of(tagged, held_out=settings.held_out, dev=settings.dev, seed=settings.seed)
    vocabulary = tagger.vocabulary
    gold = gold_of(parts.taught, vocabulary)
    useful = [row for row, tags in enumerate(gold) if len(tags)]
    if not useful:
        raise ConfigError("no document that could be learned from has a tag of this vocabulary")
    taught, gold = [parts.taught[row] for row in useful], [np.unique(gold[row]) for row in useful]
    wrong = [np.empty(0, dtype=np.int32)] * len(taught)
    if settings.wrong:
        wrong = likely_wrong(tagger, taught, gold, progress)
    lessons = Lessons(taught, gold, wrong, vocabulary)
    return EncoderRun(lessons, parts, out, settings, watch)


def likely_wrong(tagger: Tagger, documents: Sequence[Document], gold: Sequence[Ints], progress: Progress) -> list[Ints]:
    """For each document tags that it does not have, the likeliest first, as the channels see it without any ranking.

    They have seen the documents themselves: that lifts the right tags, which are left out.
    """
    assembly, active, found = tagger.assembly, tagger.vocabulary.active, list[Ints]()
    with one_thread():
        assembly.prepare(documents, tagger.vocabulary)
        assembly.remember_documents()
        assembly.fit(documents, tagger.vocabulary)
        for start in range(0, len(documents), BLOCK):
            progress("likely wrong tags", start, len(documents))
            block = documents[start : start + BLOCK]
            table = ReciprocalRanks().fuse(assembly.recall(block))
            table = table.where(active[table.tags] & ~table.right(gold[start : start + BLOCK])).top(_LIKELY, by=FUSED)
            best = table.tags[table.order(FUSED)]
            found += [best[low:high] for low, high in zip(table.offsets[:-1], table.offsets[1:], strict=True)]
        assembly.forget()
    return found
