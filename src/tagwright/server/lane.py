"""One opened project with the queue before it: questions are answered together, all else borrows it for a moment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from tagwright.pipeline.threads import one_thread
from tagwright.project import Project
from tagwright.project.manifest import FILE as MANIFEST
from tagwright.project.manifest import Manifest
from tagwright.project.serving import ServerOptions
from tagwright.server.batches import Batches
from tagwright.server.turns import Turns
from tagwright.types import Document, Suggestion
from tagwright.vocabulary import Vocabulary

Asked = tuple[int, bool]  # k and why


@dataclass(frozen=True)
class State:
    """What is known of a project's model at one moment.

    ``cut``: the confidence from which F1 is highest; ``fingerprint`` names everything that a suggestion depends on,
    ``model`` what was learned and ``settings`` what is set for answering, ``row`` is the last one of the growth log;
    ``modified``: when the model was published.
    """

    vocabulary: Vocabulary

    trained: bool
    calibrated: bool
    cut: float
    documents: int
    model: str
    settings: str
    row: int
    fingerprint: str
    modified: datetime | None


@dataclass(frozen=True)
class Answer:
    """Suggestions for one document by falling confidence, and the state that they come from."""

    suggestions: list[Suggestion]
    state: State


class Lane:
    """A project for many threads: `ask` goes through a queue with one worker, `using` lends it out in turns."""

    def __init__(self, project: Project, options: ServerOptions, *, room: int, name: str) -> None:
        self.store = project.store
        self._project, self._seconds = project, options.most_seconds
        self._turns = Turns()
        self._batches: Batches[Document, Asked, Answer] = Batches(
            self._answers, room=room, most=options.batch, name=name
        )
        self._seen: tuple[int, object] | None = None
        self._state: State | None = None

    def __len__(self) -> int:
        return len(self._batches)

    def ask(self, documents: Sequence[Document], asked: Asked, *, seconds: float) -> list[Answer]:
        """An answer a document; raises `Busy` where too many wait already, `TooLate` after ``seconds``."""
        return self._batches.ask(documents, asked, seconds=seconds)

    @contextmanager
    def using(self) -> Iterator[Project]:
        """The project, for this thread alone; raises `TooLate` where the turn does not come in time."""
        with self._turns.taken(self._seconds):
            yield self._project

    def state(self) -> State:
        """What is known now; the project is borrowed only where another model or more rows are there than before."""
        known = self._state
        if known is not None and self._seen == self._now():
            return known
        with self.using() as project:
            return self._remember(project)

    def close(self) -> None:
        """What waits is answered, then the project is let go of."""
        self._batches.close()
        with self.using() as project:
            project.close()

    def _answers(self, documents: Sequence[Document], asked: Asked) -> list[Answer]:
        k, why = asked
        with self.using() as project, one_thread():
            tagger = project.tagger
            found = tagger.suggest(documents, k=k, why=why, rule=project.rule)
            state = self._remember(project)
        return [Answer(suggestions, state) for suggestions in found]

    def _now(self) -> tuple[int, object]:
        """The growth log's last row, and what else tells one state of the project from the next."""
        there = self.store.path.exists()
        last, held = (self.store.last(), self.store.checks.held()) if there else (0, None)
        return last, (Manifest.stamp(self._project.folder), held)

    def _remember(self, project: Project) -> State:
        """The state of the borrowed project; what is read here is at least as new as what was seen before it."""
        now = self._now()
        if self._state is None or now != self._seen:
            self._state = _state(project, now[0])
            self._seen = now
        return self._state


def _state(project: Project, row: int) -> State:
    try:
        modified = datetime.fromtimestamp((project.folder / MANIFEST).stat().st_mtime, UTC)
    except OSError:
        modified = None
    manifest, settings = project.manifest, json.dumps(project.settings.answers_with(), sort_keys=True)
    return State(
        vocabulary=project.vocabulary, trained=project.trained, calibrated=project.calibrated, cut=project.cut,
        documents=manifest.documents, model=manifest.fingerprint, row=row, modified=modified,
        settings=hashlib.sha256(settings.encode()).hexdigest(), fingerprint=project.fingerprint,
    )  # fmt: skip
