"""The description of the interface (OpenAPI 3.0), which requests are checked against, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tagwright.server.annif.bodies import FORM, JSON
from tagwright.server.problems import MEDIA_TYPE

Schema = dict[str, Any]
MOST_DOCUMENTS = 32
"""In a batch."""
TITLE, VERSION = "Annif REST API", "1.4.3"
"""What clients are told they speak with: the version of Annif whose answers these are."""

_TEXT: Schema = {"type": "string"}
_METADATA: Schema = {"type": "object", "additionalProperties": _TEXT}
_LIMIT: Schema = {"type": "integer", "default": 10, "minimum": 0}
_THRESHOLD: Schema = {"type": "number", "default": 0.0, "minimum": 0.0, "maximum": 1.0}


def _object(required: str = "", more: Schema | None = None, **properties: Schema) -> Schema:
    return {
        "type": "object", "properties": properties,
        **({"required": required.split()} if required else {}),
        **({"additionalProperties": more} if more else {}),
    }  # fmt: skip


def _list(items: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "nullable": True}


BATCH = _object(
    "documents",
    documents=_list(_object("text", text=_TEXT, document_id=_TEXT, metadata=_METADATA), maxItems=MOST_DOCUMENTS),
)
LEARN = _list(_object(text=_TEXT, metadata=_METADATA, subjects=_list(_object("uri", uri=_TEXT, label=_TEXT))))
DETECT = _object(
    "text languages",
    text=_TEXT, languages=_list({"type": "string", "minLength": 2, "maxLength": 3}, minItems=1, maxItems=5),
)  # fmt: skip

_VOCABULARY = _object(
    "vocab_id",
    vocab_id=_TEXT, languages=_list(_TEXT), size=_or_null({"type": "integer"}), loaded={"type": "boolean"},
)  # fmt: skip
_PROJECT = _object(
    "backend language name project_id",
    project_id=_TEXT, name=_TEXT, language=_TEXT, backend=_object("backend_id", backend_id=_TEXT),
    vocab=_or_null(_VOCABULARY), vocab_language=_or_null(_TEXT), is_trained=_or_null({"type": "boolean"}),
    modification_time=_or_null({"type": "string", "format": "date-time"}),
)  # fmt: skip
_RESULTS = _list(_object("label score uri", uri=_TEXT, label=_TEXT, notation=_or_null(_TEXT), score={"type": "number"}))
_SUGGESTED = _object(results=_RESULTS)
_BATCH_SUGGESTED = _list(_object(results=_RESULTS, document_id=_or_null(_TEXT)))
_DETECTED = _object(results=_list(_object(language=_or_null(_TEXT), score={"type": "number"})))
_PROBLEM = _object("type title status detail", type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT)
_SAID = {
    400: "what was sent is not as expected", 401: "a key is needed", 403: "the project or the key does not allow it",
    404: "there is no such project", 408: "the request came too slowly", 413: "the request is too large",
    415: "the request is of another content type", 503: "the project cannot answer now; Retry-After says when",
}  # fmt: skip


def describe(projects: Iterable[str], languages: Iterable[str], detected: Iterable[str]) -> dict[str, Any]:
    """The description for projects of these ids, whose tags have names in these ``languages``.

    ``detected``: the languages that the detection tells apart.
    """
    language = {**_TEXT, "enum": ["", *sorted(languages)]}
    one = {"name": "project_id", "in": "path", "required": True, "schema": {**_TEXT, "enum": list(projects)}}
    return {
        "openapi": "3.0.1",
        "info": {"title": TITLE, "version": "v1"},
        "servers": [{"url": "/v1"}],
        "paths": {
            "/": {"get": _operation("what answers here", _object("title version", title=_TEXT, version=_TEXT))},
            "/vocabs": {"get": _operation("the vocabularies", _object(vocabs=_list(_VOCABULARY)), 401)},
            "/projects": {"get": _operation("the projects", _object(projects=_list(_PROJECT)), 401)},
            "/projects/{project_id}": {"get": _operation("one project", _PROJECT, 401, 403, 404, parameters=[one])},
            "/projects/{project_id}/suggest": {"post": _suggest(one, language)},
            "/projects/{project_id}/suggest-batch": {"post": _suggest_batch(one, language)},
            "/projects/{project_id}/learn": {"post": _learn(one)},
            "/detect-language": {"post": _detect(sorted(detected))},
        },
    }


def _suggest(project: Schema, language: Schema) -> Schema:
    form = _object("text", _TEXT, text=_TEXT, limit=_LIMIT, threshold=_THRESHOLD, language=language)
    form["description"] = "other keys are passed over, but metadata_title is the title of the text"
    return _asking("suggest tags for a text", FORM, form, _SUGGESTED, [project])


def _suggest_batch(project: Schema, language: Schema) -> Schema:
    given = {"limit": _LIMIT, "threshold": _THRESHOLD, "language": language}
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in given.items()]
    summary = f"suggest tags for up to {MOST_DOCUMENTS} texts"
    return _asking(summary, JSON, BATCH, _BATCH_SUGGESTED, [project, *parameters])


def _learn(project: Schema) -> Schema:
    return _asking("learn from texts with their subjects", JSON, LEARN, None, [project])


def _detect(languages: list[str]) -> Schema:
    codes = {"type": "string", "minLength": 2, "maxLength": 3, "enum": languages}
    body = {**DETECT, "properties": {**DETECT["properties"], "languages": _list(codes, minItems=1, maxItems=5)}}
    return _asking("the language of a text", JSON, body, _DETECTED, [])


def _asking(summary: str, kind: str, body: Schema, answer: Schema | None, parameters: list[Schema]) -> Schema:
    statuses = [400, 401, 403, 408, 413, 415, 503, *([404] if parameters else [])]
    made = _operation(summary, answer, *statuses, parameters=parameters)
    return {**made, "requestBody": {"required": True, "content": {kind: {"schema": body}}}}


def _operation(
    summary: str, answer: Schema | None, *statuses: int, parameters: Iterable[Mapping[str, Any]] = ()
) -> Schema:
    responses: Schema = {str(status): _refusal(_SAID[status]) for status in sorted(statuses)}
    done = {"200": {"description": "the answer", "content": {JSON: {"schema": answer}}}} if answer else None
    return {
        "summary": summary,
        "responses": {**(done or {"204": {"description": "learned"}}), **responses},
        **({"parameters": list(parameters)} if parameters else {}),
    }


def _refusal(description: str) -> Schema:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
