"""One project in the server: for any number of threads, whose questions are answered together."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tagwright.feedback import Feedback
from tagwright.feedback.queue import Held, Queue
from tagwright.project import Project
from tagwright.server.lane import Answer, Lane, State
from tagwright.types import Document, Suggestion
from tagwright.vocabulary import Search, Vocabulary
from tagwright.vocabulary.outline import Outline

__all__ = ["Answer", "Served", "State"]

# From so many letters on a text takes a second and more, for which others should not have to wait.
_LONG = 1_000_000
# Of those, so many wait: each has its text in memory.
_LONG_ROOM = 8
_WARM_SECONDS = 3600.0
# Words that are in no vocabulary: what looks for those that are nearly like them is read with the first such word.
_MISSPELT = "everythingg that the furst ansver needz"


class Served:
    """A project that many threads use at once.

    `Project` is for one thread at a time: suggestions go through a queue whose worker answers all that waits in one
    go, everything else borrows the project for a moment with `using`. Long texts have a queue and an opened project of
    their own. The `store` may be used by any thread directly.
    """

    def __init__(self, project: Project, overrides: Sequence[str] = ()) -> None:
        self.overrides = tuple(overrides)
        self.folder: Path = project.folder.resolve()
        self.options = project.settings.server()
        self.id = self.options.id or self.folder.name
        self.name = self.options.name or self.id
        self.store = project.store
        self.feedback = Feedback(self.store, project.settings.feedback())
        self.queue, self.held = Queue(self.store), Held()
        self.asked = 0.0
        """When somebody asked for suggestions last, by `time.monotonic`."""
        self._quick = Lane(project, self.options, room=self.options.queue, name=self.id)
        self._slow: Lane | None = None
        self._opening = threading.Lock()
        self._searching = threading.Lock()
        self._search: tuple[Vocabulary, Search] | None = None
        self._outline: Outline | None = None

    @classmethod
    def open(cls, folder: str | Path, *, overrides: Sequence[str] = ()) -> Served:
        """The project in a folder, with overrides of its settings as `Project.open` takes them."""
        return cls(Project.open(folder, overrides=overrides), overrides)

    def suggest(self, documents: Sequence[Document], *, k: int, why: bool = False) -> list[list[Suggestion]]:
        """At most ``k`` suggestions for each document, as `Project.suggest` gives them.

        Raises `Busy` where too many wait already, `TooLate` after ``options.most_seconds``.
        """
        return [answer.suggestions for answer in self.answer(documents, k=k, why=why)]

    def answer(self, documents: Sequence[Document], *, k: int, why: bool = False) -> list[Answer]:
        """The same, each with the state that it comes from, and with decisions where the project has a rule."""
        if k < 1:
            state = self.state()
            return [Answer([], state) for _ in documents]
        self.asked = time.monotonic()
        # Many documents are asked for in parts, so that somebody with one of them has not to wait for all.
        step, end = self.options.batch, time.monotonic() + self.options.most_seconds
        answers: list[Answer] = []
        for start in range(0, len(documents), step):
            part, left = documents[start : start + step], max(0.0, end - time.monotonic())
            answers += self._lane(part).ask(part, (k, why), seconds=left)
        return answers

    def waiting(self) -> int:
        """How many callers wait for suggestions."""
        return len(self._quick) + (0 if self._slow is None else len(self._slow))

    @contextmanager
    def using(self) -> Iterator[Project]:
        """The project, for this thread alone as long as the block lasts: keep it short.

        Raises `TooLate` where the turn does not come within ``options.most_seconds``.
        """
        with self._quick.using() as project:
            yield project

    def state(self) -> State:
        """What is known now of tags and model, whichever process changed them."""
        return self._quick.state()

    def vocabulary(self) -> Vocabulary:
        """The tags as they are now, those added at run time included; not to be written to."""
        return self.state().vocabulary

    def search(self) -> Search:
        """The search box over the tags as they are now; it is made once for all who wait for it."""
        vocabulary = self.vocabulary()
        with self._searching:
            if self._search is None or self._search[0] is not vocabulary:
                before = None if self._search is None else self._search[1]
                self._search = (vocabulary, Search.following(vocabulary, before))
            return self._search[1]

    def outline(self) -> Outline:
        """The tags as they are now, for leafing through them; made once for all who wait for it."""
        vocabulary = self.vocabulary()
        with self._searching:
            if self._outline is None or self._outline.vocabulary is not vocabulary:
                self._outline = Outline(vocabulary, self._outline)
            return self._outline

    def warm(self) -> None:
        """Everything is read that the first answer needs, however long that takes."""
        self._quick.ask([Document("warm", _MISSPELT)], (1, False), seconds=_WARM_SECONDS)
        self.search()
        self.outline()

    def close(self) -> None:
        """What waits is answered, then the project is let go of."""
        for lane in (self._quick, self._slow):
            if lane is not None:
                lane.close()

    def _lane(self, documents: Sequence[Document]) -> Lane:
        if sum(len(one.text) for one in documents) < _LONG:
            return self._quick
        with self._opening:
            if self._slow is None:
                project = Project.open(self.folder, overrides=self.overrides)
                self._slow = Lane(project, self.options, room=_LONG_ROOM, name=f"{self.id}, long texts")
            return self._slow
