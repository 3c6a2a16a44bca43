"""The language model of a project: built from its settings, behind a cache, a budget and a log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import tagwright.llm.prompts as prompts
import tagwright.project.generating as generating
import tagwright.project.knowing as knowing
import tagwright.project.versions as versions
import tagwright.registry as registry
from tagwright.errors import ConfigError
from tagwright.fusion.revision import Revision
from tagwright.generation.asking import Asking, Generation
from tagwright.generation.base import Notes, Stage, furnish
from tagwright.generation.cascade import Cascade
from tagwright.generation.second import Second, columns
from tagwright.llm.base import LLM, Usage
from tagwright.llm.budget import Budget, BudgetedLLM, Estimating
from tagwright.llm.cached import CachedLLM
from tagwright.llm.logged import LoggedLLM
from tagwright.pipeline.fitting import Progress
from tagwright.project.opened import Opened
from tagwright.store.calls import CallLog

PROMPTS = "prompts"
CALLS = "store.llm.sqlite"
# Options that name a file or folder, which may be given relative to the project.
_PATHS = ("model", "adapter")
# What answers about documents depend on; other prompts may change without learning anew what those are worth.
_ASKED_BY_STAGES = ("judge", "propose", "select")


@dataclass(frozen=True)
class Session:
    """One run's conversation with a model: what is asked (``asking``), what it may take and took.

    ``remark`` says in words why answers count less than one may expect, "" = they count; ``dry``: nothing is asked,
    only counted.
    """

    asking: Asking
    budget: Budget
    remark: str = ""
    dry: Estimating | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """What rows of `tagwright tag` depend on: the answers, and how many may be had."""
        caps = {one.name: str(getattr(self.budget, one.name)) for one in fields(self.budget) if one.init}
        known = [stage.knowledge.fingerprint for stage in self.asking.stages[:1]]
        return {"llm": self.asking.fingerprint, "knowledge": known, "budget": caps}

    def workers(self, wanted: int) -> int:
        """How many threads may ask: under a cap one, so that the same documents are answered every time."""
        return 1 if self.budget.capped else wanted

    @property
    def spent(self) -> Usage:
        """What was taken, or would be at most."""
        return self.budget.spent_ if self.dry is None else self.dry.most_

    @property
    def cost(self) -> float:
        """The same in money."""
        return self.budget.cost_of(self.spent)

    def lines(self) -> list[str]:
        """What it took, and what is worth knowing, in words."""
        spent, tokens = self.spent, self.spent.prompt_tokens + self.spent.completion_tokens
        cost = f", {self.cost:.4f} in money" if self.cost else ""
        would = "would take about" if self.dry is not None else "took"
        said = [f"the language model {would} {spent.calls:,} calls, {tokens:,} tokens{cost}"]
        if self.budget.refused_:
            said.append(f"{self.budget.refused_:,} questions were not asked: the budget was spent")
        return [*said, *self.asking.notes.summary(), *([self.remark] if self.remark else [])]

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        spent = self.spent
        return {
            "calls": spent.calls, "prompt_tokens": spent.prompt_tokens, "completion_tokens": spent.completion_tokens,
            "cost": self.cost, "refused": self.budget.refused_, "dry": self.dry is not None, "remark": self.remark,
            "stages": [stage.name for stage in self.asking.stages],
        }  # fmt: skip


class LanguageModel:
    """What a project does with its language model: answers questions, learns what answers are worth, keeps a log."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @cached_property
    def model(self) -> LLM:
        """The model that the settings name, without cache, budget and log; it is loaded when it is first asked."""
        kind, options = self._opened.settings.part("llm")
        for key in _PATHS:
            inside = self._opened.folder / str(options.get(key) or "/")
            if options.get(key) and inside.exists():
                options[key] = str(inside)
        made: LLM = registry.build("llm", kind, options)
        return made

    @cached_property
    def log(self) -> CallLog:
        """What was asked, answered and spent; no file is made before it is used."""
        return CallLog(self._opened.folder / CALLS)

    @property
    def learned(self) -> Second | None:
        """What is known of the worth of answers; ``None`` where nobody has asked for it yet."""
        said = versions.load_extra(self._opened.folder, self._opened.manifest, versions.GENERATION)
        return None if said is None else Second.from_json(said)

    def templates(self) -> dict[str, prompts.Template]:
        """The prompt templates in force: those in the project's folder ``prompts``, else the built-in ones."""
        folder = self._opened.folder / PROMPTS
        return {name: prompts.load(name, folder) for name in prompts.names()}

    def session(
        self, caps: Mapping[str, float] | None = None, *, dry: bool = False, budget: Budget | None = None
    ) -> Session:
        """A conversation within the budget of the settings, or within other ``caps`` {"calls", "tokens", "cost"}.

        ``budget`` stands for both where it is given. Raises `ConfigError` where no stage is switched on.
        """
        budget = budget or self.budget(caps)
        stages, notes, estimating = self.stages(budget, dry)
        tagger, learned, wanted = self._opened.tagger(), self.learned, self.wanted()
        identity = self._identity()
        if not tagger.calibrated:
            revision = Revision(columns(stages)).believe()
            return Session(Asking(stages, Cascade(), revision, notes, identity), budget, "", estimating)
        if learned is None or learned.identity != identity:
            remark = _UNKNOWN if learned is None else _CHANGED
            return Session(Asking(stages, Cascade(), None, notes, identity), budget, remark, estimating)
        used = learned.used or (learned.stages if wanted.use == "always" else ())
        kept = [stage for stage in stages if stage.name in used]
        cascade = Cascade.from_json(learned.cascade.to_json(), wanted.least_gain)
        asking = Asking(kept, cascade, learned.revision, notes, identity)
        return Session(asking, budget, "" if kept else _stays_out(learned), estimating)

    def learn(
        self, caps: Mapping[str, float] | None = None, progress: Progress | None = None
    ) -> tuple[Second, Session]:
        """Asks about training documents and keeps what the answers are worth; raises `ConfigError` before `train`."""
        opened, tagger, wanted = self._opened, self._opened.tagger(), self.wanted()
        model = opened.manifest.model
        kept = versions.load_out_of_fold(opened.folder, opened.manifest)
        if kept is None:
            raise ConfigError("nothing was learned about ranking", hint="tagwright train with more tagged documents")
        budget = self.budget(caps)
        stages, notes, _ = self.stages(budget, dry=False)
        session = Session(Asking(stages, Cascade(), None, notes, self._identity()), budget)
        given = generating.sample(kept, opened.store.documents(), tagger, wanted.documents)
        table = generating.ask(session.asking, wanted, given, progress or (lambda stage, done, total: None))
        second = generating.learn(session.asking, table, given, tagger, session.to_json())
        with opened.alone():
            opened.refuse_another_model(model)
            versions.publish_extra(opened.folder, opened.manifest, versions.GENERATION, second.to_json())
        return second, session

    def conversation(
        self, caps: Mapping[str, float] | None = None, *, dry: bool = False
    ) -> tuple[LLM, Budget, Estimating | None]:
        """The model behind cache, budget and log, for questions that no stage asks, and what they may take.

        With ``dry`` nothing is asked, and the third counts what answers would take at most.
        """
        budget = self.budget(caps)
        estimating = Estimating(self.model) if dry else None
        return self._stack(budget, estimating), budget, estimating

    def wanted(self) -> Generation:
        """The settings of the section "generation"."""
        return Generation(**self._opened.settings.options("generation"))

    def budget(self, caps: Mapping[str, float] | None = None) -> Budget:
        """What may be spent, by the settings and other ``caps``; nothing is spent yet."""
        return Budget(**{**self._opened.settings.options("budget"), **(caps or {})})

    def stages(self, budget: Budget, dry: bool) -> tuple[list[Stage], Notes, Estimating | None]:
        """The stages that are switched on, with all that they are given, and what counts where nothing is asked."""
        opened, notes, templates = self._opened, Notes(), self.templates()
        tagger = opened.tagger()
        estimating = Estimating(self.model) if dry else None
        shared = {
            "vocabulary": tagger.vocabulary, "notes": notes, "llm": self._stack(budget, estimating),
            "knowledge": knowing.knowledge(opened, tagger), "finder": tagger.assembly.finder,
            "tag_points": tagger.assembly.tag_points, "unmapped": self.log.propose,
        }  # fmt: skip
        stages = []
        for name, options in opened.settings.stages().items():
            stage: Stage = registry.build("stage", options.pop("kind"), options)
            stages.append(furnish(stage, {**shared, "name": name, "template": templates[stage.uses]}))
        if not stages:
            raise ConfigError("no stage is switched on that asks a language model", hint="see [stages] in the settings")
        return stages, notes, estimating

    def _stack(self, budget: Budget, estimating: Estimating | None) -> LLM:
        """Cache before budget before log: what is remembered costs nothing, and what is logged was really asked.

        In a folder that may not be written to, nothing is remembered.
        """
        remembering = os.access(self._opened.folder, os.W_OK)
        if estimating is not None:
            return CachedLLM(estimating, self._opened.store) if remembering else estimating
        if hasattr(self.model, "may_retry"):
            self.model.may_retry = budget.may_retry
        asked = BudgetedLLM(LoggedLLM(self.model, self.log, budget.cost_of), budget)
        return CachedLLM(asked, self._opened.store) if remembering else asked

    def _identity(self) -> dict[str, Any]:
        """All that answers depend on beside the documents, as plain values."""
        settings, templates = self._opened.settings, self.templates()
        return {
            "llm": self.model.fingerprint,
            "stages": settings.stages(),
            "templates": sorted(templates[name].fingerprint for name in _ASKED_BY_STAGES),
            "knowledge": settings.options("knowledge"),
        }


_UNKNOWN = (
    "the language model's answers are shown, but change nothing yet: tagwright train --generation learns what they are "
    "worth"
)
_CHANGED = (
    "the language model, its stages or prompts were changed, so its answers change nothing until tagwright train "
    "--generation learns anew what they are worth"
)


def _stays_out(learned: Second) -> str:
    best = max(learned.tried.values(), key=lambda worth: worth[generating.NDCG].gain)[generating.NDCG]
    return (
        f"the language model is not asked: on {learned.documents:,} training documents its answers did not help for "
        f'certain ({generating.NDCG} {best.low:+.3f} to {best.high:+.3f}); generation.use = "always" asks it anyway'
    )
