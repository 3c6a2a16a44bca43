"""A decision about a tag of a document: what it says, and which of many stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagwright.store.table import Value

ACCEPT, REJECT, ADD, REVERT = "accept", "reject", "add", "revert"
VERDICTS = (ACCEPT, REJECT, ADD)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided about one tag of one document.

    ``verdict`` is one of `VERDICTS` ("add": a tag that was not suggested); in the row that takes the decision number
    ``reverts`` back it is "revert". ``machine``: a program decided by itself. ``seen`` is the number of the last
    decision on the document that the person knew of. ``id`` is chosen by whoever sends it, so that it can be sent
    again. The store fills in ``number`` (from 1), ``time`` (seconds since 1970), ``row``, the row of the growth log by
    which it took effect (0 = the document is gone), and ``conflict``: the number of the last decision of somebody else
    on the same tag, to the contrary and not seen, that stood until then (0 = none).
    """

    document: str
    tag: str
    verdict: str
    person: str = ""
    reason: str = ""
    machine: bool = False
    seen: int = 0
    id: str = ""
    time: float = 0.0
    reverts: int = 0
    conflict: int = 0
    row: int = 0
    number: int = 0

    @property
    def wants(self) -> bool:
        """Whether the document is to have the tag."""
        return self.verdict != REJECT

    def is_like(self, other: Decision) -> bool:
        """Whether both say the same, as one that is sent again does."""
        names = ("document", "tag", "verdict", "person", "machine")
        return all(getattr(self, name) == getattr(other, name) for name in names)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which decisions are meant: all that fit everything that is given here.

    ``since`` and ``until`` are seconds since 1970 (inclusive), ``after`` a number and ``after_row`` a row of the growth
    log (exclusive); ``ids``: what their senders called them; ``conflicts``: only those that contradict somebody;
    ``limit`` 0 = all.
    """

    document: str | None = None
    tag: str | None = None
    person: str | None = None
    since: float | None = None
    until: float | None = None
    numbers: Sequence[int] | None = None
    ids: Sequence[str] | None = None
    after: int = 0
    after_row: int = 0
    conflicts: bool = False
    limit: int = 0

    @property
    def anything(self) -> bool:
        """Whether nothing is given, so that all decisions are meant."""
        return self == Chosen(limit=self.limit)

    def query(self) -> tuple[str, list[Value]]:
        """The rest of a query, and its values."""
        given: list[tuple[str, Value | None]] = [
            ("document = ?", self.document), ("tag = ?", self.tag), ("person = ?", self.person),
            ("time >= ?", self.since), ("time <= ?", self.until), ("number > ?", self.after or None),
            ("row > ?", self.after_row or None), ("conflict > ?", 0 if self.conflicts else None),
        ]  # fmt: skip
        parts = [part for part, value in given if value is not None]
        values: list[Value] = [value for _, value in given if value is not None]
        if self.numbers is not None:
            parts.append(f"number IN ({', '.join(str(int(number)) for number in self.numbers)})")
        if self.ids is not None:
            parts.append(f"id IN ({', '.join('?' * len(self.ids))})")
            values += self.ids
        where = f"WHERE {' AND '.join(parts)} " if parts else ""
        return f"{where}ORDER BY number{f' LIMIT {int(self.limit)}' if self.limit else ''}", values


def taken_back(told: Sequence[Decision]) -> set[int]:
    """The numbers of those that were taken back; ``told``: all decisions on a document, in order.

    What took something back may have been taken back itself, so the newest are looked at first.
    """
    found: set[int] = set()
    for one in reversed(told):
        if one.reverts and one.number not in found:
            found.add(one.reverts)
    return found


def standing(told: Sequence[Decision], floor: int = 0) -> list[Decision]:
    """Those that stand, in order, without reversals; ``floor``: what took effect up to this row does not count."""
    back = taken_back(told)
    return [
        one
        for one in told
        if not one.reverts and one.number not in back and (one.row > floor or not one.number)  # 0: being recorded
    ]


def contradicted(decision: Decision, stand: Sequence[Decision]) -> int:
    """The number of the last one of somebody else to the contrary that the person had not seen; 0 = none."""
    others = [
        one.number
        for one in stand
        if one.tag == decision.tag and one.person != decision.person and one.wants != decision.wants
        and one.number > decision.seen and not one.machine and not decision.reverts
    ]  # fmt: skip
    return max(others, default=0)
