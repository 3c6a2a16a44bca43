"""What one process has read of a project's folder, kept in step with what other processes do to it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import tagwright.project.parts as parts
import tagwright.project.versions as versions
from tagwright.calibration.rule import Rule
from tagwright.encoders.base import Encoder
from tagwright.errors import ConfigError, ProjectError, StoreError
from tagwright.executor import Executor
from tagwright.pipeline.assembly import STATE
from tagwright.pipeline.settings import LATER_CHANNELS
from tagwright.project.growing import Growth
from tagwright.project.manifest import Manifest
from tagwright.project.settings import DEFAULT, Settings
from tagwright.store.base import GrowthRow
from tagwright.store.sqlite import SqliteStore
from tagwright.tagger import Tagger
from tagwright.version import VERSION as __version__
from tagwright.vocabulary import Vocabulary

# How soon another machine notices that the owner of a training is dead; on this machine it is noticed at once.
_LEASE_SECONDS = 60.0
# What comes of reading files that another process has just dropped.
_MAY_BE_OUTDATED = (ProjectError, OSError)


class Opened:
    """The parts of a project: each read when it is first asked for, its files checked against the manifest.

    When another process has published a new manifest, `notice` reads it and drops all that hung on the old one.
    """

    def __init__(self, folder: Path, overrides: Sequence[str] = ()) -> None:
        self.folder, self._overrides = folder, tuple(overrides)
        self._store: SqliteStore | None = None
        self._tagger: Tagger | None = None
        self._growth: Growth | None = None
        self._read()

    @property
    def store(self) -> SqliteStore:
        """The database; its file is made when it is first written to."""
        if self._store is None:
            self._store = parts.store(self.folder, self.settings)
        return self._store

    def notice(self) -> bool:
        """Whether there is another manifest than the one that was read; if so, it is read."""
        changed = Manifest.stamp(self.folder) != self._stamp
        if changed:
            self._read()
        return changed

    def growth(self) -> Growth:
        """The growth log, read to its end."""
        self.notice()
        held = self.store.checks.held()
        if self._growth is not None and self._growth.held != held:
            self._forget()
        try:
            if self._growth is None:
                base = versions.load_vocabulary(self.folder, self.manifest)
                self._growth = Growth(base, self.manifest, self.rows_after, held)
            self._growth.read()
        except _MAY_BE_OUTDATED:
            if not self._outdated():
                raise
            return self.growth()
        return self._growth

    def tagger(self) -> Tagger:
        """The tagger, brought up to the last row of the growth log."""
        growth = self.growth()
        try:
            if self._tagger is None:
                self._tagger = self.loaded(growth.base)
            growth.bring(self._tagger)
        except _MAY_BE_OUTDATED:
            if not self._outdated():
                raise
            return self.tagger()
        except BaseException:
            self._forget()
            raise
        return self._tagger

    def cut(self) -> float:
        """The confidence from which F1 is highest: it was learned, so nothing is brought up to date for it."""
        self.growth()
        return (self._tagger or self.tagger()).cut

    def rule(self) -> Rule | None:
        """What is done with suggestions; ``None`` where nothing was tuned."""
        self.notice()
        said = versions.load_extra(self.folder, self.manifest, versions.RULE)
        return None if said is None else Rule.from_json(said)

    def differences(self) -> list[tuple[str, str]]:
        """(what, next step) for every setting that is not the one that the model was trained with."""
        then = {**self._of_later_channels(), **self.manifest.learned_with}
        return self.settings.differences(then, ranking=self.manifest.calibrated)

    def new_tagger(
        self, vocabulary: Vocabulary, taught: Mapping[str, Path] | None = None, crew: Executor | None = None
    ) -> Tagger:
        """One that has learned nothing yet; ``taught``: with these folders instead of `taught`; a ``crew`` encodes."""
        places = self.taught() if taught is None else taught
        wanted = self.settings.tagger()
        channels = parts.channels(self.folder, wanted.channels, places)
        rerank = parts.rerank(self.folder, self.settings, places)
        return Tagger(
            replace(wanted, channels=channels, rerank=rerank), self.encoder(places, len(vocabulary), crew), vocabulary
        )

    def plain_tagger(self, vocabulary: Vocabulary, encoder: Mapping[str, Path]) -> Tagger:
        """One that has learned nothing yet, without anything taught but the ``encoder``."""
        wanted = self.settings.tagger()
        channels = parts.untaught(wanted.channels)
        return Tagger(replace(wanted, channels=channels, rerank={}), self.encoder(encoder, len(vocabulary)), vocabulary)

    def encoder(self, taught: Mapping[str, Path], tags: int = 0, crew: Executor | None = None) -> Encoder:
        """The encoder, which remembers in the store what takes it long, all of so many ``tags`` at least."""
        made = parts.encoder(self.folder, self.settings, self.manifest, taught.get(parts.ENCODER))
        return parts.remembering(made, self.store, tags, crew)

    def taught(self) -> dict[str, Path]:
        """The folders of what was taught, their files checked."""
        for place in self.manifest.taught.values():
            self.manifest.verify(self.folder, place)
        return {name: self.folder / place for name, place in self.manifest.taught.items()}

    def rows_after(self, number: int) -> list[GrowthRow]:
        """The growth log's rows; a project that has never grown has no database, and gets none by being asked."""
        if not self.store.path.exists():
            return []
        rows = self.store.read(number)
        if not rows:
            self._refuse_another_log(self.store.last())
        return rows

    def append(self, rows: Sequence[GrowthRow]) -> int:
        """The number of the growth log's last row, after these were added to it."""
        self._refuse_another_log(self.growth().seen if self.store.path.exists() else 0)
        return self.store.append(rows)

    def fingerprint(self) -> str:
        """Names everything that the suggestions of `tagger` depend on: model, vocabulary, growth log, settings."""
        growth = "" if self._growth is None else self._growth.fingerprint
        said = [self.manifest.fingerprint, growth, __version__, self.settings.answers_with()]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]

    @contextmanager
    def alone(self) -> Iterator[Callable[[], None]]:
        """Nobody else publishes meanwhile; what it gives raises `StoreError` where that was lost (a laptop slept)."""
        self._refuse_another_log(self.growth().seen if self.store.path.exists() else 0)
        owner = f"{socket.gethostname()}:{os.getpid()}"
        with self.store.claim("train", owner, _LEASE_SECONDS) as lease:
            self._read()  # the settings, too, as they are now
            yield lease.renew
        self.notice()

    def refuse_held(self) -> None:
        """Raises `ProjectError` where decisions are held back: what made suggestions worse must not be learned."""
        if self.store.checks.held() is not None:
            raise ProjectError(
                "the newest decisions made suggestions worse and are held back",
                hint="tagwright decisions check says more; decisions back takes them back, decisions trust uses them",
            )

    def refuse_another_model(self, model: str) -> None:
        """Raises `ProjectError` where ``model`` is not the one in use any more: what was learned of it is of no use."""
        if self.manifest.model != model:
            raise ProjectError(
                f"{self.folder} was trained anew meanwhile, so what was found is about a model that is gone",
                hint="run the same again",
            )

    def close(self) -> None:
        """Lets go of the database."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def loaded(self, vocabulary: Vocabulary) -> Tagger:
        """The tagger as it was trained, without anything of the growth log."""
        tagger, differences = self.new_tagger(vocabulary), self.differences()
        if differences and not self.manifest.documents:
            return tagger.fit([])  # names alone are learned in a moment, so other settings need no training
        for what, hint in differences:
            raise ConfigError(what, hint=hint)
        return versions.load_tagger(self.folder, self.manifest, tagger)

    def _refuse_another_log(self, last: int) -> None:
        """A database that was put in the place of the old one counts its rows anew: they would be passed over."""
        known = max(self.manifest.folded, self.manifest.vocabulary_at)
        if last < known:
            raise StoreError(
                f"{self.store.path} ends at row {last}, but the model knows row {known}: it is another database",
                hint="restore it from a copy of the project, or make the project anew (tagwright init, then train)",
            )

    def _of_later_channels(self) -> dict[str, Any]:
        """The settings of default channels that a model of a former version does not have: it goes on without them."""
        if f"{self.manifest.model}/{STATE}" in self.manifest.files:
            return {}
        of_later = tuple(f"channels.{name}." for name in LATER_CHANNELS)
        if any(key.startswith(of_later) and origin != DEFAULT for key, _, origin in self.settings.rows()):
            return {}  # it was asked for
        return {key: value for key, value in self.settings.learned_with().items() if key.startswith(of_later)}

    def _read(self) -> None:
        self._stamp = Manifest.stamp(self.folder)
        self.manifest = Manifest.read(self.folder)
        self.settings = Settings.read(self.folder, self._overrides)
        self._forget()

    def _forget(self) -> None:
        self._tagger = self._growth = None

    def _outdated(self) -> bool:
        """Whether another process has published, and dropped our files, since the manifest was read."""
        self._forget()  # they may have been brought half the way
        return self.notice()
