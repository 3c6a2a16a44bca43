"""Somebody tries a text of his own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser.conftest import Serve, sync

pytestmark = pytest.mark.heavy

TEXT = "Honey from the roofs of Saltmere: keeping bees in town, and what they find in the gardens."


def test_a_text_is_tagged_while_it_is_written_and_the_reasons_are_there(
    page: sync.Page, serve: Serve, shelf: Path
) -> None:
    page.goto(f"{serve(shelf).address}/p/library/try")
    page.get_by_role("textbox", name="Text").fill(TEXT)
    first = page.locator(".suggestion").first
    first.wait_for()
    first.locator("summary").click()
    reasons = first.locator(".s-why li")
    assert reasons.count() >= 1
    for quoted in page.locator(".s-reason.quote q").all_inner_texts():
        assert quoted.strip('“”"') in TEXT


def test_a_text_can_be_shared_by_its_address_and_copied_as_marc(page: sync.Page, serve: Serve, shelf: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{serve(shelf).address}/p/library/try")
    page.get_by_role("textbox", name="Text").fill(TEXT)
    page.locator(".suggestion").first.wait_for()
    page.locator("#link").click()
    page.locator("#told p").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto(link)
    page.locator(".suggestion").first.wait_for()
    assert page.get_by_role("textbox", name="Text").input_value() == TEXT
    page.locator(".s-tick").first.check()
    page.locator("#told p").wait_for(state="detached")
    page.locator("button[name=form]", has_text="650").first.click()
    page.locator("#told p").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").lstrip().startswith(("=650", "<"))


def test_a_file_is_read_record_by_record(page: sync.Page, serve: Serve, shelf: Path, tmp_path: Path) -> None:
    file = tmp_path / "two.jsonl"
    file.write_text('{"id": "a", "title": "Bees", "text": "Honey"}\n{"id": "b", "title": "Ships", "text": "Harbour"}\n')
    page.goto(f"{serve(shelf).address}/p/library/try")
    page.locator("#file").set_input_files(file)
    page.locator("[data-record]").nth(1).click()
    assert page.locator("#title").input_value() == "Ships"
    page.locator(".suggestion", has_text="Ships and boats").wait_for(state="attached")
