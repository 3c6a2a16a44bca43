"""Many documents at once, the vocabulary, and the quality: what a person does on the other screens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.browser.conftest import Serve, Shelf, sync, until

from tagwright.project import Project

pytestmark = pytest.mark.heavy


def test_a_tag_is_accepted_for_all_documents_where_it_is_proposed_and_that_is_undone(
    page: sync.Page, serve: Serve, shelf: Path
) -> None:
    server = serve(shelf)
    waiting = f"{server.address}/p/library/queue"
    page.goto(waiting)

    def counted() -> bool:
        page.goto(f"{waiting}/tags")
        return page.locator(".w-bulk li").count() > 0 and not page.locator(".w-unknown").count()

    until(page, counted)
    page.locator(".w-bulk a").first.click()
    cards = page.locator(".w-card")
    cards.first.wait_for()
    number, tag = cards.count(), page.locator("#grid").get_attribute("data-tag")
    documents = [one.get_attribute("data-document") for one in cards.all()]
    page.keyboard.press("A")

    def tagged() -> list[bool]:
        with Project.open(shelf) as project:
            return [tag in (project.store.current(id).tags or ()) for id in documents]

    until(page, lambda: tagged() == [True] * number)
    page.keyboard.press("u")
    until(page, lambda: tagged() == [False] * number)


def test_a_new_tag_works_in_the_next_text_and_is_taken_back(page: sync.Page, serve: Serve, shelf: Path) -> None:
    server = serve(shelf)
    page.goto(f"{server.address}/p/library/vocabulary")
    page.keyboard.press("n")
    page.locator("#add-name").fill("Kelp farming")
    page.locator("#add-synonyms").fill("seaweed farm")
    page.locator("#add-form button.main").click()
    page.locator("#card-title", has_text="Kelp farming").wait_for()
    page.goto(f"{server.address}/p/library/try?text=A+seaweed+farm+off+the+harbour")
    page.locator(".suggestion", has_text="Kelp farming").wait_for(state="attached")
    page.goto(f"{server.address}/p/library/vocabulary")
    page.keyboard.press("/")
    page.keyboard.type("kelp farmng")
    page.locator("#list .hits a", has_text="Kelp farming").first.click()
    page.locator("#card-title", has_text="Kelp farming").wait_for()
    page.locator("[data-undo]").click()

    def gone() -> bool:
        with Project.open(shelf) as project:
            vocabulary = project.vocabulary
            return not vocabulary.active[vocabulary.position("local:kelp-farming")]

    until(page, gone)


def test_a_line_that_is_pressed_while_the_list_comes_anew_is_shown_all_the_same(
    page: sync.Page, serve: Serve, shelf: Path
) -> None:
    server = serve(shelf)
    page.goto(f"{server.address}/p/library/vocabulary?q=harbour")
    pressed = page.locator("#list .hits a").first
    name, tag = pressed.inner_text().splitlines()[0], pressed.get_attribute("data-tag")
    pressed.hover()
    page.mouse.down()
    page.locator("#q").fill("harbou")
    page.wait_for_url("**q=harbou")
    page.mouse.up()
    page.locator(f"#card .tag-card[data-id='{tag}']").wait_for()
    assert name in page.locator("#card-title").inner_text()


def test_the_quality_is_drawn_and_leads_to_the_documents_behind_a_tag(
    page: sync.Page, serve: Serve, measured: Shelf
) -> None:
    server = serve(measured())
    page.goto(f"{server.address}/p/library/quality")
    page.locator("html[data-ready=yes]").wait_for(state="attached")
    assert page.locator(".drawing svg").count() >= 5
    page.goto(f"{server.address}/p/library/quality/tags")
    page.locator("main table tbody a").first.click()
    page.locator("main a[href*='/quality/document']").first.click()
    assert page.locator("main h1").is_visible()


def test_nothing_measured_yet_says_how_to_measure(page: sync.Page, serve: Serve, shelf: Path) -> None:
    page.goto(f"{serve(shelf).address}/p/library/quality")
    assert re.search("tagwright eval|upload|measure", page.locator("main").inner_text(), re.IGNORECASE)
