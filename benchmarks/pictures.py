"""The pictures of the pages in README and docs, taken anew from the demonstration library.

    python benchmarks/pictures.py [--folder docs/pictures] [--project DIR] [--widths 1440] [--colours light]

Needs the extras server and browser, and Chromium. ``--project``: another project than a new demonstration; then
pictures of all screens are taken, in every width and colour that is named, to be looked at.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TEXT = "Honey from the roofs: how bees are kept in town, and which flowers of the garden they visit in spring."
SCREENS = {
    "try": f"try?text={TEXT.replace(' ', '+')}", "review": "review?id=new-1", "queue": "queue", "tags": "queue/tags",
    "vocabulary": "vocabulary?q=bee", "quality": "quality",
}  # fmt: skip
HEIGHT = 900


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--folder", type=Path, default=Path("docs/pictures"))
    options.add_argument("--project", type=Path)
    options.add_argument("--widths", type=int, nargs="+", default=[1440])
    options.add_argument("--colours", nargs="+", default=["light"], choices=["light", "dark"])
    options.add_argument("--language", default="en")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        project = given.project
        if project is None:
            project = Path(folder) / "library"
            run("demo", "-o", str(project), "--no-serve").wait()
        with served(project) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for colours in given.colours:
                for width in given.widths:
                    context = browser.new_context(
                        viewport={"width": width, "height": HEIGHT}, color_scheme=colours, locale=given.language
                    )
                    several = len(given.widths) > 1 or len(given.colours) > 1
                    take(context.new_page(), address, given.folder, f"-{width}-{colours}" if several else "")
                    context.close()


def take(page: Page, address: str, folder: Path, more: str) -> None:
    """A picture of each screen."""
    for name, at in SCREENS.items():
        page.goto(f"{address}/{at}")
        page.wait_for_timeout(1500)
        if name == "review":
            page.keyboard.press("a")
            page.wait_for_timeout(800)
        if name == "vocabulary":
            page.locator("#list a").first.click()
            page.wait_for_timeout(800)
        page.screenshot(path=str(folder / f"{name}{more}.png"))


@contextmanager
def served(project: Path) -> Iterator[str]:
    """The address of the project's pages."""
    process = run("serve", "-p", str(project), "--port", "0", "--log-level", "error", stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found, "the server did not start"
        yield f"{found[0]}/p/{project.resolve().name}"
    finally:
        process.terminate()
        process.wait()


def run(*words: str, stdout: int | None = None) -> subprocess.Popen[str]:
    """The command in a process."""
    environment = {**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen([sys.executable, "-m", "tagwright", *words], stdout=stdout, text=True, env=environment)


if __name__ == "__main__":
    main()
