"""What earlier runs have found for tags and what people decided: nothing is found, asked or refused twice."""

from __future__ import annotations

from collections.abc import Iterable

from tagwright.store.texts import ACCEPTED, DESCRIPTION, LLM, PROPOSED, REJECTED, SOURCES, TagText


class History:
    """The texts that are kept, by what they are about."""

    def __init__(self, texts: Iterable[TagText]) -> None:
        self.texts = list(texts)
        self._said = {_key(one) for one in self.texts}
        self._decided = {_plain(one) for one in self.texts if one.state in (ACCEPTED, REJECTED)}
        self._asked = {(one.tag, one.model, one.template) for one in self.texts if one.source == LLM}
        self._standing: dict[str, dict[str, TagText]] = {}
        for one in self.texts:
            if one.kind == DESCRIPTION and one.state == PROPOSED:
                self._stand(one)

    def knows(self, text: TagText) -> bool:
        """Whether this text came before from the same source, or a person has decided about it."""
        return _key(text) in self._said or _plain(text) in self._decided

    def asked(self, tag: str, model: str, template: str) -> bool:
        """Whether this model has answered this question about the tag."""
        return (tag, model, template) in self._asked

    def standing(self, tag: str, language: str) -> TagText | None:
        """The description that is proposed for the tag already, in this language or where one is not stated."""
        own = self._standing.get(tag, {})
        return own.get(language) or (own.get("") if language else next(iter(own.values()), None))

    def better(self, text: TagText) -> bool:
        """Whether a description from a better source stands there already."""
        stands = self.standing(text.tag, text.language)
        return stands is not None and SOURCES.index(stands.source) < SOURCES.index(text.source)

    def take(self, text: TagText) -> TagText | None:
        """The text is known from now on; gives the description whose place it takes, ``None`` where there was none."""
        self._said.add(_key(text))
        if text.source == LLM:
            self._asked.add((text.tag, text.model, text.template))
        if text.kind != DESCRIPTION or text.state != PROPOSED:
            return None
        before = self._standing.get(text.tag, {}).get(text.language)
        self._stand(text)
        return before

    def _stand(self, text: TagText) -> None:
        self._standing.setdefault(text.tag, {})[text.language] = text


def _plain(text: TagText) -> tuple[str, str, str, str]:
    return (text.tag, text.kind, text.language, text.text.casefold())


def _key(text: TagText) -> tuple[str, ...]:
    return (text.tag, text.kind, text.language, text.text, text.source, text.model, text.template)
