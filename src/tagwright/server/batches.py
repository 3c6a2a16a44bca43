"""Questions of many threads, answered together by one worker."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tagwright.server.refusals import Busy, Stopping, TooLate

Question = TypeVar("Question")
Kind = TypeVar("Kind")
Answer = TypeVar("Answer")

# A guess of how long one question takes, until some were answered, and how much the newest measurement counts.
_FIRST_GUESS, _NEWEST = 0.05, 0.2
_LONGEST_RETRY = 30.0


@dataclass(eq=False)
class _Asked(Generic[Question, Kind, Answer]):
    questions: Sequence[Question]
    kind: Kind
    done: threading.Event = field(default_factory=threading.Event)
    answers: list[Answer] | None = None
    error: BaseException | None = None
    dropped: bool = False


class Batches(Generic[Question, Kind, Answer]):
    """A queue with one worker, which takes what waits of one kind and answers it in one go.

    ``answer(questions, kind)`` gives an answer a question, in order, and must not depend on what else is asked beside.
    ``room``: how many callers may wait; ``most``: how many questions are answered in one go (those of one caller are
    never parted). The worker is a thread that starts with the first question.
    """

    def __init__(
        self, answer: Callable[[Sequence[Question], Kind], list[Answer]], *, room: int, most: int, name: str = ""
    ) -> None:
        self._answer, self._room, self._most, self._name = answer, room, most, name
        self._waiting: deque[_Asked[Question, Kind, Answer]] = deque()
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None
        self._closed = False
        self._seconds = _FIRST_GUESS  # that one caller's questions take

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, questions: Sequence[Question], kind: Kind, *, seconds: float) -> list[Answer]:
        """The answers, in order.

        Raises `Busy` at once where too many wait, `TooLate` after ``seconds``, and what ``answer`` raised.
        """
        asked: _Asked[Question, Kind, Answer] = _Asked(questions, kind)
        with self._changed:
            if self._closed:
                raise Stopping("the server is stopping", retry_after=5.0)
            if len(self._waiting) >= self._room:
                raise Busy(f"{len(self._waiting)} others wait already", retry_after=self._until_free())
            self._waiting.append(asked)
            self._begin()
            self._changed.notify()
        if not asked.done.wait(seconds):
            asked.dropped = True
            raise TooLate(f"there was no answer within {seconds:.3g} seconds", retry_after=self._until_free())
        if asked.error is not None:
            raise asked.error
        assert asked.answers is not None
        return asked.answers

    def close(self, seconds: float = 30.0) -> None:
        """What waits is answered still (for so long), new questions are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._worker is not None:
            self._worker.join(seconds)

    def _until_free(self) -> float:
        return min(_LONGEST_RETRY, max(1.0, len(self._waiting) * self._seconds))

    def _begin(self) -> None:
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name=f"batches {self._name}", daemon=True)
            self._worker.start()

    def _work(self) -> None:
        while taken := self._take():
            began = time.monotonic()
            self._answer_all(taken)
            each = (time.monotonic() - began) / len(taken)
            self._seconds += _NEWEST * (each - self._seconds)

    def _take(self) -> list[_Asked[Question, Kind, Answer]]:
        """The first that waits, and behind it others of its kind; empty at the end."""
        with self._changed:
            while True:
                waiting = [asked for asked in self._waiting if not asked.dropped]
                taken = self._together(waiting)
                self._waiting = deque(asked for asked in waiting if asked not in taken)
                if taken or self._closed:
                    return taken
                self._changed.wait()

    def _together(self, waiting: Sequence[_Asked[Question, Kind, Answer]]) -> list[_Asked[Question, Kind, Answer]]:
        taken: list[_Asked[Question, Kind, Answer]] = []
        size = 0
        for asked in waiting:
            fits = not taken or (asked.kind == taken[0].kind and size + len(asked.questions) <= self._most)
            if fits:
                taken.append(asked)
                size += len(asked.questions)
        return taken

    def _answer_all(self, taken: list[_Asked[Question, Kind, Answer]]) -> None:
        """Where the batch fails, its callers are answered one by one, so that only the guilty one is told."""
        try:
            answers = self._answer([one for asked in taken for one in asked.questions], taken[0].kind)
        except BaseException as error:
            if len(taken) > 1:
                for asked in taken:
                    self._answer_all([asked])
                return
            taken[0].error = error
            taken[0].done.set()
            return
        start = 0
        for asked in taken:
            asked.answers = answers[start : start + len(asked.questions)]
            start += len(asked.questions)
            asked.done.set()
