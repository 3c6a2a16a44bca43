"""What every page stands in: one file, no network, no code but the one script whose hash its own policy names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from tagwright.evaluation.html.colours import CONFIG, DARK, LIGHT, variables
from tagwright.evaluation.html.figure import Figure
from tagwright.evaluation.html.markup import escaped, script_data


def document(title: str, body: str, found: Sequence[Figure], *, scripts: Sequence[str], refresh: int = 0) -> str:
    """A whole page: ``body`` is HTML already, the pictures ``found`` have their places in it.

    ``scripts``: code that draws them, in its order; ``refresh``: seconds until the page loads itself again, 0 = never.
    """
    script, style = "\n".join(scripts), _style()
    data = script_data({
        "config": CONFIG,
        "pictures": {f.name: _data(f) for f in found if not f.why_not},
    })  # fmt: skip
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    again = f'<meta http-equiv="refresh" content="{refresh}">\n' if refresh else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n{again}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escaped(title)} · tagwright</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"{body}\n"
        f'<script type="application/json" id="data">{data}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


@cache
def part(name: str) -> str:
    """The text of a file in ``parts``: the chart library, the page's own script, its style."""
    return (files("tagwright.evaluation.html") / "parts" / name).read_text(encoding="utf-8")


def _data(found: Figure) -> dict[str, object]:
    slider = found.slider
    return {
        "panels": [panel.specification for panel in found.panels],
        "csv": found.table.csv() if found.table else "",
        "slider": {"values": list(slider.values), "sentences": list(slider.sentences)} if slider else None,
    }


def _style() -> str:
    dark = variables(DARK)
    return (
        f":root{{{variables(LIGHT)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}\n{part('pictures.css')}{part('page.css')}"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
