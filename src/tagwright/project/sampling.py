"""Has documents written for a project's rare tags, by its language model."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date as calendar
from math import isnan

import tagwright.enrichment.sampled as sampled
from tagwright.enrichment.author import TEMPLATE, Author
from tagwright.enrichment.options import AUTO, JUDGE, OWN, Enrichment
from tagwright.enrichment.samples import Known, Progress, Report, Writing, expected, missing, up_to_date
from tagwright.enrichment.tail import Plan, plan
from tagwright.enrichment.verify import TELLS, ByChannels, ByJudge, Verifier
from tagwright.errors import ConfigError
from tagwright.generation.base import Notes, furnish
from tagwright.generation.judge import Judge
from tagwright.llm.base import LLM
from tagwright.llm.budget import Budget
from tagwright.pipeline.fitting import quiet
from tagwright.project.project import Project
from tagwright.project.unseen import kept_documents
from tagwright.types import Document

_CHANNELS = "the project's own channels"
# How soon another machine notices that the process that wrote here is dead.
_LEASE_SECONDS = 60.0


@dataclass
class Sampling:
    """What is written for the rare tags of a project.

    ``measured``: documents of dev and test, which no sample may repeat; ``only``: for these tags (ids); ``caps``
    {"calls", "tokens", "cost"} go before those of the settings. ``date`` stands in the provenance, "" = today.
    """

    project: Project
    measured: Iterable[Document] = ()
    only: Collection[str] = ()
    caps: Mapping[str, float] | None = None
    date: str = ""

    def __post_init__(self) -> None:
        self._options = options(self.project)
        self._path = self.project.folder / sampled.FILE

    def plan(self) -> Plan:
        """What is missing; raises `ConfigError` where the project keeps no documents, `UnknownTagError` for a tag."""
        kept = kept_documents(self.project.store) if self.project.trained else []
        if not kept:
            what = "the project keeps no documents, so no tag is rarer than another"
            raise ConfigError(what, hint="tagwright train CORPUS")
        return plan(kept, self.project.vocabulary, self._options, self.only)

    def dry(self) -> Report:
        """What it would take at most: nothing is asked, nothing written."""
        wanted, there = self.plan(), sampled.read(self._path)
        llm, budget, estimating = self.project.llm.conversation(self.caps, dry=True)
        slots = missing(wanted, [one for one in there if one.said.refused or up_to_date(wanted, one)])
        author = self._author(llm)
        drafts = expected(slots, author)
        report = Report(
            len(wanted.rare), len(wanted.slots), len(wanted.slots) - len(slots), len(slots), dry=True,
            left_out=dict(wanted.left_out),
        )  # fmt: skip
        if self._options.verify != OWN and slots:
            judge = ByJudge(self._judge(llm, budget), self._options.accept)
            judge.shares([draft for _, draft in drafts], [self._position(slot.tag) for slot, _ in drafts])
            if self._options.verify == AUTO:
                judge.tells(wanted.slots, self._position, self._options.trial)
        assert estimating is not None
        report.spent, report.cost = estimating.most_, budget.cost_of(estimating.most_)
        return report

    def write(self, progress: Progress | None = None) -> Report:
        """Writes what is missing into ``samples.jsonl``; what a killed run left goes on.

        What was asked once is in the cache and costs nothing. Raises `InputError` for a line of the file that cannot be
        read, `StoreError` where another process writes samples here.
        """
        with self.project.store.claim("samples", f"{socket.gethostname()}:{os.getpid()}", _LEASE_SECONDS):
            wanted, there = self.plan(), sampled.read(self._path)
            llm, budget, _ = self.project.llm.conversation(self.caps)
            verifier, name = self._verifier(llm, budget, wanted)
            known = Known(self._options.near)
            known.measure(self.measured)
            writing = Writing(
                wanted, self._author(llm), verifier, known, lambda kept: sampled.save(self._path, kept),
                self.date or calendar.today().isoformat(),
            )  # fmt: skip
            report = writing.run(there, progress or quiet)
        report.verified, report.spent, report.over = name, budget.spent_, budget.refused_
        report.cost = budget.cost_of(budget.spent_)
        return report

    def _author(self, llm: LLM) -> Author:
        return Author(llm, self.project.vocabulary, self.project.llm.templates()[TEMPLATE], self._options)

    def _judge(self, llm: LLM, budget: Budget) -> Judge:
        """The project's own judge; the usual one where none is switched on."""
        stages = self.project.llm.stages(budget, dry=False)[0] if self.project.settings.stages() else []
        made = next((stage for stage in stages if isinstance(stage, Judge)), Judge(name="judged"))
        template = self.project.llm.templates()[made.uses]
        furnish(made, {"llm": llm, "notes": Notes(), "vocabulary": self.project.vocabulary, "template": template})
        return made

    def _verifier(self, llm: LLM, budget: Budget, wanted: Plan) -> tuple[Verifier, str]:
        """Who verifies, and in words who it is."""
        own = ByChannels(self.project.candidates, self._options.best, self.project.vocabulary.n_active)
        if self._options.verify == OWN:
            return own, _CHANNELS
        judge = ByJudge(self._judge(llm, budget), self._options.accept)
        if self._options.verify == JUDGE:
            return judge, "the judge"
        told = judge.tells(wanted.slots, self._position, self._options.trial) if wanted.slots else float("nan")
        if told >= TELLS:
            return judge, f"the judge, which tells the tags of real documents from others (area under ROC {told:.2f})"
        known = f"cannot tell the tags of real documents from others (area under ROC {told:.2f})"
        why = "could not be tried" if isnan(told) else known
        return own, f"{_CHANNELS}: the judge {why}"

    def _position(self, tag: str) -> int:
        return self.project.vocabulary.position(tag)


def options(project: Project) -> Enrichment:
    """The settings of the section "enrichment"."""
    return Enrichment(**project.settings.options("enrichment"))
