"""What the evaluation's tests share: random suggestions and gold, and the same by brute force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.saved import SavedCandidates


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


@pytest.fixture
def make_saved() -> Callable[..., SavedCandidates]:
    return saved_case


def saved_case(case: Case | None = None, **settings: Any) -> SavedCandidates:
    """A case as saved candidates of two channels, with all that the page with pictures shows."""
    case = case or random_case(1)
    judged = case.judged
    table = Candidates.from_pairs(
        len(case.wanted),
        judged.documents[judged.rows],
        judged.tags,
        {
            "confidence": judged.confidences,
            "fused": judged.confidences,
            "names.found": np.where(judged.tags % 3, 1.0, np.nan),
            "graph.found": np.where(judged.tags % 2, 1.0, np.nan),
        },
    )
    n = len(case.wanted)
    shown = {
        "cut": 0.4,
        "n_train": 500,
        "channels": {"names": ["names.found"], "graph": ["graph.found"]},
        "titles": [f"Document number {row}" for row in range(n)],
        "languages": ["de" if row % 3 else "en" for row in range(n)],
        "names": {**{str(tag): f"Tag {tag}" for tag in range(case.n_tags)}, "-2": "not in the vocabulary"},
        "about": {"tagwright": "1.2.3", "made": "2026-01-02 03:04", "corpus": "test.jsonl", "calibrated": True},
    }
    ids = tuple(f"d{row}" for row in range(n))
    counts = np.arange(case.n_tags, dtype=np.int64) - 2
    return SavedCandidates(table, case.gold, ids, "f" * 64, np.maximum(counts, 0), {**shown, **settings})
