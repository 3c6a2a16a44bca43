"""What came of a run that looked for texts for tags."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tagwright.store.texts import DESCRIPTION, REFUSED, TagText

_REASON_SHOWN = 8


@dataclass
class EnrichReport:
    """``tags`` were looked at; ``left`` of them have no description yet, ``unnamed`` of these no telling name.

    ``proposed`` {(source, kind): how many}, ``refused`` {reason: how many} with the first case of each in ``first``;
    ``failed`` {why: questions without an answer}; ``capped`` texts were cut, ``ambiguous`` tags found no single entry
    of the reference file; ``questions`` were asked of a model, ``known`` texts were there from an earlier run.
    ``doubtful`` {tag: those that were given nearly its text}. ``no_model``: why there was no language model at all.
    """

    tags: int = 0
    proposed: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    doubtful: dict[str, list[str]] = field(default_factory=dict)
    capped: int = 0
    ambiguous: int = 0
    known: int = 0
    questions: int = 0
    unnamed: int = 0
    left: int = 0
    dry: bool = False
    no_model: str = ""

    def take(self, text: TagText) -> None:
        """Counts a judged text."""
        if text.state == REFUSED:
            what = _kind(text.reason)
            self.refused[what] += 1
            self.first.setdefault(what, f"{text.tag}: {text.text[:60]!r} ({text.reason})")
            return
        self.proposed[text.source, text.kind] += 1
        self.capped += text.kind == DESCRIPTION and text.reason.startswith("cut from")

    def lines(self) -> list[str]:
        """The report in words."""
        would = "would be " if self.dry else ""
        said = [f"{self.tags:,} tags were looked at"]
        for (source, kind), number in sorted(self.proposed.items()):
            said.append(f"{number:,} {kind}{'s' * (number != 1)} {would}proposed from: {source}")
        if self.known:
            said.append(f"{self.known:,} texts were known from an earlier run")
        if self.capped:
            said.append(f"{self.capped:,} of them were too long and were cut after a sentence")
        if self.ambiguous:
            said.append(f"{self.ambiguous:,} tags have no single entry in the reference file that is called so")
        for reason, number in self.refused.most_common(_REASON_SHOWN):
            said.append(f"{number:,} refused, {reason}; first: {self.first[reason]}")
        for tag, others in list(self.doubtful.items())[:_REASON_SHOWN]:
            said.append(f"look at {tag}: {', '.join(others[:3])} got nearly the same text, so one of both is wrong")
        for reason, number in self.failed.most_common(_REASON_SHOWN):
            said.append(f"{number:,} questions without an answer: {reason}")
        return [*said, *self._rest()]

    def _rest(self) -> list[str]:
        said = [f"no language model was asked: {self.no_model}"] if self.no_model else []
        if self.left:
            said.append(f"{self.left:,} of these tags are left without a description")
        if self.unnamed:
            said.append(
                f"{self.unnamed:,} of them have a name that tells nothing (a code, an address): a reference file can "
                "tell what they mean (--reference FILE)"
            )
        return said

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        plain = {name: getattr(self, name) for name in (
            "tags", "capped", "ambiguous", "known", "questions", "unnamed", "left", "dry", "no_model",
        )}  # fmt: skip
        proposed = [{"source": s, "kind": k, "number": n} for (s, k), n in sorted(self.proposed.items())]
        return {
            **plain, "proposed": proposed, "refused": dict(self.refused), "first": dict(self.first),
            "failed": dict(self.failed), "doubtful": dict(self.doubtful),
        }  # fmt: skip


def _kind(reason: str) -> str:
    """The reason without the tag or number that it names, to be counted by."""
    if "the same as the description of" in reason:
        return "nearly the same as the description of another tag"
    return "it is what another tag is called" if reason.startswith("it is what") else reason
