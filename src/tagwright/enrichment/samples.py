"""Pseudo-samples: documents that a language model writes for rare tags (SEP-MLDC, section 3.3, Eq. 3-4).

What keeps them from doing harm stands here: a text that nearly repeats its demonstration, another sample or a text that
something is measured on is refused, and so is one of which nobody says that it is about its tag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tagwright.enrichment.author import Author
from tagwright.enrichment.duplicates import NearDuplicates
from tagwright.enrichment.sampled import Provenance, PseudoSample
from tagwright.enrichment.tail import Plan, Slot
from tagwright.enrichment.verify import Verifier
from tagwright.llm.base import Usage
from tagwright.llm.budget import DRY, OVER
from tagwright.types import Document

# So many are asked for before what was kept is written down.
BLOCK = 16
SHOWN, SAMPLES, MEASURED = "its demonstration", "another sample", "a text of dev or test"
_CHANGED = "out of date: the document that it was written after, or its tag, has changed"
Progress = Callable[[str, int, int | None], None]


@dataclass
class Known:
    """The texts that a sample must not repeat; likeness is the Jaccard index that MinHash estimates, exactly."""

    near: float

    def __post_init__(self) -> None:
        self._measured, self._samples = NearDuplicates(self.near), NearDuplicates(self.near)

    def measure(self, documents: Iterable[Document]) -> None:
        """These are documents that something is measured on."""
        for document in documents:
            _add(self._measured, document)

    def add(self, sample: Document) -> None:
        """This sample is kept."""
        _add(self._samples, sample)

    def repeats(self, sample: Document, demonstration: Document | None = None) -> str:
        """What the sample nearly repeats, "" = nothing."""
        shown = NearDuplicates(self.near)
        if demonstration is not None:
            _add(shown, demonstration)
        for what, texts in ((SHOWN, shown), (MEASURED, self._measured), (SAMPLES, self._samples)):
            if any(texts.find(text, sample.id) for text in _texts(sample)):
                return f"nearly the same as {what}"
        return ""


@dataclass
class Report:
    """What was asked for, kept and refused.

    ``wanted`` samples were planned for ``rare`` tags, ``there`` of them lay there before; ``asked`` were asked for now,
    within the budget, ``kept`` of these; ``refused`` {why: how many}; ``dropped`` {why: how many} of those that lay
    there; ``left_out`` {why: how many} were not planned. ``verified``: who said that texts are about their tags.
    ``spent`` and ``cost``: what it took, or with ``dry`` would take at most; ``over``: questions that the budget
    refused.
    """

    rare: int = 0
    wanted: int = 0
    there: int = 0
    asked: int = 0
    kept: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, int] = field(default_factory=dict)
    verified: str = ""
    spent: Usage = field(default_factory=Usage)
    cost: float = 0.0
    over: int = 0
    dry: bool = False

    @property
    def lines(self) -> list[str]:
        """The report in words."""
        tokens = self.spent.prompt_tokens + self.spent.completion_tokens
        price = f", {self.cost:.4f} in money" if self.cost else ""
        before = f", {self.there:,} of them there already" if self.there else ""
        said = [f"{self.rare:,} rare tags; {self.wanted:,} samples are planned{before}"]
        said += [f"  {number:,} {why}" for why, number in self.left_out.items()]
        if self.dry:
            said.append(f"{self.asked:,} documents would be asked for; with their verification that would take at most")
        else:
            said.append(f"{self.asked:,} asked for, {self.kept:,} kept, {self.refused.total():,} refused; that took")
        said[-1] += f" {self.spent.calls:,} calls, {tokens:,} tokens{price}"
        said += [f"  {number:,} refused: {why}" for why, number in self.refused.most_common()]
        said += [f"  {number:,} taken out: {why}" for why, number in self.dropped.most_common()]
        if self.verified:
            said.append(f"that a text is about its tag was said by {self.verified}")
        if self.over:
            said.append(f"{self.over:,} questions were not asked: the budget was spent; the same command goes on")
        return said

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        said = {key: value for key, value in vars(self).items() if key != "spent"}
        spent = self.spent
        return {
            **said, "refused": dict(self.refused), "dropped": dict(self.dropped), "calls": spent.calls,
            "prompt_tokens": spent.prompt_tokens, "completion_tokens": spent.completion_tokens,
        }  # fmt: skip


@dataclass
class Writing:
    """Writes the samples of a plan, block by block; ``save`` is told all that is kept after each block.

    What lies there and is up to date is not asked for again, and what a person has refused stays refused. ``date``
    stands in what is new.
    """

    plan: Plan
    author: Author
    verifier: Verifier
    known: Known
    save: Callable[[Sequence[PseudoSample]], None]
    date: str

    def run(self, there: Sequence[PseudoSample], progress: Progress) -> Report:
        """What came of it."""
        report = Report(len(self.plan.rare), len(self.plan.slots), left_out=dict(self.plan.left_out))
        kept = self._still_good(there, report)
        open_slots = missing(self.plan, kept)
        report.there = report.wanted - len(open_slots)
        if report.dropped:
            self.save(kept)
        for start in range(0, len(open_slots), BLOCK):
            progress("samples", start, len(open_slots))
            block = open_slots[start : start + BLOCK]
            new = self._written(block, report)
            report.kept += len(new)
            if new:
                kept += new
                self.save(kept)
        return report

    def _still_good(self, there: Sequence[PseudoSample], report: Report) -> list[PseudoSample]:
        """Those that are up to date and repeat nothing; noted among what is known."""
        kept = []
        for sample in there:
            shown = self.plan.documents.get(sample.said.demonstration)
            why = self.known.repeats(sample.document, shown) if up_to_date(self.plan, sample) else _CHANGED
            if why and not sample.said.refused:
                report.dropped[why] += 1
                continue
            kept.append(sample)
            self.known.add(sample.document)
        return kept

    def _written(self, slots: Sequence[Slot], report: Report) -> list[PseudoSample]:
        drafts: list[tuple[Slot, Document]] = []
        for slot, (document, why) in zip(slots, self.author.write(slots), strict=True):
            why = why or (self.known.repeats(document, slot.demonstration) if document is not None else "")
            if why.endswith(OVER):
                continue
            report.asked += 1
            if document is None or why:
                report.refused[why] += 1
            else:
                drafts.append((slot, document))
        positions = [self.author.vocabulary.position(slot.tag) for slot, _ in drafts]
        verdicts = self.verifier.verify([document for _, document in drafts], positions) if drafts else []
        new = []
        for (slot, document), verdict in zip(drafts, verdicts, strict=True):
            # Two of one block may be alike.
            why = self.known.repeats(document) if verdict.agrees else verdict.why
            if why:
                report.refused[why] += 1
                continue
            self.known.add(document)
            new.append(PseudoSample(self._said(slot, verdict.why), document))
        return new

    def _said(self, slot: Slot, verified: str) -> Provenance:
        shown = "" if slot.demonstration is None else slot.demonstration.id
        said = Provenance(slot.id, slot.tag, slot.number, shown, date=self.date, verified=verified)
        return replace(said, model=self.author.llm.fingerprint, template=self.author.template.fingerprint)


def up_to_date(plan: Plan, sample: PseudoSample) -> bool:
    """Whether its tag still lacks it, and its demonstration is what it was; caps play no part."""
    slot = plan.slot(sample.said.tag, sample.said.number, sample.said.demonstration)
    return slot is not None and slot.id == sample.said.id


def missing(plan: Plan, there: Sequence[PseudoSample]) -> list[Slot]:
    """The slots of the plan that none of these fills, whatever demonstration it was written after."""
    filled = {(sample.said.tag, sample.said.number) for sample in there}
    return [slot for slot in plan.slots if (slot.tag, slot.number) not in filled]


def expected(slots: Sequence[Slot], author: Author) -> list[tuple[Slot, Document]]:
    """What will have to be verified, by a dry run's author: what is written already, else texts of the length."""
    found = []
    for slot, (document, why) in zip(slots, author.write(slots), strict=True):
        if document is not None or why.endswith(DRY):
            text = " ".join(["wording"] * author.length(slot))
            found.append((slot, document or Document(slot.id, text, tags=slot.tags)))
    return found


def _texts(document: Document) -> list[str]:
    """The text by itself, which another title does not make another one, and the title with it."""
    return [document.text, f"{document.title}\n{document.text}"] if document.title else [document.text]


def _add(texts: NearDuplicates, document: Document) -> None:
    texts.extend((document.id, text) for text in _texts(document))
