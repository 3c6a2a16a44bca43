"""One budget for all workers of a job: what is spent, and what is held for calls that are under way, in the ledger."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from tagwright.llm.base import Usage
from tagwright.llm.budget import Budget
from tagwright.store.database import Database

_COLUMNS = "calls, prompt_tokens, completion_tokens"
_SUMS = "coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0)"


@dataclass
class LedgerPurse:
    """The purse of the worker ``owner``, within the caps of ``budget`` for all workers and all runs of the job.

    What is held is on the ledger before the call is made. Of a worker that dies it counts as spent (`forfeit`), since
    nobody can tell whether it was: so the caps hold through any number of kills, within one call a worker.
    """

    database: Database
    budget: Budget
    owner: str = ""

    def hold(self, most: Usage, likely: Usage) -> bool:
        """Whether what is ``likely`` taken still fits beside all that is spent and held by anybody."""
        with self.database.writing() as connection:
            together = _spent(connection) + _sum(connection, f"SELECT {_SUMS} FROM held")
            if not self.budget.fits(together + likely):
                return False
            insert = f"INSERT INTO held (owner, {_COLUMNS}) VALUES (?, ?, ?, ?) ON CONFLICT (owner) DO UPDATE SET "
            added = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COLUMNS.split(", "))
            connection.execute(insert + added, (self.owner, *_row(most)))
            return True

    def settle(self, held: Usage, taken: Usage) -> None:
        """What was held has taken this much; nothing changes where it was forfeited meanwhile."""
        with self.database.writing() as connection:
            left = ", ".join(f"{name} = max({name} - ?, 0)" for name in _COLUMNS.split(", "))
            found = connection.execute(f"UPDATE held SET {left} WHERE owner = ?", (*_row(held), self.owner))
            if found.rowcount:
                _spend(connection, taken)

    def forfeit(self, owner: str = "") -> Usage:
        """What a dead worker (by default: any) held, which counts as spent from now on."""
        where, values = ("WHERE owner = ?", (owner,)) if owner else ("", ())
        with self.database.writing() as connection:
            held = _sum(connection, f"SELECT {_SUMS} FROM held {where}", values)
            connection.execute(f"DELETE FROM held {where}", values)
            _spend(connection, held)
            return held

    def spent(self) -> Usage:
        """What all workers took so far, and what dead ones held."""
        with self.database.reading() as connection:
            return _spent(connection)


def _row(usage: Usage) -> tuple[int, int, int]:
    return usage.calls, usage.prompt_tokens, usage.completion_tokens


def _spent(connection: sqlite3.Connection) -> Usage:
    return _sum(connection, f"SELECT {_COLUMNS} FROM spent")


def _sum(connection: sqlite3.Connection, query: str, values: tuple[str, ...] = ()) -> Usage:
    return Usage(*connection.execute(query, values).fetchone())


def _spend(connection: sqlite3.Connection, taken: Usage) -> None:
    more = ", ".join(f"{name} = {name} + ?" for name in _COLUMNS.split(", "))
    connection.execute(f"UPDATE spent SET {more}", _row(taken))
