"""The settings of what a language model writes for rare tags."""

from __future__ import annotations

from dataclasses import dataclass

from tagwright.errors import ConfigError
from tagwright.recall.pseudo import MOST

AUTO, JUDGE, OWN = "auto", "judge", "own"
VERIFIERS = (AUTO, JUDGE, OWN)


@dataclass(frozen=True)
class Enrichment:
    """How pseudo-samples are written (`tagwright enrich samples`), and whether channels learn from them.

    ``samples``: `tagwright train` learns from them, each weighing ``weight`` (at most 0.5) beside a real document. A
    tag of fewer than ``tail`` training documents is rare; it gets what is missing to ``wanted``, but at most
    ``per_tag``, and all tags together ``most``. ``verify``: who says whether a text is about its tag: the "judge" (its
    probability of Yes must be ``accept`` at least), the project's "own" channels (the tag must be among the ``best`` of
    their candidates, fewer where there are few tags), or "auto": the judge where it can tell the tags of ``trial`` real
    documents from others, else the channels. What is alike a known text by ``near`` or more is refused. ``characters``
    of a demonstration are shown, and at most ``words`` asked for. Raises `ConfigError` for a value out of range.
    """

    samples: bool = False
    weight: float = 0.5
    tail: int = 50
    wanted: int = 50
    per_tag: int = 10
    most: int = 500
    verify: str = AUTO
    accept: float = 0.5
    best: int = 10
    trial: int = 20
    near: float = 0.8
    characters: int = 1500
    words: int = 200

    def __post_init__(self) -> None:
        if not 0 < self.weight <= MOST:
            raise ConfigError(f"'enrichment.weight' is {self.weight!r}, but must lie above 0 and be {MOST} at most")
        if not 0 <= self.accept <= 1 or not 0 < self.near <= 1:
            raise ConfigError(
                "'enrichment.accept' must lie between 0 and 1, 'enrichment.near' above 0 and be 1 at most"
            )
        if self.verify not in VERIFIERS:
            raise ConfigError(f"'enrichment.verify' is {self.verify!r}", hint=f"known are: {', '.join(VERIFIERS)}")
        for key in ("tail", "wanted", "per_tag", "most", "best", "trial", "characters"):
            if getattr(self, key) < 1:
                raise ConfigError(f"'enrichment.{key}' is {getattr(self, key)!r}, but must be 1 at least")
        if self.words < 20:
            raise ConfigError(f"'enrichment.words' is {self.words!r}, but must be 20 at least")
