"""Descriptions, synonyms and translations for tags: proposed from what is known, and from a model for the rest.

Sources in this order: the vocabulary itself, a reference file, a language model (SEP-MLDC, section 3.1; LAGAMC, section
3.2). What a person or the vocabulary has said of a tag is never replaced. What is found is only proposed: it changes
nothing before a person accepts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import tagwright.enrichment.asking as asking
import tagwright.enrichment.diff as diff
import tagwright.enrichment.sources as sources
from tagwright.enrichment.asking import DESCRIPTION_SCHEMA, LAGAMC, SEP, TERMS, Questions, Subject
from tagwright.enrichment.checks import meaningful
from tagwright.enrichment.examples import shown
from tagwright.enrichment.gate import Gate
from tagwright.enrichment.history import History
from tagwright.enrichment.report import EnrichReport
from tagwright.enrichment.sources import Reference
from tagwright.errors import ConfigError, TagwrightError
from tagwright.llm.base import LLM, Completion, Prompt
from tagwright.llm.budget import DRY, OVER
from tagwright.store.texts import DESCRIPTION, NAME, PROPOSED, REFUSED, SUPERSEDED, SYNONYM, TagText, TagTexts
from tagwright.store.texts import LLM as FROM_LLM
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

UNSEEN, TAIL, ALL = "unseen", "tail", "all"
ONLY = (UNSEEN, TAIL, ALL)
PROMPTS = {"sep": SEP, "lagamc": LAGAMC}
# What is lost at most when a run is killed, beside what the cache remembers; and what is written at once.
_AT_ONCE = 64
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Wanted:
    """Which tags get what.

    ``only``: "unseen" = tags without a training document, "tail" = with fewer than ``tail``, "all". ``prompt``: "sep"
    or "lagamc". ``synonyms``: so many at most are asked of the model for each tag, and its name in each of
    ``languages`` (codes). ``language`` of descriptions, "" = that of the shown names; ``about`` the documents.
    """

    only: str = ALL
    tail: int = 5
    prompt: str = "sep"
    synonyms: int = 0
    languages: tuple[str, ...] = ()
    language: str = ""
    about: str = asking.COLLECTION

    def __post_init__(self) -> None:
        for what, value, known in (("only", self.only, ONLY), ("prompt", self.prompt, tuple(PROMPTS))):
            if value not in known:
                raise ConfigError(f"'{what}' is {value!r}", hint=f"known are: {', '.join(known)}")
        if self.tail < 1 or not 0 <= self.synonyms <= 20:
            raise ConfigError("'tail' must be 1 at least, and 'synonyms' 0 to 20")

    def chosen(self, vocabulary: Vocabulary, counts: Mapping[str, int]) -> list[int]:
        """The active tags that are meant: those with the fewest training documents first, those without any last.

        A budget goes to tags that are in use: of the never used ones of a large vocabulary hardly any is ever asked
        for. Ties are in the order of the vocabulary.
        """
        limit = {UNSEEN: 1, TAIL: self.tail}.get(self.only)
        seen = [counts.get(id, 0) for id in vocabulary.ids]
        rows = [row for row in range(len(seen)) if vocabulary.active[row] and (limit is None or seen[row] < limit)]
        return sorted(rows, key=lambda row: (not seen[row], seen[row]))


@dataclass(frozen=True)
class Writer:
    """A language model that writes texts: the ``questions`` it is asked, and training documents as ``examples``."""

    llm: LLM
    questions: Questions
    examples: Mapping[str, Sequence[Document]] = field(default_factory=dict)


@dataclass
class Enrichment:
    """One run over a vocabulary; what it proposes and what it refuses is kept in ``texts``, block by block.

    ``rows``: positions of the tags. With ``dry`` nothing is kept. A run that was killed goes on where it was: what was
    asked is not asked again.
    """

    vocabulary: Vocabulary
    rows: Sequence[int]
    texts: TagTexts
    language: str = ""
    dry: bool = False
    progress: Progress = lambda stage, done, total: None
    report: EnrichReport = field(default_factory=EnrichReport, init=False)

    def __post_init__(self) -> None:
        self._history = History(self.texts.all())
        self._gate = Gate(self.vocabulary, self._history.texts)
        self._entries: dict[int, Tag] = {}
        self._taken: list[TagText] = []
        self._over: list[TagText] = []
        self.report.tags, self.report.dry = len(self.rows), self.dry

    def written(self, reference: Reference | None = None) -> None:
        """Proposes what the vocabulary says elsewhere, and what the reference file says."""
        replaced = sources.replacements(self.vocabulary)
        for done, row in enumerate(self.rows):
            if done % _AT_ONCE == 0:
                self.progress("texts that are there", done, len(self.rows))
            tag = self.vocabulary.tag(row)
            self._take(sources.from_vocabulary(self.vocabulary, row, replaced), tag)
            entry = None if reference is None else reference.entry(self.vocabulary, row)
            if reference is not None and entry is not None:
                self._entries[row] = entry
                self._take(reference.texts(entry, tag, self.language), tag)
        self.report.ambiguous = 0 if reference is None else reference.ambiguous
        self._keep()

    def asked(self, writer: Writer) -> None:
        """Asks the model for what is still lacking: descriptions, then synonyms and names where they are wanted."""
        try:
            self._describe(writer)
            if writer.questions.synonyms or writer.questions.languages:
                self._call(writer)
        except TagwrightError as error:
            self.report.no_model = str(error)
        self._keep()

    def finish(self) -> EnrichReport:
        """The report, after all sources were tried."""
        lacking = [row for row in self.rows if self._lacks(row)]
        self.report.left = len(lacking)
        self.report.unnamed = sum(not self._telling(row) for row in lacking)
        self.report.doubtful = self._gate.doubtful
        if not self.dry and self._gate.doubtful:
            marked = self.texts.find((PROPOSED,), self._gate.doubtful.keys())
            self.texts.decide([
                replace(one, reason=f"{', '.join(self._gate.doubtful[one.tag])} got nearly the same text")
                for one in marked if one.kind == DESCRIPTION
            ])  # fmt: skip
        return self.report

    # --- the model ---------------------------------------------------------------------------------------------

    def _describe(self, writer: Writer) -> None:
        rows = [row for row in self.rows if self._lacks(row)]
        subjects = (self._subject(row, writer) for row in rows if self._telling(row, writer))
        questions = writer.questions
        for style, block in _blocks(subjects, questions.style_of):
            template = questions.templates[style]
            open_ones = [
                s for s in block if not self._history.asked(s.id, writer.llm.fingerprint, template.fingerprint)
            ]
            prompts = [questions.describe(subject) for subject in open_ones]
            schema, most = DESCRIPTION_SCHEMA, asking.room(style)
            for subject, prompt, answer in self._answers(writer, open_ones, prompts, schema, most):
                text = self._from_model(writer, prompt, DESCRIPTION, asking.read_description(answer.text), subject.id)
                said = [*questions.frame(style), *map(shown, subject.documents)]
                self._judge(text, subject.name, self.spoken, asking.MOST_TOKENS[style], said)
            self._keep()
            if self._spent(len(rows)):
                break

    def _call(self, writer: Writer) -> None:
        questions = writer.questions
        template, model = questions.templates[TERMS].fingerprint, writer.llm.fingerprint
        rows = [row for row in self.rows if self._telling(row, writer)]
        rows = [row for row in rows if not self._history.asked(self.vocabulary.ids[row], model, template)]
        for start in range(0, len(rows), _AT_ONCE):
            block = [self._subject(row, writer) for row in rows[start : start + _AT_ONCE]]
            prompts = [questions.terms(subject) for subject in block]
            schema, most = questions.terms_schema(), asking.room(TERMS)
            for subject, prompt, answer in self._answers(writer, block, prompts, schema, most):
                self._take_terms(writer, prompt, answer, subject)
            self._keep()
            if self._spent(len(rows)):
                break

    def _take_terms(self, writer: Writer, prompt: Prompt, answer: Completion, subject: Subject) -> None:
        synonyms, names = asking.read_terms(answer.text)
        said = [(SYNONYM, self.language, one) for one in synonyms[: writer.questions.synonyms]]
        said += [(NAME, code, name) for code, name in names.items() if code in writer.questions.languages]
        tag = self.vocabulary.tag(self.vocabulary.position(subject.id))
        for kind, language, term in said:
            text = replace(self._from_model(writer, prompt, kind, term, subject.id), language=language)
            if not diff.has(tag, text):
                self._judge(text, subject.name)
        if not said:  # so that it is not asked again
            empty = self._from_model(writer, prompt, SYNONYM, "", subject.id)
            self._note(replace(empty, state=REFUSED, reason="it is empty"))

    def _answers(
        self,
        writer: Writer,
        subjects: Sequence[Subject],
        prompts: Sequence[Prompt],
        schema: Mapping[str, Any],
        most: int,
    ) -> Iterator[tuple[Subject, Prompt, Completion]]:
        """Those that got an answer; the others are counted."""
        if not prompts:
            return
        self.report.questions += len(prompts)
        self.progress("questions", self.report.questions, None)
        answers = writer.llm.complete(prompts, schema=schema, most_tokens=most)
        for subject, prompt, answer in zip(subjects, prompts, answers, strict=True):
            if answer.error:
                self.report.failed[answer.error] += answer.error != DRY
            else:
                yield subject, prompt, answer
        self.report.failed = +self.report.failed

    def _spent(self, wanted: int) -> bool:
        """Whether the budget refuses everything by now: then nothing is gained by asking on."""
        refused = self.report.failed[OVER]
        self.report.failed = +self.report.failed
        return refused >= _AT_ONCE or 0 < refused == wanted

    # --- what is known -----------------------------------------------------------------------------------------

    @property
    def spoken(self) -> str:
        """The language that the model is asked to write."""
        return self.language or sources.language_of(self.vocabulary)

    def _subject(self, row: int, writer: Writer) -> Subject:
        vocabulary, entry = self.vocabulary, self._entries.get(row)
        name, around = vocabulary.name(row), sources.context(vocabulary, row)
        if entry is not None and entry.name.casefold() != name.casefold():
            name = f"{name} ({entry.name})"
        id = vocabulary.ids[row]
        return Subject(id, name, around, vocabulary.description(row), writer.examples.get(id, ()))

    def _lacks(self, row: int) -> bool:
        """Whether the tag has no description, and none is proposed."""
        id = self.vocabulary.ids[row]
        wanted = TagText(id, DESCRIPTION, self.language, "", FROM_LLM)
        return self._history.standing(id, self.language) is None and not diff.has(self.vocabulary.tag(row), wanted)

    def _telling(self, row: int, writer: Writer | None = None) -> bool:
        """Whether there is anything to go by: a name that says something, an entry, or documents."""
        if row in self._entries or meaningful(self.vocabulary.name(row)):
            return True
        examples = {} if writer is None or writer.questions.style != LAGAMC else writer.examples
        return bool(examples.get(self.vocabulary.ids[row]))

    # --- what is found -----------------------------------------------------------------------------------------

    def _from_model(self, writer: Writer, prompt: Prompt, kind: str, text: str, tag: str) -> TagText:
        return TagText(tag, kind, self.language, text, FROM_LLM, writer.llm.fingerprint, prompt.template)

    def _take(self, texts: Iterable[TagText], tag: Tag) -> None:
        for text in texts:
            if not diff.has(tag, text) and not self._history.better(text):
                self._judge(text, tag.name)

    def _judge(
        self, text: TagText, label: str, language: str = "", most_tokens: int = 0, said: Sequence[str] = ()
    ) -> None:
        judged = self._gate.judge(text, label, language=language, most_tokens=most_tokens, said=said)
        self._note(judged)

    def _note(self, text: TagText) -> None:
        if self._history.knows(text):
            self.report.known += 1
            return
        if (before := self._history.take(text)) is not None:
            self._over.append(before)
        self._taken.append(text)
        self.report.take(text)

    def _keep(self) -> None:
        """Writes down what was found since the last time."""
        if not self.dry and self._taken:
            self.texts.add(self._taken)
            self.texts.decide([
                replace(one, state=SUPERSEDED, reason="a better text came") for one in self._over if one.number
            ])  # fmt: skip
        self._taken, self._over = [], []


def _blocks(subjects: Iterable[Subject], style_of: Callable[[Subject], str]) -> Iterator[tuple[str, list[Subject]]]:
    """(style, subjects of it), some at once, in an order that is always the same."""
    waiting: dict[str, list[Subject]] = {}
    for subject in subjects:
        style = style_of(subject)
        waiting.setdefault(style, []).append(subject)
        if len(waiting[style]) == _AT_ONCE:
            yield style, waiting.pop(style)
    yield from waiting.items()
