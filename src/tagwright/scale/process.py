"""One shard: a part of documents in, a part of rows out, the same bytes whoever does it and however often."""

from __future__ import annotations

import time
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import tagwright.corpus.disk as disk
import tagwright.scale.shards as shards
from tagwright.calibration.drift import Watch
from tagwright.errors import JobError
from tagwright.llm.base import Usage
from tagwright.llm.budget import Purse, SharedBudget
from tagwright.pipeline.assembly import BLOCK
from tagwright.pipeline.threads import one_thread
from tagwright.project import Project
from tagwright.project.tagging import Asked, Options
from tagwright.scale.order import INPUT, PARTS, Done, Order

# What is tagged at once. Blocks are cut within a shard, so no row depends on how many workers there are.
_ROWS = 4 * BLOCK


class Worker:
    """The project of an order, opened once, and its shards one after the other.

    Its arrays are mapped from their files, so workers of one machine share them. ``purse`` is what all workers pay
    their language model from. Raises `JobError` where the project is not the one of the order any more.
    """

    def __init__(self, order: Order, purse: Purse | None = None) -> None:
        self._order = order
        self._project = Project.open(order.project, overrides=order.overrides)
        self._tagger, found = self._project.tagger, self._project.fingerprint
        if found != order.fingerprint:
            raise JobError(
                f"{order.project} has changed since the job was begun",
                hint="begin anew with --overwrite; a copy of the project does not change while others work on it",
            )
        self._rule = self._project.rule
        self._session = None
        if order.llm:
            budget = self._project.llm.budget(order.caps)
            if purse is not None:
                options = {one.name: getattr(budget, one.name) for one in fields(budget) if one.init}
                budget = SharedBudget(**options, purse=purse)
            self._session = self._project.llm.session(budget=budget)

    def process(self, shard: str) -> Done:
        """Writes the shard's output part: beside its place, synced, renamed. What is there is replaced by its like."""
        began, folder = time.monotonic(), Path(self._order.folder)
        before, refused = self._spent()
        documents = shards.read(folder / INPUT, shard)
        asked = Asked(
            self._tagger, Options(self._order.k, self._order.min_confidence, 1), self._rule,
            None if self._session is None else self._session.asking, Watch(),
        )  # fmt: skip
        with one_thread():
            rows = [row for at in range(0, len(documents), _ROWS) for row in asked.rows(documents[at : at + _ROWS])]
        data = b"".join(row.line() for row in rows)
        path = shards.path_of(folder / PARTS, shard)
        with disk.explained(path):
            disk.write_whole(path, data)
        spent, over = self._spent()
        taken = Usage(*(getattr(spent, one.name) - getattr(before, one.name) for one in fields(spent)))
        return Done(
            len(rows), sum(bool(row.error) for row in rows), len(data), sha256(data).hexdigest(), sum(asked.degraded),
            time.monotonic() - began, taken.calls, taken.prompt_tokens, taken.completion_tokens,
            0.0 if self._session is None else self._session.budget.cost_of(taken), over - refused,
            tuple((round(best, 6), round(total, 6)) for best, total in asked.watch.values().tolist()),
        )  # fmt: skip

    def _spent(self) -> tuple[Usage, int]:
        """What the language model took so far, and how many questions the budget refused."""
        if self._session is None:
            return Usage(), 0
        return self._session.budget.spent_, self._session.budget.refused_


def process_shard(shard: str, order: Order) -> Done:
    """Does one shard of an order and no other: for those who have an executor of their own.

    Pure and idempotent: it reads the shard's input part and the project, and writes the shard's output part.
    """
    return Worker(order).process(shard)
