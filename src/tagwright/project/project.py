"""A project: the folder where a vocabulary, what was learned and what is remembered live together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tagwright import __version__
from tagwright.candidates import Candidates
from tagwright.corpus.base import Corpus
from tagwright.encoders.base import Encoder
from tagwright.errors import ConfigError
from tagwright.evaluation import Report, SavedCandidates
from tagwright.pipeline.fitting import Progress
from tagwright.project import building, checking, evaluating, tagging
from tagwright.project.growing import Growth
from tagwright.project.manifest import Manifest
from tagwright.project.reports import Finding, TagReport, TrainReport
from tagwright.project.settings import Settings
from tagwright.store.base import GrowthRow
from tagwright.store.sqlite import SqliteStore
from tagwright.tagger import Tagger
from tagwright.types import Document, Suggestion, Tag
from tagwright.vocabulary import Vocabulary, open_vocabulary
from tagwright.vocabulary.changes import Changes

Text = str | Document
_LEASE_SECONDS = 60.0


def _quiet(stage: str, done: int, total: int | None) -> None:
    """Reports to nobody."""


class Project:
    """A vocabulary, a tagger trained on the user's documents, and a store, in one folder that can be moved.

    ``Project.create`` makes one, ``Project.open`` opens it; ``train``, ``suggest`` and ``tag`` do the work. Nothing is
    read before it is needed, and every file is checked against the manifest before it is used.
    """

    def __init__(self, folder: Path, settings: Settings, manifest: Manifest) -> None:
        self.folder, self.settings, self.manifest = folder, settings, manifest
        self._encoder: Encoder | None = None
        self._tagger: Tagger | None = None
        self._store: SqliteStore | None = None
        self._growth: Growth | None = None

    # --- making and opening ------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | Path,
        vocabulary: str | Path | Vocabulary,
        *,
        encoder: str = "lsa",
        language: str | None = None,
    ) -> Project:
        """A new project in a folder that is absent or empty; it suggests by names at once, without any training.

        ``encoder`` is "lsa", the folder of an exported encoder (copied in) or a hub name. Raises `ProjectError`,
        `VocabularyError`, `MissingExtraError`.
        """
        if not isinstance(vocabulary, Vocabulary):
            vocabulary = open_vocabulary(vocabulary, language=language)
        path = building.new_folder(Path(folder), encoder)
        settings = Settings.read(path)
        tagger = Tagger(settings.tagger(), building.encoder(path, settings, None), vocabulary).fit([])
        building.publish(path, settings, tagger, documents=0, folded=0)
        return cls.open(path)

    @classmethod
    def open(cls, folder: str | Path, *, overrides: Sequence[str] = ()) -> Project:
        """The project in a folder; ``overrides`` such as "channels.lexical.k=50" hold for this object only."""
        path = Path(folder)
        manifest = Manifest.read(path)
        return cls(path, Settings.read(path, overrides), manifest)

    # --- what it holds -----------------------------------------------------------------------------------------

    @property
    def vocabulary(self) -> Vocabulary:
        """The tags, those added at run time included."""
        return self._grown().vocabulary

    @property
    def store(self) -> SqliteStore:
        """The database of documents, growth log and cache."""
        if self._store is None:
            self._store = building.store(self.folder, self.settings)
        return self._store

    @property
    def tagger(self) -> Tagger:
        """The tagger, brought up to the last row of the growth log."""
        if self._tagger is None:
            self._check_settings()
            growth = self._grown()
            self._tagger = building.load_tagger(self.folder, self.settings, self.manifest, growth.base, self.encoder)
        self._grown().bring(self._tagger, self.manifest.changed)
        return self._tagger

    @property
    def encoder(self) -> Encoder:
        """The encoder that the settings name."""
        if self._encoder is None:
            self._encoder = building.encoder(self.folder, self.settings, self.store)
        return self._encoder

    @property
    def trained(self) -> bool:
        """Whether documents have been learned from."""
        return self.manifest.documents > 0

    @property
    def calibrated(self) -> bool:
        """Whether the confidence is a probability."""
        return self.manifest.calibrated

    # --- work --------------------------------------------------------------------------------------------------

    def train(self, corpus: Corpus | Iterable[Document] | None = None, *, progress: Progress | None = None) -> TrainReport:
        """Trains anew on exactly these documents and keeps them; without any, on the kept ones and what was added.

        The model in use stays as it is until the new one is complete, whatever happens.
        """
        started = time.process_time()
        with self.store.claim("train", building.owner(), _LEASE_SECONDS) as lease:
            vocabulary = self.vocabulary
            if corpus is None:
                self.store.fold(self.store.last())
            else:
                self.store.keep_documents(corpus)
            folded = self.store.folded()
            documents = [document for document in self.store.documents() if document.tags is not None]
            if not documents:
                raise ConfigError("there are no tagged documents to learn from", hint="tagwright train CORPUS")
            encoder = building.encoder(self.folder, self.settings, self.store)
            tagger = Tagger(self.settings.tagger(), encoder, vocabulary).fit(documents, progress or _quiet)
            lease.renew()
            self.manifest = building.publish(
                self.folder, self.settings, tagger, documents=len(documents), folded=folded
            )
        self._encoder, self._tagger, self._growth = encoder, None, None
        known = [sum(tag in vocabulary for tag in document.tags or ()) for document in documents]
        used = {tag for document in documents for tag in document.tags or () if tag in vocabulary}
        unknown = sum(len(document.tags or ()) for document in documents) - sum(known)
        spent = time.process_time() - started
        return TrainReport(
            len(documents), len(used), len(vocabulary), spent, tagger.calibrated, tagger.cut, unknown
        )

    def suggest(
        self, texts: Text | Sequence[Text], *, k: int = 10, why: bool = False
    ) -> list[list[Suggestion]]:
        """At most ``k`` suggestions for each text, by falling confidence; with at most three reasons each if asked."""
        given = [texts] if isinstance(texts, str | Document) else list(texts)
        documents = [text if isinstance(text, Document) else Document(f"text-{n}", text) for n, text in enumerate(given)]
        return self.tagger.suggest(documents, k=k, why=why)

    def tag(
        self,
        corpus: Corpus,
        out: str | Path,
        *,
        k: int = 10,
        min_confidence: float = 0.0,
        overwrite: bool = False,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> TagReport:
        """Writes a line for every document of the corpus, in its order; what an earlier run left is continued."""
        options = tagging.Options(k, min_confidence, workers)
        identity = {"model": self.fingerprint, **options.identity(), "input": corpus.fingerprint()}
        return tagging.tag(self.tagger, corpus, Path(out), identity, options, overwrite, progress or _quiet)

    def evaluate(
        self, corpus: Corpus, *, k: int = 100, progress: Progress | None = None
    ) -> tuple[Report, SavedCandidates]:
        """How good the suggestions for documents with known tags are, and the candidates it was computed from."""
        n_train = self.manifest.documents
        return evaluating.measure(self.tagger, corpus, k=k, n_train=n_train, progress=progress or _quiet)

    def candidates(self, documents: Sequence[Document]) -> Candidates:
        """The table of a block of documents: every channel's columns, ``fused`` and ``confidence``."""
        return self.tagger.candidates(documents)

    # --- growing -----------------------------------------------------------------------------------------------

    def add_documents(self, documents: Iterable[Document]) -> int:
        """Learns tagged documents at once (full training is for later); the log's last number."""
        return self.store.append([GrowthRow.add_document(document) for document in documents])

    def remove_documents(self, ids: Iterable[str]) -> int:
        """Forgets documents at once; the log's last number."""
        return self.store.append([GrowthRow.remove_document(id) for id in ids])

    def add_tags(self, tags: Iterable[Tag]) -> int:
        """Adds tags, or replaces those with the same ids; they are suggested from the next text on."""
        rows = list(tags)
        self.vocabulary.extended(rows)  # refuses what no vocabulary takes, before it is logged
        return self.store.append([GrowthRow.add_tag(tag) for tag in rows])

    def update_vocabulary(self, vocabulary: Vocabulary) -> Changes:
        """Takes a new edition: kept tags keep their positions, missing ones become deprecated."""
        updated, changes = self.vocabulary.updated(vocabulary)
        moved = building.changed_positions(self.vocabulary, updated)
        changed = sorted({*self.manifest.changed, *moved, *self._grown().changed})
        self.manifest = building.republish(
            self.folder, self.manifest, updated, changed=tuple(changed), vocabulary_at=self.store.last()
        )
        self._growth, self._tagger = None, None
        return changes

    # --- looking after -----------------------------------------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """Names everything that a suggestion depends on: model, vocabulary, growth log, settings."""
        growth = self._grown()
        growth.read()
        return building.digest([self.manifest.fingerprint, growth.seen, __version__, self.settings.rows()])

    def doctor(self) -> list[Finding]:
        """Reads every file, the database and the settings, and says what it finds; never raises for what is broken."""
        return checking.check(self.folder, self.settings, self.manifest, self.store)

    def close(self) -> None:
        """Lets go of the database."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _grown(self) -> Growth:
        if self._growth is None:
            base = building.load_vocabulary(self.folder, self.manifest)
            self._growth = Growth(base, self.store, self.manifest)
        return self._growth

    def _check_settings(self) -> None:
        now, then = self.settings.learned_with(), dict(self.manifest.learned_with)
        # Before a ranking is learned nothing depends on a channel: it may be switched off at any time.
        off = () if self.calibrated else tuple(f"{name}." for name in self.settings.switched_off)
        for key in [*then, *(key for key in now if key not in then)]:
            if now.get(key) != then.get(key) and not key.startswith(off):
                raise ConfigError(
                    f"setting {key!r} is {now.get(key)!r}, but the model was trained with {then.get(key)!r}",
                    hint="train again (tagwright train), or set it back",
                )
