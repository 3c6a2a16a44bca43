"""Lets through what is fit to be proposed for a tag, and says of everything else why it is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import tagwright.enrichment.checks as checks
from tagwright.enrichment.duplicates import NearDuplicates
from tagwright.llm.prompts import hides
from tagwright.store.texts import ACCEPTED, DESCRIPTION, LLM, PROPOSED, REFUSED, TagText
from tagwright.vocabulary.base import Vocabulary


class Gate:
    """Knows all that the tags are called and described by, in the vocabulary and by what was let through before.

    ``doubtful`` {tag: the tags that were given nearly its own text}: one of both is wrong, and only a person can say
    which (SEP-MLDC's Table 7 gives cs.CE the text of math.PR).
    """

    def __init__(self, vocabulary: Vocabulary, texts: Iterable[TagText] = ()) -> None:
        self._vocabulary = vocabulary
        self._described = NearDuplicates()
        self._bearers: dict[str, str] = {}
        self.doubtful: dict[str, list[str]] = {}
        active, ids = vocabulary.active, vocabulary.ids
        for position, text in enumerate(vocabulary.descriptions):
            if text and active[position]:
                self._described.add(ids[position], text)
        labels = vocabulary.labels
        for label, tag in zip(labels.texts, labels.tags.tolist(), strict=True):
            if active[tag]:
                self._bearers.setdefault(label.casefold(), ids[tag])
        for kept in texts:
            if kept.state in (PROPOSED, ACCEPTED):
                self._remember(kept)

    def judge(
        self, text: TagText, label: str, *, language: str = "", most_tokens: int = 0, said: Sequence[str] = ()
    ) -> TagText:
        """The text, cleaned and cut, as "proposed", or as "refused" with the reason.

        ``label``: what the tag is called; of what a model wrote also the ``language`` that was asked for, how long it
        may be in tokens (0 = any), and what was ``said`` to it, which it must not repeat: the question's frame first.
        """
        if text.kind != DESCRIPTION:
            return self._label(replace(text, text=checks.cleaned(text.text)))
        whole = checks.cleaned(text.text, len(text.text))
        short = checks.cut(whole, most_tokens=most_tokens or checks.LONGEST)
        remark = f"cut from {len(whole):,} characters" if short != whole else ""
        shown = replace(text, text=short or whole[: checks.LONGEST], reason=remark)
        reason = f"its first sentence is longer than {most_tokens} tokens" if whole and not short else ""
        reason = "it holds hidden text" if hides(text.text) else reason or checks.unfit(short, label, language)
        if not reason and said and (checks.repeats(short, said) or checks.echoes(short, label, said[0])):
            reason = "it repeats what the model was told"
        return self._refused(shown, reason) if reason else self._first(shown)

    def _first(self, text: TagText) -> TagText:
        """The description as it is, unless another tag has nearly the same."""
        found = self._described.find(text.text, text.tag)
        if found is None:
            self._remember(text)
            return text
        other, likeness = str(found[0]), found[1]
        self.doubtful.setdefault(other, []).append(text.tag)
        return self._refused(text, f"{likeness:.0%} the same as the description of {other}")

    def _label(self, text: TagText) -> TagText:
        reason = checks.unfit_label(text.text)
        bearer = self._bearers.get(text.text.casefold(), text.tag)
        if not reason and bearer != text.tag:
            reason = f"it is what {bearer} is called"
        if not reason and text.source == LLM:
            reason = checks.foreign(text.text, text.language)
        if reason:
            return self._refused(text, reason)
        self._remember(text)
        return text

    def _remember(self, text: TagText) -> None:
        if text.kind == DESCRIPTION:
            self._described.add(text.tag, text.text)
        else:
            self._bearers.setdefault(text.text.casefold(), text.tag)

    @staticmethod
    def _refused(text: TagText, reason: str) -> TagText:
        return replace(text, state=REFUSED, reason=reason)
