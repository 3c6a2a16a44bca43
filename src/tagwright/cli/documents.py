"""From the options of the command line to the documents of a corpus, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import typer

import tagwright.cli.show as show

if TYPE_CHECKING:
    from tagwright.corpus import Corpus, Problems
    from tagwright.vocabulary import Vocabulary

UNCALIBRATED = "the confidence is not calibrated yet: train with tagged documents to make it a probability"


@dataclass(frozen=True)
class Reading:
    """How the documents are to be read, as the options of `tagwright.cli.options` say it."""

    kind: str | None
    columns: Sequence[str]
    separator: str | None
    tag_prefixes: Sequence[str]
    language: str | None

    def open(
        self,
        sources: Sequence[str],
        vocabulary: Vocabulary,
        *,
        for_training: bool = False,
        keep_unknown_tags: bool = False,
    ) -> Corpus:
        """The corpus of these sources; its tags are looked up in the vocabulary by id or by name.

        A tag that is not found there is left out and counted, or kept as it is written.
        """
        from tagwright.corpus import open_corpus

        find = Names(vocabulary)
        return open_corpus(
            sources,
            kind=self.kind,
            columns=pairs(self.columns, "--column"),
            separator=self.separator,
            known_tags=vocabulary.__contains__,
            label_to_id=(lambda name: find(name) or name) if keep_unknown_tags else find,
            tag_prefix=pairs(self.tag_prefixes, "--tag-prefix"),
            language=self.language,
            for_training=for_training,
        )


def pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """``["a=b"]`` as ``{"a": "b"}``; a word of another form is a wrong use of ``option``."""
    found = {}
    for word in words:
        key, _, value = word.partition("=")
        if not (key and value):
            raise typer.BadParameter(f"{option} takes NAME=VALUE, not {word!r}")
        found[key] = value
    return found


def tell_problems(problems: Problems | None, *, beside: bool = False) -> None:
    """One line a kind of problem that the pass over the documents met; ``beside`` the result or in it."""
    for line in problems.summary() if problems else ():
        (show.note if beside else show.say)(f"  {line}")


class Names:
    """Finds a tag's id by its name or synonym, in any case; a name that several tags have finds none."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def __call__(self, name: str) -> str | None:
        """The id, or ``None``."""
        return self._ids.get(name.strip().casefold())

    @cached_property
    def _ids(self) -> dict[str, str | None]:
        """Made when the first name is asked for: most corpora hold ids."""
        labels = self._vocabulary.labels
        found: dict[str, str | None] = {}
        # Names count more than synonyms, those more than hidden labels: a weaker kind never makes a name ambiguous.
        for kinds in ((0, 1), (2,), (3,)):
            level: dict[str, str | None] = {}
            for text, tag, kind in zip(labels.texts, labels.tags.tolist(), labels.kinds.tolist(), strict=True):
                if kind in kinds:
                    key, id = text.casefold(), self._vocabulary.ids[tag]
                    level[key] = id if level.get(key, id) == id else None
            found = {**level, **found}
        return found


def tell_moved(moved: str) -> None:
    """Warns where the documents are not like those that the confidence was learned from."""
    if moved:
        show.note(f"warning: these documents differ from those that the confidence was learned from: {moved}")
        show.note("confidences and promises may not hold for them: train or tune with documents like these")
