"""What is wanted of a project, and its suggestions for some documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

import tagwright.server.annif.answers as answers
import tagwright.server.annif.bodies as bodies
from tagwright.server.access import Visit
from tagwright.server.house import count
from tagwright.server.problems import Problem
from tagwright.types import Document

_LIMIT, _THRESHOLD = 10, 0.0


@dataclass(frozen=True)
class Wanted:
    """How many suggestions, from which confidence on, named in which language ("" = that of the project)."""

    limit: int = _LIMIT
    threshold: float = _THRESHOLD
    language: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Sequence[str]], where: str) -> Wanted:
        """What the fields of a form or a query say; raises `Problem` 400."""
        limit = bodies.whole(given["limit"], "limit", where) if "limit" in given else _LIMIT
        threshold = bodies.share(given["threshold"], "threshold", where) if "threshold" in given else _THRESHOLD
        return cls(limit, threshold, given.get("language", [""])[0])


def document(id: str, text: str, metadata: Mapping[str, str]) -> Document:
    """A document with Annif's metadata, of which ``title`` is the title."""
    kept = {bodies.clean(key): bodies.clean(value) for key, value in metadata.items()}
    return Document(id, bodies.clean(text), title=kept.pop("title", ""), metadata=kept)


def suggest(request: Request, visit: Visit, documents: Sequence[Document], wanted: Wanted) -> list[Any]:
    """The results for each document; a document without any text has none.

    Raises `Problem` 400 for a language in which the vocabulary has no names and 413 for too long texts, and what
    `Served.suggest` raises.
    """
    served = visit.served
    tags = answers.vocabulary(served)
    code = wanted.language or answers.language(served, tags)
    if code not in answers.languages(served, tags):
        raise Problem(400, f'language "{code[:100]}" not supported by vocabulary')
    count(request, visit, documents)
    asked = [one for one in documents if one.text.strip() or one.title.strip()]
    found = served.suggest(asked, k=min(wanted.limit, len(tags))) if asked else []
    by_id = {one.id: suggestions for one, suggestions in zip(asked, found, strict=True)}
    tags = answers.vocabulary(served)  # a tag may have come meanwhile
    return [answers.results(by_id.get(one.id, []), tags, code, wanted.threshold) for one in documents]
