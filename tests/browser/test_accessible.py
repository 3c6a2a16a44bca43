"""Nothing on any screen keeps people out who see, hear or move differently: axe-core finds no serious issue."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.conftest import PATIENCE, Serve, Shelf, sync

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

pytestmark = pytest.mark.heavy

SCREENS = (
    "try?text=Keeping+bees+in+the+gardens+of+Saltmere", "try", "review", "queue", "queue/tags", "vocabulary",
    "vocabulary?q=bee", "quality", "quality/tags", "nowhere",
)  # fmt: skip
SERIOUS = {"serious", "critical"}


@pytest.mark.parametrize(("colours", "width", "language"), [("light", 1440, "en"), ("dark", 390, "de")])
def test_no_screen_has_a_serious_issue(
    browser: sync.Browser, serve: Serve, measured: Shelf, colours: Any, width: int, language: str
) -> None:
    server = serve(measured())
    # axe is put into the page as a script of its own, which the pages' policy would rightly refuse.
    context = browser.new_context(
        bypass_csp=True, color_scheme=colours, locale=language, viewport={"width": width, "height": 900}
    )
    context.set_default_timeout(PATIENCE)
    opened, found = context.new_page(), []
    for screen in SCREENS:
        opened.goto(f"{server.address}/p/library/{screen}")
        opened.wait_for_timeout(300)
        for issue in axe.Axe().run(opened).response["violations"]:
            if issue["impact"] in SERIOUS:
                found.append((screen, issue["id"], issue["nodes"][0]["html"][:200]))
    context.close()
    assert not found


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_no_screen_is_wider_than_its_window(browser: sync.Browser, serve: Serve, measured: Shelf, width: int) -> None:
    server = serve(measured())
    context = browser.new_context(viewport={"width": width, "height": 900})
    opened = context.new_page()
    wide = []
    for screen in SCREENS:
        opened.goto(f"{server.address}/p/library/{screen}")
        opened.wait_for_timeout(200)
        if opened.evaluate("() => document.documentElement.scrollWidth") > width:
            wide.append(screen)
    context.close()
    assert not wide
