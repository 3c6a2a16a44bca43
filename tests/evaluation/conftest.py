"""What the evaluation's tests share: random suggestions and gold, and the same by brute force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Ranked


@dataclass(frozen=True)
class Case:
    """Suggestions as (tag, confidence) lists and gold as tag lists, best first; tags are "t0", "t1", …"""

    suggested: list[list[tuple[str, float]]]
    wanted: list[list[str]]
    n_tags: int

    @property
    def positions(self) -> dict[str, int]:
        return {f"t{number}": number for number in range(self.n_tags)}

    @property
    def ranked(self) -> Ranked:
        return Ranked.from_results(self.suggested, self.positions)

    @property
    def gold(self) -> Gold:
        return Gold.from_ids(self.wanted, self.positions)

    @property
    def judged(self) -> Judged:
        return Judged.judge(self.ranked, self.gold)


def random_case(seed: int, *, documents: int = 60, tags: int = 40, steps: int = 50) -> Case:
    """Confidences have ``steps`` values, so that there are ties; some documents have no suggestion, some no gold.

    The last quarter of the tags is never gold.
    """
    chance = np.random.default_rng(seed)
    suggested, wanted = [], []
    for _ in range(documents):
        right = chance.choice(tags * 3 // 4, size=chance.integers(0, 8), replace=False)
        given = chance.choice(tags, size=chance.integers(0, 30), replace=False)
        values = np.sort(np.round(chance.beta(1, 3, len(given)) * steps) / steps)[::-1]
        liked = np.argsort(-(np.isin(given, right) + chance.random(len(given))))
        suggested.append([(f"t{tag}", float(value)) for tag, value in zip(given[liked], values, strict=True)])
        wanted.append([f"t{tag}" for tag in right] + ["not in the vocabulary"] * int(chance.random() < 0.1))
    return Case(suggested, wanted, tags)


@pytest.fixture(params=range(3))
def case(request: pytest.FixtureRequest) -> Case:
    return random_case(request.param)


@pytest.fixture
def make_case() -> Callable[..., Case]:
    return random_case
