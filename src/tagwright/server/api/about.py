"""What the description of the API (OpenAPI) says of every address: the problems, the key, streams of lines."""

from __future__ import annotations

from typing import Any

from fastapi import Depends
from fastapi.security import HTTPBearer

from tagwright.server.problems import MEDIA_TYPE

_PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_MEANINGS = {
    400: "The request cannot be read.",
    401: "A key is needed, or the one that was sent is not known.",
    403: "The key's role is too low, or a page of another origin asks.",
    404: "There is no such thing, or not for this key.",
    405: "This address does not answer this method.",
    408: "The request came too slowly.",
    409: "It contradicts what is there.",
    413: "It is too large.",
    421: "The server is not called by that name.",
    422: "The request is not what is expected; 'errors' says where.",
    503: "Too much at once, or the project cannot answer; Retry-After says when to come again.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": meaning, **_PROBLEM} for status, meaning in _MEANINGS.items()
}
PROBLEM_SCHEMA = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, after RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string", "examples": ["Not Found"]},
        "status": {"type": "integer", "examples": [404]},
        "detail": {"type": "string", "examples": ["there is no project 'x'"]},
        "hint": {"type": "string", "description": "The next step."},
        "request_id": {"type": "string", "description": "Names the request in the server's log."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
                "required": ["where", "what"],
            },
        },
    },
}

KEY = Depends(HTTPBearer(auto_error=False, scheme_name="key", description="A key made by tagwright keys add."))

# A line of JSON a document, as the other commands and most tools write them.
LINES = "application/x-ndjson"
NDJSON_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            LINES: {
                "schema": {"type": "string"},
                "example": '{"id": "d1", "text": "Wind erosion on loess"}\n{"id": "d2", "text": "Rain gardens"}\n',
            }
        },
    }
}
NDJSON: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A line of JSON a document, in their order.",
        "content": {LINES: {"schema": {"type": "string"}, "example": '{"id": "d1", "suggestions": []}\n'}},
    }
}
