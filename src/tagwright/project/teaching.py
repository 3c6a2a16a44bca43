"""What the documents that a project keeps can teach, and what of them it must never see."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.project.learning as learning
import tagwright.project.parts as parts
import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Ints
from tagwright.encoders.base import LearningEncoder
from tagwright.encoders.transformer import open_sentences
from tagwright.enrichment.options import Enrichment
from tagwright.errors import ConfigError
from tagwright.fusion.base import FUSED
from tagwright.fusion.ranks import ReciprocalRanks
from tagwright.pipeline.assembly import BLOCK, Assembly, gold_of
from tagwright.pipeline.fitting import Progress, quiet
from tagwright.pipeline.threads import one_thread
from tagwright.project.opened import Opened
from tagwright.recall.labelweights import FROZEN
from tagwright.tagger import Tagger
from tagwright.training.crossencoder import CrossRun
from tagwright.training.described import GeneratorTraining
from tagwright.training.device import need_extras
from tagwright.training.encoder import EncoderRun, base_of
from tagwright.training.generator import GeneratorRun
from tagwright.training.labeldata import LabelExamples, LabelTraining
from tagwright.training.labelencoder import LabelEncoderRun
from tagwright.training.labelguided import LabelRun
from tagwright.training.lessons import Lessons, Parts
from tagwright.training.options import CrossTraining, EncoderTraining
from tagwright.training.pairdata import PairExamples, PairTraining
from tagwright.training.pairs import PairRun
from tagwright.training.schedule import Watch
from tagwright.types import Document

# Wrong tags of a document that are kept to choose from; further down they are hardly wrong for a reason.
_LIKELY = 30
# Where within a project something is taught before a model is trained with it.
_WORK = "teaching"
# What can be taught, in this order: what comes later is taught with what came before.
PAIRS, CROSS = "pairs", "cross"
TAUGHT = (parts.ENCODER, PAIRS, CROSS, parts.LABELGUIDED, parts.DESCRIBED)

Run = EncoderRun | PairRun | CrossRun | LabelRun | GeneratorRun
# Is told what will be taught, and how many seconds that will take here at most.
Planned = Callable[[str, float], None]


@dataclass(frozen=True)
class Wanted:
    """What is to be taught anew before a training, and what is not to be used any more."""

    teach: Collection[str] = ()
    drop: Collection[str] = ()
    planned: Planned | None = None

    def __post_init__(self) -> None:
        for name in (*self.teach, *self.drop):
            if name not in TAUGHT:
                raise ConfigError(f"{name!r} cannot be taught", hint=f"known are: {', '.join(TAUGHT)}")


@dataclass
class Teaching:
    """What a project's documents can teach; needs the extra ``train``.

    All that is taught leaves out the same documents, from which ranking and confidence are learned afterwards:
    ``teaching.held_out`` and ``teaching.seed`` say which.
    """

    opened: Opened

    def __post_init__(self) -> None:
        self._known: dict[Any, Material] = {}

    def wanted(self) -> EncoderTraining:
        """How the settings ([teaching]) want an encoder to be taught."""
        return EncoderTraining(**self.opened.settings.options("teaching"))

    def encoder(
        self, out: Path, settings: EncoderTraining, *, watch: Watch | None = None, progress: Progress | None = None
    ) -> EncoderRun:
        """A run that will teach an encoder with the kept documents, into the folder ``out``; see `EncoderRun`."""
        need_extras("torch", "sentence_transformers", "onnx", "onnxruntime")
        open_sentences(base_of(settings.base))  # a wrong name is said before minutes are spent on likely wrong tags
        found = self._material(settings, {}, progress or quiet)
        return EncoderRun(found.lessons(wrong=settings.wrong > 0), found.parts, out, settings, watch)

    def pairs(
        self, out: Path, settings: PairTraining, taught: Mapping[str, Path], progress: Progress | None = None
    ) -> PairRun:
        """A run that will teach a pair model with the kept documents, as the ``taught`` encoder sees them."""
        need_extras("torch", "safetensors")
        self._refuse_learning_encoder(taught, "a pair model", "--pairs")
        found = self._material(self.wanted(), _only_encoder(taught), progress or quiet)
        return PairRun(found.pairs(), out, settings)

    def cross(
        self, out: Path, settings: CrossTraining, taught: Mapping[str, Path], progress: Progress | None = None
    ) -> CrossRun:
        """A run that will teach a cross-encoder with the kept documents, and with what the ``taught`` encoder finds."""
        need_extras("torch", "sentence_transformers", "onnx", "onnxruntime")
        open_sentences(base_of(settings.base))
        found = self._material(self.wanted(), _only_encoder(taught), progress or quiet)
        seen = [document.id for document in [*found.parts.taught, *found.parts.dev]]
        return CrossRun(found.lessons(), found.dev(), seen, out, settings)

    def labelguided(
        self, out: Path, settings: LabelTraining, taught: Mapping[str, Path], progress: Progress | None = None
    ) -> LabelRun | LabelEncoderRun:
        """A run that will teach a label-guided classifier (SEP-MLDC), over the ``taught`` encoder or one of its own."""
        need_extras("torch", "safetensors")
        if settings.backbone == FROZEN:
            self._refuse_learning_encoder(taught, "a label-guided classifier", "--labelguided")
            found = self._material(self.wanted(), _only_encoder(taught), progress or quiet)
            return LabelRun(found.labels(), out, settings)
        need_extras("sentence_transformers", "onnx", "onnxruntime")
        open_sentences(base_of(settings.backbone))
        found = self._material(self.wanted(), _only_encoder(taught), progress or quiet)
        return LabelEncoderRun(found.lessons(wrong=settings.wrong > 0, written=True), found.parts, out, settings)

    def described(
        self, out: Path, settings: GeneratorTraining, taught: Mapping[str, Path], progress: Progress | None = None
    ) -> GeneratorRun:
        """A run that will teach a generator of tags' descriptions (LAGAMC) with the kept documents."""
        found = self._material(self.wanted(), _only_encoder(taught), progress or quiet)
        seen = [document.id for document in [*found.parts.taught, *found.parts.dev]]
        lessons = found.lessons(wrong=False, written=True)
        return GeneratorRun(lessons, found.dev(wrong=False), seen, out, settings)

    def carry_out(self, wanted: Wanted, progress: Progress) -> dict[str, Path]:
        """The folders of all that is taught, after what is ``wanted`` was taught.

        A teaching that was killed goes on; one that was carried out, but not trained with, is not done again.
        """
        taught = {name: place for name, place in self.opened.taught().items() if name not in wanted.drop}
        for name in TAUGHT:
            if name in wanted.teach:
                self._work.mkdir(exist_ok=True)
                taught[name] = self._teach(name, taught, wanted.planned, progress)
        return taught

    def clear(self) -> None:
        """Drops what a teaching left that a model was trained with."""
        shutil.rmtree(self._work, ignore_errors=True)

    def _teach(self, name: str, taught: Mapping[str, Path], planned: Planned | None, progress: Progress) -> Path:
        run = self._run(name, self._work / name, taught, progress)
        if not run.carried_out():
            shutil.rmtree(run.out, ignore_errors=True)
            if planned is not None:
                planned(name, run.seconds())
            run.run(progress)
        return run.out

    def _run(self, name: str, out: Path, taught: Mapping[str, Path], progress: Progress) -> Run:
        options = self.opened.settings.options
        if name == parts.ENCODER:
            return self.encoder(out, self.wanted(), progress=progress)
        if name == PAIRS:
            return self.pairs(out, PairTraining(**options("teaching_pairs")), taught, progress)
        if name == parts.LABELGUIDED:
            return self.labelguided(out, LabelTraining(**options("teaching_labelguided")), taught, progress)
        if name == parts.DESCRIBED:
            return self.described(out, GeneratorTraining(**options("teaching_described")), taught, progress)
        return self.cross(out, CrossTraining(**options("teaching_cross")), taught, progress)

    def _refuse_learning_encoder(self, taught: Mapping[str, Path], what: str, flag: str) -> None:
        if isinstance(self.opened.encoder(taught), LearningEncoder):
            raise ConfigError(
                f"{what} reads vectors of an encoder that stays as it is; 'lsa' learns anew with each training",
                hint=f"teach an encoder too: tagwright train --encoder {flag}",
            )

    def _material(self, settings: EncoderTraining, taught: Mapping[str, Path], progress: Progress) -> Material:
        key = (settings.held_out, settings.dev, settings.seed, tuple(sorted(taught.items())))
        if key not in self._known:
            tagger = self.opened.plain_tagger(self.opened.growth().vocabulary, taught)
            documents = [one for one in pseudo.real(self.opened.store.documents()) if one.tags]
            cut = Parts.of(documents, held_out=settings.held_out, dev=settings.dev, seed=settings.seed)
            options = Enrichment(**self.opened.settings.options("enrichment"))
            written = learning.written(self.opened.folder, documents, tagger.vocabulary, options)
            self._known[key] = Material(tagger, cut, progress, written)
        return self._known[key]

    @property
    def _work(self) -> Path:
        return self.opened.folder / _WORK


