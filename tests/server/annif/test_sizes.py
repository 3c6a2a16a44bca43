"""Texts of any size are answered: Annif fails (500) at forms of more than 1 MB."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

# Twenty-five sizes in bytes, from nothing to 50 MB.
SIZES = [
    0, 1, 2, 10, 100, 1_000, 4_095, 4_096, 4_097, 10_000, 65_535, 65_536, 65_537, 100_000, 500_000, 999_999, 1_000_000,
    1_048_577, 1_100_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 35_000_000, 50_000_000,
]  # fmt: skip
FORM, JSON = {"content-type": "application/x-www-form-urlencoded"}, {"content-type": "application/json"}
PROJECT = "/v1/projects/dummy-fi"
# Half of it letters of two bytes, six in a form; blanks, signs that forms treat in their own way.
PATTERN = "hello fox & dummy+100% of them: höyryävä lämmin öljy = "


def text_of(size: int) -> str:
    repeated = (PATTERN * (size // len(PATTERN.encode()) + 1)).encode()[:size]
    return repeated.decode("utf-8", "ignore")


def sizes() -> list[Any]:
    slow = [pytest.mark.slow]
    return [pytest.param(size, marks=slow if size > 2_000_000 else []) for size in SIZES]


def test_there_are_twenty_five_sizes() -> None:
    assert len(SIZES) == 25
    assert SIZES[-1] == 50_000_000


@pytest.mark.parametrize("size", sizes())
def test_a_form_of_any_size_is_answered(size: int, client: Any) -> None:
    said = client.post(f"{PROJECT}/suggest", content=f"text={quote_plus(text_of(size))}&limit=3", headers=FORM)
    assert said.status_code == 200, said.text
    assert len(said.json()["results"]) <= 3
    assert bool(said.json()["results"]) == (size >= 100) or size < 100


@pytest.mark.parametrize("size", sizes())
def test_json_of_any_size_is_answered(size: int, client: Any) -> None:
    body = json.dumps({"documents": [{"text": text_of(size), "document_id": "a"}]})
    said = client.post(f"{PROJECT}/suggest-batch?limit=3", content=body, headers=JSON)
    assert said.status_code == 200, said.text
    assert said.json()[0]["document_id"] == "a"


@pytest.mark.parametrize("size", sizes())
def test_a_form_that_nobody_encoded_is_answered(size: int, client: Any) -> None:
    said = client.post(f"{PROJECT}/suggest", content=f"text={text_of(size)}&limit=3".encode(), headers=FORM)
    assert said.status_code == 200, said.text


@pytest.mark.parametrize("size", sizes())
def test_the_language_of_a_text_of_any_size_is_told(size: int, client: Any) -> None:
    body = json.dumps({"text": text_of(size), "languages": ["en", "fi", "sv"]})
    assert client.post("/v1/detect-language", content=body, headers=JSON).status_code == 200


def test_what_is_larger_than_the_project_takes_is_refused_by_its_size(client: Any, house: Any) -> None:
    most = int(house.projects["dummy-fi"].options.most_megabytes * 2**20)
    assert most > SIZES[-1]
    body = json.dumps({"documents": [{"text": "a" * (most + 1)}]})
    said = client.post(f"{PROJECT}/suggest-batch", content=body, headers=JSON)
    assert said.status_code == 413
    assert said.headers["content-type"] == "application/problem+json"
    assert sorted(said.json()) == ["detail", "status", "title", "type"]


@pytest.mark.parametrize("hostile", ["%", "%4", "%zz", "&", "=", "&=", "+", "%00", "\x00", "%E2%82", "[", '{"a":'])
def test_a_megabyte_of_something_hostile_is_no_fault_of_the_server(hostile: str, client: Any) -> None:
    much = hostile * (1_000_000 // len(hostile))
    for body, headers, path in (
        (f"text={much}", FORM, "suggest"), (much, FORM, "suggest"), (much, JSON, "suggest-batch"),
        (f'{{"documents": {much}', JSON, "suggest-batch"), (much, JSON, "learn"),
    ):  # fmt: skip
        said = client.post(f"{PROJECT}/{path}", content=body.encode(), headers=headers)
        assert said.status_code in (200, 400), said.text[:200]
        assert len(said.content) < 5_000


def test_a_complaint_quotes_no_whole_book(client: Any) -> None:
    book = text_of(100_000)
    for wrong in (book, [book], {"a": book}, [[[book]]], {book: 1}, [0] * 100_000):
        said = client.post(f"{PROJECT}/suggest-batch", json={"documents": [{"text": "a", "metadata": {"b": wrong}}]})
        if not isinstance(wrong, str):
            assert said.status_code == 400
        assert len(said.content) < 2_000 or said.status_code == 200
