"""The door for decisions: checked, recorded for good, and learned from by the next request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tagwright.errors import ConfigError, DecisionError, InputError
from tagwright.feedback.state import Grower
from tagwright.project.serving import FeedbackOptions
from tagwright.store.decided import VERDICTS, Chosen, Decision
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary

_LONGEST = {"person": 200, "reason": 10_000, "id": 200}


@dataclass(frozen=True)
class Feedback:
    """What people decide about the documents of one project; for many threads and processes at once.

    Each decision is in the database when `submit` returns, and the project knows it when it is asked next, in whatever
    process. Nothing is ever overwritten: the last decision stands, and the answer says whom it contradicts.
    """

    store: SqliteStore
    options: FeedbackOptions

    @property
    def grower(self) -> Grower:
        """What makes the rows of the growth log."""
        return Grower(self.options.machine_weight)

    def submit(
        self, decisions: Sequence[Decision], vocabulary: Vocabulary, documents: Iterable[Document] = ()
    ) -> list[Decision]:
        """The decisions as they are recorded, in their order, all of them or none.

        A decision whose ``id`` was recorded before is answered with what was recorded then, so that sending it again
        changes nothing. ``documents`` that the project does not have are added to it; of those it has, the text stays.
        Raises `UnknownTagError` for tags that the vocabulary does not have, `UnknownDocumentError`, `DecisionError` for
        what cannot be a decision, `InputError` for a text that is too long.
        """
        for one in decisions:
            _check(one)
        vocabulary.positions(dict.fromkeys(one.tag for one in decisions))
        return self.store.decisions.record(decisions, self.grower, [self._untagged(one) for one in documents])

    def revert(self, chosen: Chosen, *, person: str = "", reason: str = "") -> list[Decision]:
        """The rows that take these decisions back, as ``person`` wants it; what was taken back already stays so.

        The documents are as they would be had the decisions never been made. Raises `DecisionError` for a number that
        no decision has, `ConfigError` where nothing says which ones are meant.
        """
        if chosen.anything:
            raise ConfigError(
                "it is not said which decisions to take back", hint="name a person, a time, a document or numbers"
            )
        return self.store.decisions.revert(chosen, self.grower, person=person, reason=reason)

    def wait(self, documents: Iterable[Document]) -> list[str]:
        """The ids of those documents that are new: they wait for decisions, and teach nothing until then.

        A document that the project has already stays as it is. Raises `InputError` for a text that is too long.
        """
        return self.store.add_missing([self._untagged(one) for one in documents])

    def back(self, *, person: str = "", reason: str = "") -> list[Decision]:
        """The rows that take back all decisions since suggestions became worse; nothing is held back any more.

        All other changes to documents since then are undone, too. Raises `DecisionError` where nothing is held.
        """
        return self.store.decisions.back(self._held(), self.grower, person=person, reason=reason)

    def trust(self) -> None:
        """All decisions are used from now on, whatever they did; raises `DecisionError` where nothing is held."""
        self._held()
        self.store.checks.lift(self.store.last())

    def _held(self) -> int:
        held = self.store.checks.held()
        if held is None:
            raise DecisionError("no decisions are held back", hint="tagwright decisions revert takes chosen ones back")
        return held

    def _untagged(self, document: Document) -> Document:
        size = len(document.text.encode("utf-8", "replace")) / 1e6
        if size > self.options.most_megabytes:
            raise InputError(
                f"the text of {document.id!r} has {size:.1f} MB; a document to decide about may have"
                f" {self.options.most_megabytes:g}",
                hint="shorten it, or set feedback.most_megabytes",
            )
        return replace(document, tags=None)


def _check(decision: Decision) -> None:
    if decision.verdict not in VERDICTS:
        raise DecisionError(f"there is no verdict {decision.verdict!r}", hint=f"known are: {', '.join(VERDICTS)}")
    if not decision.document:
        raise DecisionError(f"the decision on {decision.tag!r} names no document")
    if decision.reverts or decision.number or decision.row:
        raise DecisionError("number, row and reverts are filled in when a decision is recorded")
    for key, most in _LONGEST.items():
        if len(getattr(decision, key)) > most:
            raise DecisionError(f"the {key} of a decision on {decision.tag!r} has more than {most:,} characters")
