"""Somebody reviews documents with the keyboard alone, while the server comes and goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser.conftest import Serve, sync, until

from tagwright.project import Project

pytestmark = pytest.mark.heavy


def shown(page: sync.Page) -> str:
    """The document that is on the page."""
    return str(page.locator("#review").get_attribute("data-document"))


def stored(page: sync.Page) -> None:
    """Waits until everything is stored."""
    until(page, lambda: page.evaluate("() => localStorage.getItem('tagwright.outbox') ?? '[]'") == "[]")


def press(page: sync.Page, *keys: str) -> None:
    """Presses one key after the other."""
    for key in keys:
        page.keyboard.press(key)


def finish(page: sync.Page) -> str:
    """Says that the document is done; it was this one."""
    before = shown(page)
    press(page, "Control+Enter")
    until(page, lambda: shown(page) != before)
    return before


def verdicts(folder: Path) -> list[str]:
    """What is in the project's store."""
    with Project.open(folder) as project:
        return [one.verdict for one in project.store.decisions.find()]


def test_ten_documents_are_reviewed_with_the_keyboard_alone(page: sync.Page, serve: Serve, shelf: Path) -> None:
    server = serve(shelf)
    page.goto(f"{server.address}/p/library/review")
    page.locator("#review[data-document]").wait_for()
    seen = []
    for number in range(10):
        page.locator(".suggestion").first.wait_for()
        press(page, "a", "j", "x", "w") if number % 2 else press(page, "2", "k", "a")
        seen.append(finish(page))
    stored(page)
    assert len(set(seen)) == 10
    with Project.open(shelf) as project:
        told = project.store.decisions.find()
        assert {one.document for one in told} == set(seen)
        assert {"accept", "reject"} == {one.verdict for one in told}
        assert "wrong" in {one.reason for one in told}
        assert all(project.store.current(one).tags for one in seen)
        assert set(project.store.reviews.states(seen).values()) == {"done"}


def test_what_was_done_is_undone_step_by_step_also_after_going_on_and_reloading(
    page: sync.Page, serve: Serve, shelf: Path
) -> None:
    page.goto(f"{serve(shelf).address}/p/library/review")
    page.locator(".suggestion").first.wait_for()
    press(page, "a", "a")
    first = finish(page)
    stored(page)
    page.reload()
    page.locator(".suggestion").first.wait_for()
    assert shown(page) != first
    press(page, "u")
    until(page, lambda: shown(page) == first)
    press(page, "u", "u")
    page.locator('.suggestion[data-state="accepted"]').first.wait_for(state="detached")
    stored(page)
    until(page, lambda: verdicts(shelf).count("revert") == 2)
    with Project.open(shelf) as project:
        assert not project.store.current(first).tags
        assert project.store.reviews.states([first]).get(first, "open") == "open"


def test_after_an_undo_the_same_document_comes_next_and_nothing_stays_open(
    page: sync.Page, serve: Serve, shelf: Path
) -> None:
    page.goto(f"{serve(shelf).address}/p/library/review")
    page.locator(".suggestion").first.wait_for()
    page.wait_for_load_state("networkidle")
    press(page, "/")
    page.keyboard.type("beekeping")
    page.locator("#found [role=option]").first.wait_for()
    first = finish(page)
    second = shown(page)
    press(page, "u")
    until(page, lambda: shown(page) == first)
    assert not page.locator("#found").is_visible() and page.locator("#find").input_value() == ""
    assert not page.locator(".document-state").is_visible()
    assert finish(page) == first and shown(page) == second
    third = (finish(page), shown(page))[1]
    press(page, "u", "u")
    until(page, lambda: shown(page) == first)
    assert [finish(page), finish(page), shown(page)] == [first, second, third]


def test_what_was_chosen_in_the_queue_is_what_comes_next(page: sync.Page, serve: Serve, shelf: Path) -> None:
    server = serve(shelf)

    def listed() -> list[str | None]:
        page.goto(f"{server.address}/p/library/queue?order=id&text=e")
        lines = page.locator(".w-line a.w-title").all()
        return [] if page.locator(".w-unknown").count() else [one.get_attribute("href") for one in lines]

    until(page, lambda: len(listed()) > 3)
    wanted = listed()
    press(page, "r")
    until(page, lambda: "?id=" in page.url)
    seen = []
    for _ in wanted[:3]:
        seen.append(page.url.removeprefix(server.address))
        finish(page)
    assert seen == wanted[:3]
    page.reload()
    until(page, lambda: page.url.endswith(str(wanted[3])))


def test_a_tag_that_nobody_suggested_is_added_by_search(page: sync.Page, serve: Serve, shelf: Path) -> None:
    page.goto(f"{serve(shelf).address}/p/library/review")
    page.locator(".suggestion").first.wait_for()
    document = shown(page)
    press(page, "/")
    page.keyboard.type("beekeping")
    page.locator("#found [role=option]", has_text="Beekeeping").wait_for()
    press(page, "Enter")
    page.locator("#given li", has_text="Beekeeping").wait_for()
    stored(page)
    with Project.open(shelf) as project:
        assert any(tag.endswith("/beekeeping") for tag in project.store.current(document).tags)


def test_the_network_goes_and_comes_back_and_nothing_is_lost(page: sync.Page, serve: Serve, shelf: Path) -> None:
    page.goto(f"{serve(shelf).address}/p/library/review")
    page.locator(".suggestion").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    press(page, "a")
    first = finish(page)  # the next one was fetched ahead
    press(page, "a")
    page.locator("#outbox:visible").wait_for()
    assert verdicts(shelf) == []
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    stored(page)
    assert verdicts(shelf) == ["accept", "accept"]
    with Project.open(shelf) as project:
        assert project.store.reviews.states([first])[first] == "done"


def test_the_server_is_killed_the_browser_closed_and_nothing_is_lost(
    page: sync.Page, serve: Serve, shelf: Path
) -> None:
    server = serve(shelf)
    page.goto(f"{server.address}/p/library/review")
    page.locator(".suggestion").first.wait_for()
    page.wait_for_load_state("networkidle")
    server.kill()
    press(page, "a")
    page.locator("#outbox:visible").wait_for()
    page.close()
    server.start()
    again = page.context.new_page()
    again.goto(f"{server.address}/p/library/review")
    stored(again)
    assert verdicts(shelf) == ["accept"]


def test_one_after_the_other_is_rejected_without_a_reason(page: sync.Page, serve: Serve, shelf: Path) -> None:
    page.goto(f"{serve(shelf).address}/p/library/review")
    page.locator(".suggestion").first.wait_for()
    press(page, "x", "x", "x", "Escape")
    until(page, lambda: page.locator('.suggestion[data-state="rejected"]').count() == 3)
    stored(page)
    until(page, lambda: verdicts(shelf) == ["reject"] * 3)
