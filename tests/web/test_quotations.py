"""Whatever a page puts between quotation marks stands in the document, letter by letter."""

from __future__ import annotations

import html
import re
from pathlib import Path

from fastapi.testclient import TestClient
from tests.web.conftest import Browse

import tagwright.demo.library as library
from tagwright.corpus import open_corpus
from tagwright.types import Document

SUGGESTION = re.compile(r'<li class="suggestion"')
QUOTED = re.compile(r'<li class="s-reason quote">\s*<q>(.*?)</q>', re.DOTALL)
MARKED = re.compile(r"<mark[^>]*>(.*?)</mark>", re.DOTALL)
PER_PAGE = 10


def quoted(client: TestClient, document: Document) -> tuple[int, list[str], list[str]]:
    """How many suggestions the page shows for a document, what it quotes for them, and what it marks in the text."""
    asked = {"text": document.text, "title": document.title, "k": str(PER_PAGE)}
    page = client.post("/p/library/try", data=asked, headers={"hx-request": "true"}).text
    found = [[html.unescape(one) for one in pattern.findall(page)] for pattern in (QUOTED, MARKED)]
    return len(SUGGESTION.findall(page)), found[0], found[1]


def test_every_quotation_of_a_thousand_suggestions_is_an_exact_part_of_its_document(
    browse: Browse, trained: Path
) -> None:
    client = browse(trained)
    suggestions = quotations = 0
    for document in open_corpus([library.dev_path(), library.test_path()]):
        number, quotes, marks = quoted(client, document)
        assert all(one in document.text or one in document.title for one in quotes), document.id
        assert all(one in document.text for one in marks), document.id
        suggestions, quotations = suggestions + number, quotations + len(quotes)
    assert suggestions >= 1000 and quotations >= 100
