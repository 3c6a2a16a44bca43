"""A real browser at a real server: ``tagwright serve`` as a process, and Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

import tagwright.demo.library as library
from tagwright.corpus import open_corpus
from tagwright.evaluation.kept import Runs
from tagwright.feedback import Feedback
from tagwright.project import Project
from tagwright.types import Document

try:
    import playwright.sync_api as sync
except ImportError:  # without the extra browser there is nothing to look at the pages with
    collect_ignore_glob = ["test_*.py"]

# Where systems put it; playwright's own is taken where somebody has installed that.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 15_000  # milliseconds until something that does not come is given up


@pytest.fixture(scope="session")
def browser() -> Iterator[sync.Browser]:
    """Chromium, without a screen."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync.sync_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("there is no Chromium here (on Debian and Ubuntu: apt install chromium)")
        # Within a container there is nothing to build a sandbox with; only our own pages are opened.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@dataclass
class Server:
    """``tagwright serve`` for one project; it can be killed and come back at the same address."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        """It takes requests when this returns."""
        words = ["serve", "-p", str(self.folder), "--port", str(self.port), "--log-level", "error"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tagwright", *words], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
        )  # fmt: skip
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found, f"the server said: {said}"
        self.port = int(found[1])
        return self

    def kill(self) -> None:
        """It is gone without a word."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.gone()

    def gone(self) -> None:
        """Returns when the process has ended."""
        assert self.process is not None and self.process.stdout is not None
        self.process.wait(30)
        self.process.stdout.close()


Serve = Callable[[Path], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves the project in a folder until the test ends."""
    started: list[Server] = []

    def made(folder: Path) -> Server:
        started.append(Server(folder).start())
        return started[-1]

    yield made
    for one in started:
        if one.process is not None and one.process.poll() is None:
            one.process.terminate()
            one.gone()


@pytest.fixture
def shelf(trained: Path) -> Path:
    """A trained project where twelve documents of the demonstration library wait for review."""
    with Project.open(trained) as project:
        wait(project, list(islice(open_corpus([library.dev_path()]), 12)))
    return trained


Shelf = Callable[[], Path]


@pytest.fixture
def measured(shelf: Path) -> Shelf:
    """The same, where the quality was measured on other documents."""

    def made() -> Path:
        with Project.open(shelf) as project:
            measure(project, list(islice(open_corpus([library.test_path()]), 30)))
        return shelf

    return made


def measure(project: Project, documents: list[Document]) -> None:
    """The project keeps what it measures on these."""
    report, saved = project.evaluate(documents, why=True)
    Runs(project.folder).keep(report, saved, made=datetime(2026, 1, 1), corpus="some documents")


def wait(project: Project, documents: list[Document]) -> None:
    """They wait for review from now on."""
    Feedback(project.store, project.settings.feedback()).wait(documents)


def until(page: sync.Page, what: Callable[[], bool]) -> None:
    """Waits for what a locator cannot wait for; the pages' policy forbids to do it with a script."""
    end = time.monotonic() + PATIENCE / 1000
    while not what():
        assert time.monotonic() < end, "that did not happen"
        page.wait_for_timeout(50)


@dataclass
class Watched:
    """What went wrong on a page: what scripts raised, what the policy refused, what should never have run."""

    errors: list[str] = field(default_factory=list)


@pytest.fixture
def page(browser: sync.Browser) -> Iterator[sync.Page]:
    """A new window, in English and light colours; whatever goes wrong in it is a failure."""
    context = browser.new_context(locale="en-GB", color_scheme="light", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    opened, watched = context.new_page(), Watched()
    opened.on("pageerror", lambda error: watched.errors.append(str(error)))
    opened.on("dialog", lambda dialog: watched.errors.append(f"a dialog: {dialog.message}"))
    opened.on("console", lambda said: watched.errors.append(said.text) if _is_fault(said) else None)
    yield opened
    context.close()
    assert not watched.errors


def _is_fault(said: sync.ConsoleMessage) -> bool:
    """Whether the console tells of a fault of ours; that the network is gone is none."""
    if "status of 404" in said.text:
        return False  # a page of its own that says so; what a page needs is asked for in tests/web
    lost = ("ERR_CONNECTION", "ERR_INTERNET", "ERR_NETWORK", "ERR_EMPTY_RESPONSE", "htmx:send", "htmx:afterRequest")
    return said.type == "error" and not any(word in said.text for word in lost)
