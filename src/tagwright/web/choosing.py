"""Which of the waiting documents somebody has chosen, as it stands in the address of the queue and of the review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import Depends, Query

from tagwright.store.reviews import OPEN, STATES
from tagwright.store.wanted import ORDERS, Wanted

# How likely it is that all is right, by name: from, to.
CHANCES: Mapping[str, tuple[float, float]] = {
    "high": (0.5, 1.0), "middle": (0.2, 0.5), "low": (0.05, 0.2), "hardly": (0.0, 0.05),
}  # fmt: skip
ALL = "all"

Text = Annotated[str, Query(max_length=512)]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked of the documents: each part as `Wanted` has it, "" where nothing is asked.

    ``state``: one of `STATES`, or "all"; ``chance``: one of `CHANCES`; ``order``: one of `ORDERS`.
    """

    state: str = OPEN
    tag: str = ""
    chance: str = ""
    text: str = ""
    order: str = "gain"

    @property
    def asked(self) -> dict[str, str]:
        """What stands in an address: all that is not so anyway."""
        usual = asdict(Choice())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    @property
    def chosen(self) -> bool:
        """Whether some documents are passed over."""
        return bool(self.asked.keys() - {"order"})

    def wanted(self) -> Wanted:
        """The documents that fit."""
        low, high = CHANCES.get(self.chance, (None, None))
        states = STATES if self.state == ALL else (self.state,)
        return Wanted(tuple(states), self.tag or None, low=low, high=high, text=self.text, order=self.order)


def choice_of(state: Text = OPEN, tag: Text = "", chance: Text = "", text: Text = "", order: Text = "gain") -> Choice:
    """The choice that an address asks for; what is unknown is passed over, for people change addresses by hand."""
    return Choice(
        state=state if state in (*STATES, ALL) else OPEN, tag=tag, chance=chance if chance in CHANCES else "",
        text=text.strip(), order=order if order in ORDERS else "gain",
    )  # fmt: skip


Chosen = Annotated[Choice, Depends(choice_of)]
