"""How far a job is: what is done and what it took, how quickly it goes, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tagwright.scale.ledger import DONE, POISONED, RUNNING, WAITING, Ledger

STOPPED = "stopped"


@dataclass(frozen=True)
class Standing:
    """``done`` of ``documents``, in ``shards`` of which ``shards_done`` are finished and some ``running`` now.

    ``failed`` documents have an error in their row, ``degraded`` ones had to do without the language model;
    ``set_aside`` shards were given up. ``rate`` documents a second in the run that is going on, or was the last one;
    ``left`` seconds at this rate, ``None`` where that is not known. ``state`` is "waiting", "running", "stopped" (its
    process is gone), "cancelled", "failed" or "done".
    """

    state: str
    documents: int
    done: int
    shards: int
    shards_done: int
    running: int
    set_aside: int
    failed: int
    degraded: int
    calls: int
    tokens: int
    cost: float
    refused: int
    rate: float
    left: float | None
    complete: bool
    said: str = ""

    @classmethod
    def of(
        cls, ledger: Ledger, *, clock: Callable[[], float] = time.time, alive: bool | None = None
    ) -> Standing | None:
        """As the ledger has it now, ``None`` where there is no job; ``alive``: whether it is known to be run."""
        job = ledger.job()
        if job is None:
            return None
        sums = ledger.totals(job.began)
        state = job.state
        if state == RUNNING and not (ledger.is_run() if alive is None else alive):
            state = STOPPED
        documents = {name: int(sums.get(f"documents {name}", 0)) for name in (WAITING, RUNNING, DONE, POISONED)}
        seconds = (clock() if state == RUNNING else job.ended) - job.began
        rate = sums["since"] / seconds if seconds > 0 else 0.0
        rest = documents[WAITING] + documents[RUNNING]
        return cls(
            state, sum(documents.values()), documents[DONE] + documents[POISONED],
            int(sum(sums[name] for name in documents)), int(sums[DONE]), int(sums[RUNNING]), int(sums[POISONED]),
            int(sums["failed"]), int(sums["degraded"]), int(sums["calls"]),
            int(sums["prompt_tokens"] + sums["completion_tokens"]), sums["cost"], int(sums["refused"]),
            rate, rest / rate if rate > 0 and state == RUNNING else None, job.complete, job.said,
        )  # fmt: skip
