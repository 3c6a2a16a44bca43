"""The pictures are really there: every one is drawn by the chart library, and the whole page by a browser."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
import zlib
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.evaluation.html import page
from tagwright.evaluation.html.colours import DARK, LIGHT, coloured
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.page import figures
from tagwright.project.evaluating import report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed to draw the page with")


def drawings(saved) -> dict[str, dict[str, Any]]:
    """Every specification of the report's pictures, as wide as a small page."""
    found = figures(Facts.of(report(saved), saved))
    return {
        f"{figure.name}-{number}": {**panel.specification, "width": 360}
        for figure in found
        for number, panel in enumerate(figure.panels)
        if panel.specification is not None
    }


def pixels(png: bytes) -> np.ndarray:
    """(height, width, channels) uint8 of a picture of 8 bits a channel that is not interlaced."""
    place, chunks = 8, {b"IHDR": b"", b"IDAT": b""}
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        if kind in chunks:
            chunks[kind] += png[place + 8 : place + 8 + length]
        place += 12 + length
    width, height, bits, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    n = {2: 3, 6: 4}[colours]
    assert bits == 8
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, 1 + width * n)
    above = np.zeros((width, n), dtype=np.int64)
    found = []
    for row in rows:
        above = unfiltered(int(row[0]), row[1:].reshape(width, n).astype(np.int64), above)
        found.append(above)
    return np.array(found, dtype=np.uint8)


