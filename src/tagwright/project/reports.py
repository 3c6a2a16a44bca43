"""What a project says it did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tagwright.corpus.base import Problems


@dataclass(frozen=True)
class Finding:
    """One thing that `Project.doctor` saw; ``level`` is "ok", "warning" or "error"."""

    level: str
    what: str
    hint: str = ""


@dataclass(frozen=True)
class TrainReport:
    """What `Project.train` learned from.

    ``documents`` tagged ones, ``samples`` of a language model that channels learned from, too, ``tags_used``
    different tags that the documents carry, ``cpu_seconds`` of this process;
    ``calibrated``: enough for a learned ranking; ``cut``: the confidence that maximises out-of-fold micro-F1;
    ``rule_dropped``: there was a rule of `Project.tune` for the old model, and it is gone; ``generation_dropped``: the
    same of what was known of a language model's answers; ``problems`` of the corpus,
    where one was read.
    """

    documents: int
    tags_used: int
    tags: int
    cpu_seconds: float
    calibrated: bool
    cut: float
    unknown_tags: int = 0
    samples: int = 0
    rule_dropped: bool = False
    generation_dropped: bool = False
    problems: Problems = field(default_factory=Problems)

    @property
    def lines(self) -> list[str]:
        """The report in words."""
        said = [
            f"{self.documents:,} documents · {self.tags_used:,} of {self.tags:,} tags in use"
            f" · {self.cpu_seconds:,.0f} s of CPU time"
        ]
        if self.samples:
            said.append(f"channels learned from {self.samples:,} written samples, too; nothing was measured on them")
        if self.unknown_tags:
            said.append(f"{self.unknown_tags:,} times a tag was named that the vocabulary does not have")
        if self.calibrated:
            said.append(f"the confidence is a probability; F1 is highest for tags from {self.cut:.2f} on")
        else:
            said.append("too few tagged documents to learn a ranking: the confidence is not calibrated yet")
        if self.rule_dropped:
            said.append(
                "the rule for suggestions was that of the old model and is gone: tagwright tune makes a new one"
            )
        if self.generation_dropped:
            said.append("what was known of the language model's answers is gone: tagwright train --generation")
        return said

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class TagReport:
    """What `Project.tag` wrote: ``documents`` rows in all, ``resumed`` of them by an earlier run, ``failed`` ones.

    ``moved``: in words how the documents of this run differ from those that the confidence was learned from; "" = not.
    ``degraded``: how many of this run's documents had to do without the language model that was to be asked.
    """

    documents: int
    failed: int
    resumed: int
    state: str
    problems: Problems = field(default_factory=Problems)
    moved: str = ""
    degraded: int = 0
