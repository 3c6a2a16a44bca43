"""A project: the folder where a vocabulary, what was learned and what is remembered live together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import tagwright.project.checking as checking
import tagwright.project.creating as creating
import tagwright.project.evaluating as evaluating
import tagwright.project.parts as parts
import tagwright.project.tagging as tagging
import tagwright.project.training as training
import tagwright.project.tuning as tuning
import tagwright.project.updating as updating
import tagwright.project.versions as versions
from tagwright.calibration.rule import Rule
from tagwright.candidates import Candidates
from tagwright.evaluation import Report, SavedCandidates
from tagwright.pipeline.fitting import Progress, quiet
from tagwright.pipeline.table import OutOfFold
from tagwright.project.growing import numbers_of, rows_for
from tagwright.project.llm import LanguageModel, Session
from tagwright.project.manifest import Manifest
from tagwright.project.opened import Opened
from tagwright.project.reading import Given, corpus_of
from tagwright.project.reports import Finding, TagReport, TrainReport
from tagwright.project.settings import Settings
from tagwright.project.teaching import Planned, Teaching, Wanted
from tagwright.project.tuning import TuneReport
from tagwright.store.base import GrowthRow
from tagwright.store.sqlite import SqliteStore
from tagwright.tagger import Tagger
from tagwright.types import Document, Suggestion, Tag
from tagwright.vocabulary import Vocabulary, open_vocabulary
from tagwright.vocabulary.changes import Changes

Text = str | Document


class Project:
    """A vocabulary, a tagger trained on the user's documents, and a store, in one folder that can be moved.

    ``Project.create`` makes one, ``Project.open`` opens it; ``train``, ``suggest`` and ``tag`` do the work. Nothing is
    read before it is needed, and every file is checked against the manifest before it is used. Several processes may
    work on one folder: each notices what another has published or added when it is asked next. One object is for one
    thread at a time (``tag`` has workers of its own).
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    # --- making and opening ------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | Path,
        vocabulary: str | Path | Vocabulary,
        *,
        encoder: str = "lsa",
        language: str | None = None,
        progress: Progress | None = None,
    ) -> Project:
        """A new project in a folder that is absent or empty; it suggests by names at once, without any training.

        ``encoder`` is "lsa", the folder of an exported encoder (copied in) or a hub name. Where this fails or is
        killed, the folder is no project and may be named again. Raises `ProjectError`, `VocabularyError`,
        `ConfigError`, `MissingExtraError`.
        """
        path = Path(folder)
        if not isinstance(vocabulary, Vocabulary):
            vocabulary = open_vocabulary(vocabulary, language=language)
        with creating.unfinished(path):
            creating.furnish(path, encoder)
            settings = Settings.read(path)
            store = parts.store(path, settings)
            made = parts.remembering(parts.encoder(path, settings, None), store, len(vocabulary))
            tagger = Tagger(settings.tagger(), made, vocabulary).fit([], progress or quiet)
            store.close()
            versions.publish(path, settings, tagger, documents=0, folded=0, vocabulary_at=0)
        return cls.open(path)

    @classmethod
    def open(cls, folder: str | Path, *, overrides: Sequence[str] = ()) -> Project:
        """The project in a folder; ``overrides`` such as "channels.lexical.k=50" hold for this object only."""
        return cls(Opened(Path(folder), overrides))

    # --- what it holds -----------------------------------------------------------------------------------------
    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._opened.folder

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._opened.settings

    @property
    def manifest(self) -> Manifest:
        """Of which files it consists, and what is known of the model."""
        return self._opened.manifest

    @property
    def store(self) -> SqliteStore:
        """The database of documents, growth log and cache."""
        return self._opened.store

    @property
    def vocabulary(self) -> Vocabulary:
        """The tags, those added at run time included."""
        return self._opened.growth().vocabulary

    @property
    def tagger(self) -> Tagger:
        """The tagger, brought up to the last row of the growth log."""
        return self._opened.tagger()

    @property
    def trained(self) -> bool:
        """Whether documents have been learned from."""
        return self.manifest.documents > 0

    @property
    def calibrated(self) -> bool:
        """Whether the confidence is a probability."""
        return self.manifest.calibrated

    @property
    def cut(self) -> float:
        """The confidence from which F1 is highest."""
        return self._opened.cut()

    @cached_property
    def llm(self) -> LanguageModel:
        """The language model: `LanguageModel.session` gives what `suggest` and `tag` take as ``llm``."""
        return LanguageModel(self._opened)

    @cached_property
    def teaching(self) -> Teaching:
        """What its documents can teach an encoder."""
        return Teaching(self._opened)

    def out_of_fold(self) -> OutOfFold | None:
        """The table that fusion and calibration were fitted on; ``None`` where nothing was learned about ranking."""
        return versions.load_out_of_fold(self.folder, self.manifest)

    # --- work --------------------------------------------------------------------------------------------------
    def train(
        self,
        corpus: Given | None = None,
        *,
        teach: Collection[str] = (),
        drop: Collection[str] = (),
        planned: Planned | None = None,
        progress: Progress | None = None,
    ) -> TrainReport:
        """Trains anew on exactly these documents and keeps them; without any, on the kept ones and what was added.

        ``corpus`` is a file, a folder, a `Corpus` or documents. ``teach``: what of "encoder", "pairs" and "cross" is
        taught anew first (needs the extra ``train``), ``planned`` being told how long each will take; ``drop``: which
        of them are not used any more. The model in use stays as it is until the new one is complete, whatever happens.
        Raises `ConfigError` where there is nothing to learn from.
        """
        return training.train(self._opened, corpus, Wanted(teach, drop, planned), progress or quiet)

    def suggest(
        self, texts: Text | Sequence[Text], *, k: int = 10, why: bool = False, llm: Session | None = None
    ) -> list[list[Suggestion]]:
        """At most ``k`` suggestions for each text, by falling confidence; with at most three reasons each if asked."""
        given = [texts] if isinstance(texts, str | Document) else texts
        documents = [one if isinstance(one, Document) else Document(f"text-{n}", one) for n, one in enumerate(given)]
        return self.tagger.suggest(documents, k=k, why=why, asking=None if llm is None else llm.asking)

    def tag(
        self,
        corpus: Given,
        out: str | Path,
        *,
        k: int = 10,
        min_confidence: float = 0.0,
        overwrite: bool = False,
        workers: int = 1,
        llm: Session | None = None,
        progress: Progress | None = None,
    ) -> TagReport:
        """Writes a line for every document of the corpus, in its order; what an earlier run left is continued."""
        options = tagging.Options(k, min_confidence, workers if llm is None else llm.workers(workers))
        read = corpus_of(corpus)
        tagger = self.tagger
        identity = {"model": self._opened.fingerprint(), **options.identity(), "input": read.fingerprint()}
        return tagging.tag(
            tagger, read, Path(out), options=options, overwrite=overwrite, progress=progress or quiet,
            rule=self._opened.rule(), asking=None if llm is None else llm.asking,
            identity={**identity, **({} if llm is None else llm.identity)},
        )  # fmt: skip

    def tune(
        self,
        targets: Mapping[str, float],
        corpus: Given | None = None,
        *,
        level: float = 0.9,
        k: int = 50,
        progress: Progress | None = None,
    ) -> TuneReport:
        """The rule for ``targets`` {"precision", "documents" or "recall": share}, kept in the project from now on.

        With a ``corpus`` of tagged documents that training did not see, each promise holds on new documents like them
        with chance ``level``; without, the out-of-fold table gives estimates. ``k`` suggestions a document are shown.
        Raises `ConfigError` where nothing was learned about confidence, or no document is left.
        """
        wanted = tuning.Wanted(targets, level, k)
        read = None if corpus is None else corpus_of(corpus, self.vocabulary, keep_unknown=True)
        return tuning.tune_project(self._opened, wanted, read, progress or quiet)

    def forget_rule(self) -> None:
        """Takes the rule of `tune` back: suggestions come without decisions."""
        with self._opened.alone():
            versions.publish_extra(self.folder, self.manifest, versions.RULE, None)

    @property
    def rule(self) -> Rule | None:
        """What is done with suggestions; ``None`` where nothing was tuned."""
        return self._opened.rule()

    def evaluate(
        self, corpus: Given, *, k: int = 100, why: bool = False, progress: Progress | None = None
    ) -> tuple[Report, SavedCandidates]:
        """How good suggestions for known tags are, and from what; ``why``: with reasons for the worst documents."""
        read = corpus_of(corpus, self.vocabulary, keep_unknown=True)
        return evaluating.evaluate_project(self._opened, read, k=k, why=why, progress=progress or quiet)

    def candidates(self, documents: Sequence[Document]) -> Candidates:
        """The table of a block: every channel's columns, ``fused`` and ``confidence``."""
        return self.tagger.candidates(documents)

    # --- growing: each returns the numbers of the log's rows, for `revert` ---------------------------------------

    def add_documents(self, documents: Iterable[Document]) -> list[int]:
        """Learns tagged documents at once, in the place of those with the same ids; ranking waits for `train`."""
        return self._log([GrowthRow.add_document(document) for document in documents])

    def remove_documents(self, ids: Iterable[str]) -> list[int]:
        """Forgets documents at once; unknown ids change nothing."""
        return self._log([GrowthRow.remove_document(id) for id in ids])

    def add_tags(self, tags: Iterable[Tag]) -> list[int]:
        """Adds tags, or replaces those with the same ids; they are suggested from the next text on."""
        return self._log(rows_for(list(tags), self.vocabulary))

    def remove_tags(self, ids: Iterable[str]) -> list[int]:
        """Deprecates tags: they keep their positions and are never suggested; raises `UnknownTagError`."""
        vocabulary = self.vocabulary
        positions = vocabulary.positions(ids).tolist()
        return self.add_tags([replace(vocabulary.tag(position), deprecated=True) for position in positions])

    def revert(self, rows: Iterable[int]) -> list[int]:
        """Takes rows of the growth log back; raises `StoreError` where a later row replaced what one of them said."""
        before = self.store.last()
        return list(range(before + 1, self.store.revert(list(rows)) + 1))

    def update_vocabulary(self, vocabulary: Vocabulary) -> Changes:
        """Takes a new edition: kept tags keep their positions, missing ones become deprecated.

        What was learned stays; an untrained project learns the names anew.
        """
        return updating.update(self._opened, vocabulary)

    # --- looking after -----------------------------------------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """Names everything that a suggestion depends on: model, vocabulary, growth log, settings."""
        self._opened.growth()
        return self._opened.fingerprint()

    def doctor(self) -> list[Finding]:
        """Reads every file, the database and the settings, and says what it finds; never raises for what is broken."""
        return checking.check(self._opened)

    def close(self) -> None:
        """Lets go of the database; it is opened again when it is needed."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _log(self, rows: list[GrowthRow]) -> list[int]:
        return numbers_of(rows, self._opened.append(rows))
