"""Judges each candidate by itself: the probability that the model answers Yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import exp, log
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.generation.base import PAIRS, Stage, blank
from tagwright.llm.base import Completion, Prompt
from tagwright.llm.prompts import Template, plain
from tagwright.types import Document, Evidence

YES, NO = "Yes", "No"
ORDERS = ((YES, NO), (NO, YES))
# A token that is not among those a server tells has less than this.
_LEAST = 1e-4


@dataclass
class Judge(Stage):
    """The probability of "Yes" to "is the document about this subject?" (LLM4Tag Eq. 10), for each pair.

    Conf = exp(s_Yes) / (exp(s_Yes) + exp(s_No)) over the logits: the paper's text says "probability score", and
    exponentiated probabilities could not leave [0.27, 0.73]. A model likes the answer that is named first or last, so
    it is asked in both orders, and the log-odds are averaged. ``drop``: pairs judged lower are taken out of the table
    (the paper's 0.5) where answers count; by default none is, as the fusion learns what a judgement is worth. The
    column ``<name>.source`` is 1 where the probability is that of tokens, 0 where the model only said a word.
    """

    drop: float = 0.0
    unit: ClassVar[str] = PAIRS
    calls: ClassVar[int] = len(ORDERS)
    parts: ClassVar[tuple[str, ...]] = ("source",)
    uses: ClassVar[str] = "judge"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.drop < 1:
            raise ConfigError(f"'drop' of stage {self.name!r} is {self.drop!r}, but must lie between 0 and 1")

    def score(self, documents: Sequence[Document], candidates: Candidates, asked: NDArray[np.bool_]) -> Candidates:
        """The table with the probability of Yes."""
        asks = self._questions(documents, candidates, np.flatnonzero(asked))
        answers = self.llm.complete([prompt for _, prompt in asks], choices=(YES, NO))
        found: dict[int, list[Completion]] = {}
        for (pair, _), answer in zip(asks, answers, strict=True):
            found.setdefault(pair, []).append(answer)
        columns = blank(candidates, self.columns)
        for pair, both in found.items():
            failed = next((answer.error for answer in both if not answer.probabilities), "")
            if failed:  # one order alone would tell which answer the model likes, too
                self.note(documents[candidates.documents[pair]], failed)
            else:
                columns[self.name][pair] = confidence(both)
                columns[f"{self.name}.source"][pair] = float(all(answer.source == "logprobs" for answer in both))
        return candidates.with_columns(columns)

    def drops(self, candidates: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,) what is judged below ``drop``."""
        with np.errstate(invalid="ignore"):
            return candidates.column(self.name) < self.drop

    def explain(self, candidates: Candidates, pair: int) -> tuple[Evidence, ...]:
        """Its Yes or No, with the probability of Yes."""
        value = float(candidates.column(self.name)[pair])
        if np.isnan(value):
            return ()
        return (Evidence(self.name, "language model", f"says {YES if value >= 0.5 else NO}", value=value),)

    def _questions(
        self, documents: Sequence[Document], candidates: Candidates, pairs: NDArray[np.int64]
    ) -> list[tuple[int, Prompt]]:
        """(pair, prompt), two a pair: those that begin alike stand together, so that what is shared is read once."""
        owners, tags = candidates.documents[pairs], candidates.tags[pairs].tolist()
        about = [documents[owner] for owner in owners]
        known = [""] * len(pairs)
        if self.knowledge is not None:
            found = self.knowledge.retrieve(about, [[tag] for tag in tags], examples=False)
            known = [one.text for one in found]
        asks = []
        for owner in np.unique(owners):
            document, shown = documents[owner], self.shown(documents[owner])
            own = np.flatnonzero(owners == owner).tolist()
            for order, place in product(ORDERS, own):
                name = self.vocabulary.name(tags[place])
                prompt = judge_prompt(self.template, document, shown, name, known[place], order)
                asks.append((int(pairs[place]), prompt))
        return asks


def judge_prompt(
    template: Template, document: Document, shown: str, tag: str, knowledge: str, order: tuple[str, str]
) -> Prompt:
    """The question about one pair; ``order``: which answer is named first."""
    values = {"document": shown, "knowledge": knowledge, "tag": plain(tag, 200), "first": order[0], "second": order[1]}
    return template.prompt(document.id, values)


def confidence(answers: Sequence[Completion]) -> float:
    """The probability of Yes from answers to the same question in several orders: the mean of their log-odds."""
    odds = [log(max(a.probabilities[YES], _LEAST) / max(a.probabilities[NO], _LEAST)) for a in answers]
    return 1 / (1 + exp(-sum(odds) / len(odds)))
