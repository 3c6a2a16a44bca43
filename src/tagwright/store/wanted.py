"""Which of the waiting documents are meant, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OPEN = "open"
# The orders by name: what is worth most to look at, what is most and least likely all right, by id.
ORDERS = {
    "gain": "gain DESC, document",
    "right": "all_right IS NULL, all_right DESC, document",
    "doubt": "all_right IS NULL, all_right, document",
    "id": "document",
}

# A decision that was not taken back; a reversal that was itself taken back does not count.
STANDS = """reverts = 0 AND NOT EXISTS (
    SELECT 1 FROM decisions AS back WHERE back.reverts = decisions.number AND NOT EXISTS (
        SELECT 1 FROM decisions AS again WHERE again.reverts = back.number))"""
_UNDECIDED = f"""NOT EXISTS (
    SELECT 1 FROM decisions WHERE document = queued.document AND tag = ? AND machine = 0 AND {STANDS})"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Those that fit everything that is given here.

    ``states`` they may be in; ``tag`` suggested for them and not decided yet, with a confidence of ``least`` or, at -1,
    as likely; how likely all is right from ``low`` to ``high``, both included; ``text`` in the title. ``order`` is one
    of `ORDERS`; ``offset`` of them are passed over, then come at most ``limit``.
    """

    states: tuple[str, ...] = (OPEN,)
    tag: str | None = None
    least: float = -1.0
    low: float | None = None
    high: float | None = None
    text: str = ""
    order: str = "gain"
    offset: int = 0
    limit: int = 50

    def query(self, columns: str) -> tuple[str, list[Any]]:
        """The query for these columns, and its values."""
        where, values = self._where()
        named = ", ".join(f"queued.{column.strip()}" for column in columns.split(","))
        tables = "queued JOIN proposed USING (document)" if self.tag is not None else "queued"
        order = "confidence DESC, document" if self.tag is not None and self.order == "gain" else ORDERS[self.order]
        said = f"SELECT {named} FROM {tables} {where} ORDER BY {order} LIMIT ? OFFSET ?"
        return said, [*values, self.limit, self.offset]

    def counting(self) -> tuple[str, list[Any]]:
        """The query for how many there are, and its values."""
        where, values = self._where()
        tables = "queued JOIN proposed USING (document)" if self.tag is not None else "queued"
        return f"SELECT count(*) FROM {tables} {where}", values

    def _where(self) -> tuple[str, list[Any]]:
        parts, values = [f"state IN ({', '.join('?' * len(self.states))})"], list[Any](self.states)
        if self.tag is not None:
            enough = "likely" if self.least < 0 else "confidence >= ?"
            parts += ["proposed.tag = ?", f"proposed.{enough}", _UNDECIDED]
            values += [self.tag, *([] if self.least < 0 else [self.least]), self.tag]
        if self.low is not None:
            parts.append("all_right >= ?")
            values.append(self.low)
        if self.high is not None:
            parts.append("all_right <= ?")
            values.append(self.high)
        if self.text:
            parts.append("instr(folded, ?) > 0")
            values.append(self.text.casefold())
        return f"WHERE {' AND '.join(parts)}", values
