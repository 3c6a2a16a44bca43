"""Names, texts and people that want to run a script on every screen, and never do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.browser.conftest import Serve, measure, sync, until
from tests.browser.payloads import PAYLOADS

from tagwright.feedback import ACCEPT, REJECT, Decision, Feedback
from tagwright.project import Project
from tagwright.types import Document

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which everything that anybody can name is hostile: tags, texts, metadata, people."""
    folder = tmp_path_factory.mktemp("hostile")
    tags = [
        {"id": f"x:{n}\"'><b>", "name": f"word{n} {evil}", "synonyms": [f"other{n} {evil}"], "description": evil,
         "notation": evil[:80]}
        for n, evil in enumerate(PAYLOADS)
    ]  # fmt: skip
    vocabulary = folder / "tags.jsonl"
    vocabulary.write_text("".join(json.dumps(one) + "\n" for one in tags), encoding="utf-8")
    documents = [
        Document(f"d{n}\"'>{evil}"[:200], f"word{n} other{n} {evil} word{(n + 1) % 60}", f"word{n} {evil}", "en",
                 metadata={evil[:40]: evil})
        for n, evil in enumerate(PAYLOADS)
    ]  # fmt: skip
    with Project.create(folder / "library", vocabulary, language="en") as project:
        feedback = Feedback(project.store, project.settings.feedback())
        feedback.wait(documents)
        ids = list(project.vocabulary.ids)
        for n, (evil, document) in enumerate(zip(PAYLOADS, documents, strict=True)):
            said = Decision(document.id, ids[n], ACCEPT if n % 2 else REJECT, evil[:100], reason=evil)
            feedback.submit([said], project.vocabulary)
        measure(
            project, [Document(f"m{one.id}", one.text, one.title, "en", (ids[n],)) for n, one in enumerate(documents)]
        )
    return folder / "library"


def screens(folder: Path) -> Iterator[str]:
    """The addresses of all screens, with something hostile in each."""
    with Project.open(folder) as project:
        ids, documents = list(project.vocabulary.ids), project.store.current_ids("", 200)
    for evil in PAYLOADS:
        yield f"try?text={quote(evil + ' word1 word2')}&title={quote(evil)}"
        yield f"vocabulary?q={quote(evil)}"
    for id in ids:
        yield f"vocabulary?id={quote(id, safe='')}"
    for id in documents:
        yield f"review?id={quote(id, safe='')}"
    yield from (
        "review",
        "queue",
        "queue?state=all",
        "queue/tags",
        "vocabulary",
        "quality",
        "quality/tags",
        "quality/documents",
    )
    yield from (f"queue?text={quote(evil)}" for evil in PAYLOADS[::6])
    yield from (f"queue/tag?tag={quote(id, safe='')}&unlikely=true" for id in ids[::6])
    yield from (f"quality/tag?id={quote(id, safe='')}" for id in ids[::6])
    yield from (f"nothing/{quote(evil, safe='')}" for evil in PAYLOADS[::6])


def test_nothing_hostile_runs_on_any_screen(page: sync.Page, serve: Serve, hostile: Path) -> None:
    server = serve(hostile)
    visited = 0
    for address in screens(hostile):
        answer = page.goto(f"{server.address}/p/library/{address}", wait_until="load")
        assert answer is not None and answer.status == (404 if address.startswith("nothing") else 200), address
        for closed in page.locator("main details:not([open])").all()[:3]:
            closed.evaluate("one => { one.open = true }")
        # Whatever ran would have opened a window or been refused by the policy: both fail the test at its end.
        assert not page.locator("main script:not([type='application/json']), [onerror], [onload], main iframe").count()
        visited += 1
    assert visited > 250
    page.wait_for_timeout(500)


def test_searching_and_deciding_show_hostile_names_as_text(page: sync.Page, serve: Serve, hostile: Path) -> None:
    server = serve(hostile)
    page.goto(f"{server.address}/p/library/review")
    page.locator(".suggestion").first.wait_for(state="attached")
    for number in (3, 20, 41):
        page.keyboard.press("/")
        page.keyboard.type(f"word{number}")
        page.locator("#found [role=option]").first.wait_for()
        page.keyboard.press("Enter")
    until(page, lambda: page.locator("#given li").count() >= 3)
    page.keyboard.press("u")
    page.goto(f"{server.address}/sign-in?next={quote(PAYLOADS[0])}")
    assert page.locator("input[name=next]").get_attribute("value") == "/"
