"""Projects, vocabularies and suggestions as Annif writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from tagwright.errors import TagwrightError
from tagwright.server.annif.bodies import JSON
from tagwright.server.refusals import Busy
from tagwright.server.served import Served, State
from tagwright.types import Suggestion
from tagwright.vocabulary import Vocabulary

BACKEND = "tagwright"
# What a language is called that nobody has stated (BCP 47).
_UNDETERMINED = "und"


def answer(said: Any, status: int = 200) -> Response:
    """JSON as Annif writes it: sorted keys, two blanks, a line end."""
    return Response(f"{json.dumps(said, indent=2, sort_keys=True)}\n", status, media_type=JSON)


def project(served: Served) -> dict[str, Any]:
    """A project; one that cannot answer is called untrained, for which Annif's clients are prepared."""
    tags, state = vocabulary(served), _state(served)
    modified = None if state is None or state.modified is None else state.modified.isoformat()
    return {
        "project_id": served.id, "name": served.name, "language": language(served, tags),
        "backend": {"backend_id": BACKEND}, "vocab": about_vocabulary(served, tags),
        "vocab_language": language(served, tags), "is_trained": state is not None, "modification_time": modified,
    }  # fmt: skip


def about_vocabulary(served: Served, tags: Vocabulary) -> dict[str, Any]:
    """The vocabulary of a project."""
    spoken = sorted(languages(served, tags))
    return {"vocab_id": vocabulary_id(served), "languages": spoken, "size": tags.n_active, "loaded": True}


def vocabulary_id(served: Served) -> str:
    """What a project's vocabulary is called: of "yso-en" it is "yso", as clients of Annif conclude by themselves."""
    return served.options.vocabulary or served.id.partition("-")[0]


def vocabulary(served: Served) -> Vocabulary:
    """The tags, even of a project whose model cannot be used."""
    try:
        return served.vocabulary()
    except Busy:
        raise
    except TagwrightError:
        with served.using() as opened:
            return opened.vocabulary


def language(served: Served, tags: Vocabulary) -> str:
    """The project's language: that of the settings, else of the tags' shown names, else "und"."""
    stated = [served.options.language, tags.language, *tags.languages]
    return next(filter(None, stated), _UNDETERMINED)


def languages(served: Served, tags: Vocabulary) -> list[str]:
    """The languages that names may be asked for in; where the tags state none, it is the project's."""
    return tags.languages or [language(served, tags)]


def results(found: Sequence[Suggestion], tags: Vocabulary, code: str, threshold: float) -> list[dict[str, Any]]:
    """The suggestions that are as likely as that; names are in that language where they have one in it."""
    kept = [one for one in found if one.confidence > 0 and one.confidence >= threshold]
    return [_result(one, tags, code) for one in kept]


def _result(one: Suggestion, tags: Vocabulary, code: str) -> dict[str, Any]:
    tag = tags.tag(tags.position(one.tag))
    names: Mapping[str, str] = tag.names
    return {
        "uri": one.tag, "label": names.get(code, one.name), "notation": tag.notation or None,
        "score": float(one.confidence),
    }  # fmt: skip


def _state(served: Served) -> State | None:
    try:
        return served.state()
    except Busy:
        raise
    except TagwrightError:
        return None