def unfiltered(kind: int, line: np.ndarray, above: np.ndarray) -> np.ndarray:
    if kind < 3:
        return (line if kind == 0 else np.cumsum(line, axis=0) if kind == 1 else line + above) % 256
    left, corner, out = [0] * line.shape[1], [0] * line.shape[1], []
    for values, ups in zip(line.tolist(), above.tolist(), strict=True):
        if kind == 3:
            left = [(v + (a + b) // 2) % 256 for v, a, b in zip(values, left, ups, strict=True)]
        else:
            left = [(v + paeth(a, b, c)) % 256 for v, a, b, c in zip(values, left, ups, corner, strict=True)]
        corner = ups
        out.append(left)
    return np.array(out)


def paeth(a: int, b: int, c: int) -> int:
    return min((a, b, c), key=lambda value: abs(a + b - c - value))


def marks(svg: str) -> int:
    """How many shapes and words stand for data: neither axes nor legends."""
    kinds = [(group, group.get("class", "")) for group in ET.fromstring(svg).iter()]
    groups = [group for group, kind in kinds if "role-mark" in kind and "mark-group" not in kind]
    return sum(child.tag.endswith(("path", "text", "line")) for group in groups for child in group.iter())


def unnumbered(svg: str) -> str:
    """The drawing without the numbers of its clips, which are counted on from drawing to drawing."""
    return re.sub(r"clip\d+", "clip", svg)


def test_every_picture_is_drawn_with_all_its_marks(make_saved) -> None:
    library = pytest.importorskip("vl_convert", reason="vl-convert-python is in the extra dev")
    found = drawings(make_saved())
    assert len(found) == 15
    for name, drawing in found.items():
        svg = library.vegalite_to_svg(coloured(drawing))
        values = drawing["data"]["values"]
        lines = name.startswith(("coverage", "cuts"))
        assert marks(svg) >= (2 if lines else len(values)), name
        assert unnumbered(svg) == unnumbered(library.vegalite_to_svg(coloured(drawing))), name
        assert "NaN" not in svg, name
        assert "var(" not in svg, name


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_no_picture_is_blank(make_saved, colours: dict[str, str]) -> None:
    library = pytest.importorskip("vl_convert", reason="vl-convert-python is in the extra dev")
    found = drawings(make_saved())
    for name in found if colours is LIGHT else ["reliability-0"]:  # one picture tells that the other colours are used
        drawing = found[name]
        drawn = coloured({**drawing, "background": colours["card"]}, colours)
        picture = pixels(library.vegalite_to_png(drawn, scale=0.5))
        colour = [int(colours["orange" if name == "co-occurrence-1" else "blue"][i : i + 2], 16) for i in (1, 3, 5)]
        ground = [int(colours["card"][i : i + 2], 16) for i in (1, 3, 5)]
        seen = picture[:, :, :3].reshape(-1, 3).astype(int)
        assert len(np.unique(seen, axis=0)) > 10, name
        # Nearer to the colour of its marks than to the ground: half transparent ones count.
        near = np.abs(seen - colour).sum(axis=1) < np.abs(seen - ground).sum(axis=1) / 2
        assert near.sum() > 40, name


@pytest.fixture
def browse(tmp_path: Path):
    def run(text: str, *options: str) -> str:
        (tmp_path / "report.html").write_text(text, encoding="utf-8")
        command = [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000",
            *options, (tmp_path / "report.html").as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path)
        # What the page itself complains about, a breach of its own policy above all.
        assert [line for line in done.stderr.splitlines() if ":CONSOLE" in line] == []
        return done.stdout

    return run


@BROWSER
def test_a_browser_draws_every_picture_under_the_pages_own_policy(make_saved, browse) -> None:
    saved = make_saved()
    found = browse(page(report(saved), saved), "--dump-dom", "--window-size=900,900")
    assert 'data-ready="yes"' in found
    assert found.count('data-drawn="yes"') == len(drawings(saved))
    assert found.count('<svg xmlns="http') == len(drawings(saved))
    assert "its numbers are in the table below" not in found.partition("<script")[0]
    assert found.count('data-csv="') == found.count('class="csv"') > 10
    assert not re.search('class="csv" data-csv="[^"]+" hidden', found)
    assert found.count("<th") > found.count('<button type="button">') > 20


# What a reader does: moves a handle, presses a heading twice, saves a CSV, changes the colours, points at a dot.
ACTS = """
setTimeout(function () {
  const found = {}, one = (what) => document.querySelector(what);
  const handle = one("#cuts-handle");
  handle.value = 100;
  handle.dispatchEvent(new Event("input"));
  found.said = one("#cuts-said").textContent;
  const heading = one("#table-tags thead th.n button");
  const column = () =>
    Array.from(document.querySelectorAll("#table-tags tbody tr"), (row) => Number(row.cells[1].dataset.v));
  heading.click();
  found.falling = column();
  heading.click();
  found.rising = column();
  found.sorted = heading.closest("th").getAttribute("aria-sort");
  URL.createObjectURL = function (blob) { found.type = blob.type; found.size = blob.size; return "#"; };
  one("button[data-csv=bands]").click();
  one("#theme").click();
  found.theme = document.documentElement.dataset.theme;
  const dot = one("#tags-0 svg .mark-symbol path"), box = dot.getBoundingClientRect();
  const at = { bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
  dot.dispatchEvent(new PointerEvent("pointermove", at));
  dot.dispatchEvent(new MouseEvent("mousemove", at));
  found.tooltip = one("#vg-tooltip-element.visible").textContent;
  document.body.dataset.found = JSON.stringify(found);
}, 3000);
"""


@BROWSER
def test_handles_move_tables_sort_and_numbers_can_be_saved(make_saved, browse, monkeypatch) -> None:
    module = importlib.import_module("tagwright.evaluation.html.page")
    part = module._part
    monkeypatch.setattr(module, "_part", lambda name: part(name) + (ACTS if name == "page.js" else ""))
    saved = make_saved()
    acted = re.search('data-found="([^"]+)"', browse(page(report(saved), saved), "--dump-dom"))
    assert acted is not None
    found = json.loads(unescape(acted[1]))
    assert found["said"] == "From 1.00 on no tag is given." or found["said"].startswith("From 1.00 on a document gets")
    assert found["falling"] == sorted(found["falling"], reverse=True)
    assert found["rising"] == sorted(found["falling"])
    assert (found["sorted"], found["theme"]) == ("ascending", "dark")
    bands = next(figure for figure in figures(Facts.of(report(saved), saved)) if figure.name == "bands")
    assert bands.table is not None
    assert (found["type"], found["size"]) == ("text/csv;charset=utf-8", len(bands.table.csv().encode()) + 3)
    assert "whichnot in the vocabulary" in found["tooltip"]


@BROWSER
@pytest.mark.parametrize(("scheme", "colours"), [(1, LIGHT), (0, DARK)])
def test_a_screenshot_shows_the_picture_in_light_and_in_dark(make_saved, browse, tmp_path, scheme, colours) -> None:
    saved = make_saved()
    options = ["--window-size=500,2000", "--force-device-scale-factor=0.5", "--screenshot=shot.png"]
    browse(page(report(saved), saved), *options, f"--blink-settings=preferredColorScheme={scheme}")
    picture = pixels((tmp_path / "shot.png").read_bytes())[:, :, :3].reshape(-1, 3).astype(int)
    ground = [int(colours["ground"][i : i + 2], 16) for i in (1, 3, 5)]
    blue = [int(colours["blue"][i : i + 2], 16) for i in (1, 3, 5)]
    assert (np.abs(picture - ground).sum(axis=1) < 6).mean() > 0.1
    assert (np.abs(picture - blue).sum(axis=1) < 90).sum() > 1000