def _only_encoder(taught: Mapping[str, Path]) -> dict[str, Path]:
    return {name: place for name, place in taught.items() if name == parts.ENCODER}


class Material:
    """The documents that teach, in ``parts``, and which wrong tags seem likely for them.

    ``tagger`` has learned nothing yet. Its channels learn from the taught part alone, so that what is held out leaves
    no trace in what is taught; nor does what a language model has ``written`` after a document that is not taught.
    """

    def __init__(self, tagger: Tagger, cut: Parts, progress: Progress, written: Sequence[Document] = ()) -> None:
        self.parts, self._tagger, self._progress = cut, tagger, progress
        self._written = pseudo.usable(written, {document.id for document in cut.taught})
        self._fitted = False

    def lessons(self, *, wrong: bool = True, written: bool = False) -> Lessons:
        """The taught part, and what was ``written`` for rare tags; with likely ``wrong`` tags, or without any."""
        return self._lessons([*self.parts.taught, *(self._written if written else ())], wrong=wrong)

    def dev(self, *, wrong: bool = True) -> Lessons:
        """The part by which the best moment is chosen."""
        return self._lessons(self.parts.dev, wrong=wrong)

    def pairs(self, lessons: Lessons | None = None) -> PairExamples:
        """The taught part as vectors, or these lessons."""
        lessons = lessons or self.lessons()
        assembly = self._assembly()
        points = assembly.tag_points.fit(self._tagger.vocabulary)
        with one_thread():
            documents = assembly.meaning.documents(lessons.documents)
        right, hard = ([points.rows(tags) for tags in lists] for lists in (lessons.gold, lessons.wrong))
        return PairExamples(
            [one.id for one in lessons.documents], documents, points.vectors, [rows[rows >= 0] for rows in right],
            [rows[rows >= 0] for rows in hard], assembly.encoder.fingerprint,
        )  # fmt: skip

    def labels(self) -> LabelExamples:
        """The taught part and what was written for rare tags as vectors, and whose vectors those of the tags are."""
        lessons, ids = self.lessons(written=True), self._tagger.vocabulary.ids
        found = self.pairs(lessons)
        tag_ids = [ids[tag] for tag in self._assembly().tag_points.tags.tolist()]
        written = {
            row: (pseudo.weight(one), pseudo.demonstration(one))
            for row, one in enumerate(lessons.documents)
            if pseudo.is_pseudo(one)
        }
        return LabelExamples(
            found.ids, found.documents, found.tags, found.right, found.hard, found.encoder, tag_ids, written
        )

    def _lessons(self, documents: Sequence[Document], *, wrong: bool) -> Lessons:
        gold = [np.unique(tags) for tags in gold_of(documents, self._tagger.vocabulary)]
        rows = [row for row, tags in enumerate(gold) if len(tags)]
        if not rows and documents is not self.parts.dev:
            raise ConfigError("no document that could be learned from has a tag of this vocabulary")
        kept, gold = [documents[row] for row in rows], [gold[row] for row in rows]
        likely = self._likely(kept, gold) if wrong else [np.empty(0, dtype=np.int32)] * len(kept)
        return Lessons(kept, gold, likely, self._tagger.vocabulary)

    def _likely(self, documents: Sequence[Document], gold: Sequence[Ints]) -> list[Ints]:
        """For each document tags that it does not have, the likeliest first, as the channels see it, unranked.

        They have seen the taught documents themselves: that lifts the right tags, which are left out.
        """
        assembly, active, found = self._assembly(), self._tagger.vocabulary.active, list[Ints]()
        with one_thread():
            for start in range(0, len(documents), BLOCK):
                self._progress("likely wrong tags", start, len(documents))
                table = ReciprocalRanks().fuse(assembly.recall(documents[start : start + BLOCK]))
                wrong = active[table.tags] & ~table.right(gold[start : start + BLOCK])
                table = table.where(wrong).top(_LIKELY, by=FUSED)
                best = table.tags[table.order(FUSED)]
                found += [best[low:high] for low, high in zip(table.offsets[:-1], table.offsets[1:], strict=True)]
        return found

    def _assembly(self) -> Assembly:
        assembly = self._tagger.assembly
        if not self._fitted:
            with one_thread():
                assembly.prepare(self.parts.taught, self._tagger.vocabulary)
                assembly.remember_documents()
                assembly.fit(self.parts.taught, self._tagger.vocabulary)
            self._fitted = True
        return assembly
