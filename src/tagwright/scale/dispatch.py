"""The loop that gives shards to workers and writes down what became of them."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import tagwright.corpus.disk as disk
import tagwright.scale.shards as shards
from tagwright.corpus.result import Result
from tagwright.errors import JobError
from tagwright.scale.ledger import POISONED, TRIES, Ledger, Shard
from tagwright.scale.order import DONE, INPUT, LOST, PARTS, READY, Crew, Done, Event, Order
from tagwright.scale.purse import LedgerPurse

# How often somebody's wish to cancel is looked for while no worker says anything.
_LOOK_SECONDS = 0.5
# So many workers in a row that end before they have opened the project: it is no accident any more.
_NEVER_READY = 10
# Of so many documents it is told whether they are like those that the confidence was learned from.
_SEEN = 100_000


class Dispatch:
    """One run of a job: every shard that waits is given to a worker, until none is left or somebody cancels.

    ``lost`` shards had to be given out again; ``seen`` is what `Done.seen` says of the first documents.
    """

    def __init__(self, ledger: Ledger, order: Order, crew: Crew, purse: LedgerPurse | None, calibrated: bool) -> None:
        self._ledger, self._order, self._crew, self._purse = ledger, order, crew, purse
        self._calibrated = calibrated
        self._idle: list[str] = []
        self._busy: dict[str, Shard] = {}
        self._never = 0
        self.lost = 0
        self.seen: list[tuple[float, float]] = []

    def run(self, tell: Callable[[], None]) -> bool:
        """Whether the job went to its end, not cancelled; ``tell`` is called after all news.

        Raises `JobError` where a worker says that the project, the machine or the disk does not let it go on.
        """
        try:
            if self._ledger.next() is not None:
                self._crew.begin(self._order)
            while self._goes_on():
                for event in self._crew.wait(_LOOK_SECONDS):
                    self._hear(event)
                tell()
        finally:
            self._crew.end()
        return self._ledger.next() is None

    def _goes_on(self) -> bool:
        job = self._ledger.job()
        cancelled = job is not None and job.cancelled
        while self._idle and not cancelled and (shard := self._ledger.next()) is not None:
            worker = self._idle.pop()
            self._busy[worker] = self._ledger.given(shard, worker)
            self._crew.give(worker, shard.name)
        return bool(self._busy) or (not cancelled and self._ledger.next() is not None)

    def _hear(self, event: Event) -> None:
        if event.kind == READY:
            self._never = 0
            self._idle.append(event.worker)
        elif event.kind == DONE:
            assert event.done is not None
            self._ledger.done(self._busy.pop(event.worker), event.done)
            self.seen += event.done.seen[: max(0, _SEEN - len(self.seen))]
            self._idle.append(event.worker)
        elif event.kind == LOST:
            self._lose(event)
        else:
            raise JobError(f"a worker cannot go on: {event.said}", hint=event.hint)

    def _lose(self, event: Event) -> None:
        if self._purse is not None:
            self._purse.forfeit(event.worker)
        shard = self._busy.pop(event.worker, None)
        if shard is not None:
            self.lost += 1
            shard = self._ledger.lost(shard, event.said)
            if shard.state == POISONED:
                self._ledger.set_aside(shard, set_aside(self._order, shard, self._calibrated))
            return
        if event.worker in self._idle:
            self._idle.remove(event.worker)
            return
        self._never += 1
        if self._never >= _NEVER_READY:
            hint = "'tagwright doctor -p PROJECT' looks for what is wrong; a script needs: if __name__ == '__main__'"
            raise JobError(f"the workers end before they have opened the project: {event.said}", hint=hint)


def set_aside(order: Order, shard: Shard, calibrated: bool) -> Done:
    """An output part in which every document of the shard says why it has no suggestions."""
    error = f"not tagged: {TRIES} workers died of shard {shard.name} ({shard.said})"
    folder = Path(order.folder)
    rows = [Result(one.id, (), calibrated, error) for one in shards.read(folder / INPUT, shard.name)]
    data, path = b"".join(row.line() for row in rows), shards.path_of(folder / PARTS, shard.name)
    with disk.explained(path):
        disk.write_whole(path, data)
    return Done(len(rows), len(rows), len(data), sha256(data).hexdigest())
