"""Texts for the tags of a project: looked for, shown to a person, taken into the vocabulary when accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tagwright.enrichment.diff as diff
import tagwright.llm.prompts as prompts
from tagwright.enrichment.asking import LAGAMC, SEP, TERMS, Questions
from tagwright.enrichment.examples import examples
from tagwright.enrichment.report import EnrichReport
from tagwright.enrichment.sources import Reference, language_of
from tagwright.enrichment.tags import PROMPTS, Enrichment, Wanted, Writer
from tagwright.errors import ConfigError
from tagwright.llm.base import Usage
from tagwright.pipeline.fitting import Progress, quiet
from tagwright.project.llm import PROMPTS as FOLDER
from tagwright.project.project import Project
from tagwright.project.unseen import kept_documents
from tagwright.store.texts import ACCEPTED, DESCRIPTION, PERSON, PROPOSED, REJECTED, SUPERSEDED, TagText
from tagwright.text.language import in_words
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary, open_vocabulary

_NOTHING = Usage()


@dataclass(frozen=True)
class Run:
    """What a run found, and what the language model took for it (in a dry run: would take at most)."""

    report: EnrichReport
    spent: Usage = _NOTHING
    cost: float = 0.0


@dataclass(frozen=True)
class Decided:
    """What became of texts: how many of each kind were ``taken``; ``passed`` over, as the tag has one by now."""

    taken: Counter[str]
    tags: int
    passed: int = 0


class Enriching:
    """What a project does to have more said about its tags.

    `propose` finds texts, `pending` lists what waits for a person, `accept` and `reject` decide, `undo` takes an
    acceptance back. Accepted texts enter the vocabulary through the growth log: every channel and prompt has them from
    the next text on, and where each came from stays written down beside it.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def propose(
        self,
        wanted: Wanted | None = None,
        *,
        reference: Vocabulary | None = None,
        reference_name: str = "",
        llm: bool = False,
        caps: Mapping[str, float] | None = None,
        dry: bool = False,
        progress: Progress | None = None,
    ) -> Run:
        """Looks for texts: in the vocabulary, in the ``reference``, and with ``llm`` in the project's language model.

        ``caps`` {"calls", "tokens", "cost"} stand in the place of the project's budget. Nothing of the vocabulary
        changes; with ``dry`` nothing is asked and kept either. Raises `ConfigError`.
        """
        wanted, project = wanted or Wanted(), self._project
        vocabulary, documents = project.vocabulary, self._documents()
        counts = Counter(tag for document in documents for tag in document.tags or ())
        rows = wanted.chosen(vocabulary, counts)
        if not dry:
            self._restore(vocabulary)
        language = wanted.language or vocabulary.language
        run = Enrichment(vocabulary, rows, project.store.texts, language, dry, progress or quiet)
        run.written(None if reference is None else Reference(reference, reference_name))
        if not llm:
            return Run(run.finish())
        model, budget, counting = project.llm.conversation(caps, dry=dry)
        wished = {vocabulary.ids[row] for row in rows} if wanted.prompt == "lagamc" else ()
        run.asked(Writer(model, self._questions(wanted, vocabulary), examples(documents, wished)))
        spent = budget.spent_ if counting is None else counting.most_
        return Run(run.finish(), spent, budget.cost_of(spent))

    def find(self, states: Collection[str], tags: Collection[str] = (), sources: Collection[str] = ()) -> list[TagText]:
        """The texts in these states, of these tags and sources (none named = any), in the order in which they came."""
        return self._project.store.texts.find(states, tags, sources)

    def pending(self, tags: Collection[str] = (), sources: Collection[str] = ()) -> list[TagText]:
        """The texts that wait for a person and would change something; raises `UnknownTagError` for a tag."""
        vocabulary = self._project.vocabulary
        vocabulary.positions(tags)
        waiting = self.find((PROPOSED,), tags, sources)
        return [text for text in waiting if text.tag in vocabulary and not diff.has(_tag(vocabulary, text.tag), text)]

    def accept(self, tags: Collection[str] = (), sources: Collection[str] = ()) -> Decided:
        """Takes what is proposed (for these tags, from these sources) into the vocabulary.

        What a tag has by now is not replaced: such a text is passed over.
        """
        vocabulary = self._project.vocabulary
        vocabulary.positions(tags)
        waiting = [text for text in self.find((PROPOSED,), tags, sources) if text.tag in vocabulary]
        made, used = [], []
        for tag, texts in diff.grouped(waiting).items():
            changed, taken = diff.enriched(_tag(vocabulary, tag), texts)
            if taken:
                made.append(changed)
                used.append(taken)
        rows = self._project.add_tags(made) if made else []
        for row, taken in zip(rows, used, strict=True):
            taken[:] = [replace(text, state=ACCEPTED, row=row) for text in taken]
        numbers = {text.number for taken in used for text in taken}
        rest = [text for text in waiting if text.number not in numbers]
        over = [
            replace(text, state=ACCEPTED) if diff.says(_tag(vocabulary, text.tag), text)
            else replace(text, state=SUPERSEDED, reason="the tag has one by now")
            for text in rest
        ]  # fmt: skip
        self._project.store.texts.decide([*(text for taken in used for text in taken), *over])
        return Decided(Counter(text.kind for taken in used for text in taken), len(made), len(rest))

    def write(self, tag: str, text: str) -> Decided:
        """A person's own description goes into the vocabulary, in the place of what is proposed for the tag.

        Raises `ConfigError` for an empty text, and where the tag has a description already.
        """
        vocabulary = self._project.vocabulary
        id = vocabulary.ids[vocabulary.position(tag)]
        said = " ".join(text.split())
        own = TagText(id, DESCRIPTION, vocabulary.language, said, PERSON)
        if not said or diff.has(_tag(vocabulary, id), own):
            what = f"{id} has a description already" if said else "the description is empty"
            raise ConfigError(what, hint="tagwright vocab add replaces a tag with all its texts" if said else "")
        store = self._project.store.texts
        others = [one for one in self.find((PROPOSED,), (id,)) if one.kind == DESCRIPTION]
        store.add([own])
        store.decide([replace(one, state=SUPERSEDED, reason="a person wrote another") for one in others])
        return self.accept((id,), (PERSON,))

    def reject(self, tags: Collection[str] = (), sources: Collection[str] = ()) -> Decided:
        """Turns down what is proposed (for these tags, from these sources): it is not proposed again."""
        self._project.vocabulary.positions(tags)
        waiting = self.find((PROPOSED,), tags, sources)
        self._project.store.texts.decide([replace(text, state=REJECTED) for text in waiting])
        return Decided(Counter(text.kind for text in waiting), len({text.tag for text in waiting}))

    def undo(self, tags: Collection[str] = ()) -> Decided:
        """Takes the last acceptance back, or that of these tags: the tags are as they were, the texts proposed again.

        Raises `ConfigError` where nothing was accepted, `StoreError` where a tag was changed since.
        """
        accepted = [text for text in self.find((ACCEPTED,), tags) if text.row]
        last = max((text.decided for text in accepted), default=0.0)
        chosen = accepted if tags else [text for text in accepted if text.decided == last]
        if not chosen:
            raise ConfigError("there is no accepted text to take back", hint="tagwright enrich diff --state accepted")
        self._project.revert({text.row for text in chosen})
        self._project.store.texts.decide([replace(text, state=PROPOSED, row=0) for text in chosen])
        return Decided(Counter(text.kind for text in chosen), len({text.tag for text in chosen}))

    def _documents(self) -> Sequence[Document]:
        store = self._project.store
        return kept_documents(store) if store.path.exists() else []

    def _restore(self, vocabulary: Vocabulary) -> None:
        """Texts that a new edition of the vocabulary has not got wait for a person once more."""
        lost = diff.lost(vocabulary, self.find((ACCEPTED,)))
        if lost:
            texts = self._project.store.texts
            texts.decide([replace(one, state=PROPOSED, row=0, reason="the vocabulary has lost it") for one in lost])

    def _questions(self, wanted: Wanted, vocabulary: Vocabulary) -> Questions:
        folder = self._project.folder / FOLDER
        templates = {name: prompts.load(name, folder) for name in (SEP, LAGAMC, TERMS)}
        spoken = wanted.language or language_of(vocabulary)
        return Questions(
            templates, PROMPTS[wanted.prompt], in_words(spoken), wanted.about, wanted.synonyms,
            {code: in_words(code) for code in wanted.languages},
        )  # fmt: skip


def read_reference(
    path: Path | str,
    vocabulary: Vocabulary,
    *,
    kind: str | None = None,
    columns: Mapping[str, str] | None = None,
    separator: str | None = None,
) -> Vocabulary:
    """The reference file as tags, its labels of no stated language in that of the vocabulary's names.

    Raises `VocabularyError`.
    """
    return open_vocabulary(path, kind=kind, language=vocabulary.language or None, columns=columns, separator=separator)


def _tag(vocabulary: Vocabulary, id: str) -> Tag:
    return vocabulary.tag(vocabulary.position(id))
