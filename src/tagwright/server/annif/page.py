"""The page about the interface, for people who look at it with a browser: plain HTML, without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_BEGINNING = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="UTF-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
<p>tagwright answers here as Annif {version} does. Programs read <a href="../openapi.json">openapi.json</a>.</p>
<table>
<tr><th>method</th><th>address</th><th>what it gives</th><th>it is sent</th></tr>
"""
_END = "</table>\n</body>\n</html>\n"


def page(description: Mapping[str, Any], version: str) -> str:
    """The page about what the description describes."""
    rows = [
        _row(method, description["servers"][0]["url"] + path, operation)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    ]
    return _BEGINNING.format(title=escape(description["info"]["title"]), version=escape(version)) + "".join(rows) + _END


def _row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    sent = ", ".join(operation.get("requestBody", {}).get("content", {}))
    cells = [method.upper(), path, operation["summary"], sent]
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>\n"
