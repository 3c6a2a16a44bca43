"""The colours by their part, for paper and for a dark room, and how the pictures' axes and letters look.

A specification names a colour as ``var(--blue)``, which the page's style sheet fills in: so a picture follows the
reader's light or dark, and the printer, without being drawn again. Every text colour has a contrast of 4.5 or more to
the grounds, every colour of a mark 3 or more (WCAG 2.1 AA). Blue and orange stay apart for every kind of colour
blindness, and nothing is said by colour alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

LIGHT = {
    "ground": "#fbfaf7", "card": "#ffffff", "ink": "#1f2328", "soft": "#57606a", "line": "#dcdad3", "faint": "#f1efe9",
    "blue": "#1a5fa8", "orange": "#b5520b", "green": "#0f766e", "grey": "#7d8590", "link": "#17548f",
}  # fmt: skip
DARK = {
    "ground": "#14171b", "card": "#1b1f25", "ink": "#e7e9ec", "soft": "#a9b1bb", "line": "#343b44", "faint": "#242a32",
    "blue": "#6fb1f5", "orange": "#f0a15c", "green": "#5cc8b8", "grey": "#8b949e", "link": "#8cc2fb",
}  # fmt: skip

BLUE, ORANGE, GREEN, GREY = "var(--blue)", "var(--orange)", "var(--green)", "var(--grey)"
INK, SOFT, LINE, FAINT, CARD = "var(--ink)", "var(--soft)", "var(--line)", "var(--faint)", "var(--card)"

FONT = '"Segoe UI", "Helvetica Neue", Roboto, "Noto Sans", "DejaVu Sans", Arial, sans-serif'

_ROLE = re.compile(r"var\(--(\w+)\)")

CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False, "ticks": False, "gridColor": LINE, "labelColor": SOFT, "titleColor": SOFT,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelPadding": 6, "titlePadding": 10,
    },
    # Above the axis and level, so that nobody has to tilt the head.
    "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleBaseline": "bottom", "titleX": 0,
              "titleY": -10},
    "legend": {"labelColor": INK, "labelFontSize": 12, "title": None, "orient": "top", "symbolStrokeWidth": 3,
               "offset": 14},
    "text": {"fontSize": 12, "fill": INK},
}  # fmt: skip


def variables(colours: Mapping[str, str]) -> str:
    """The colours as declarations of a style sheet."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def coloured(specification: Mapping[str, Any], colours: Mapping[str, str] = LIGHT) -> dict[str, Any]:
    """The specification with `CONFIG` and the colours' values, to be drawn where there is no style sheet."""
    text = json.dumps({**specification, "config": CONFIG})
    filled: dict[str, Any] = json.loads(_ROLE.sub(lambda found: colours[found[1]], text))
    return filled
