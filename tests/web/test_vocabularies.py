"""The screen of the vocabulary: its tree, search and cards, and what is added to it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import Browse

from tagwright.project import Project
from tagwright.store.base import GrowthRow
from tagwright.store.codec import tag_to_plain
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary
from tagwright.vocabulary.outline import LONGEST
from tagwright.web.cards import change_of

AT, API = "/p/library/vocabulary", "/api/v1/projects/library/vocabulary"
EROSION, GEOLOGY, NATURE = (f"https://demo.tagwright.org/t/{name}" for name in ("soil-erosion", "geology", "nature"))
NEW = {"id": "local:rain-gardens", "name": "Rain gardens", "language": "en", "broader": [GEOLOGY], "replace": False}


@pytest.fixture
def client(browse: Browse, trained: Path) -> TestClient:
    return browse(trained)


def part(client: TestClient, address: str, **asked: object) -> str:
    """A part of the page."""
    answer = client.get(f"{AT}/{address}", params=asked, headers={"hx-request": "true"})
    assert answer.status_code == 200, answer.text
    return answer.text


def lines(text: str) -> list[str]:
    """The lines of a tree."""
    return [unescape(one) for one in re.findall(r'role="treeitem"[^>]*? aria-label="([^"]*)"', text)]


def addresses(text: str) -> list[str]:
    """Where closed lines get what is below them."""
    return [unescape(one) for one in re.findall(r'hx-get="([^"]*/below[^"]*)"', text)]


def plain(text: str) -> str:
    """What is read."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def rows_to_take_back(text: str) -> list[int]:
    return [int(one) for one in re.findall(r'data-undo="([\d,]+)"', text)[0].split(",")]


def test_the_tree_begins_at_the_top_and_every_line_opens(client: TestClient) -> None:
    text = client.get(AT).text
    assert {"Art", "Nature", "Travel"} <= set(lines(text)) and "Geology" not in lines(text)
    nature = next(one for one in addresses(text) if one.endswith("nature"))
    below = client.get(nature, headers={"hx-request": "true"}).text
    assert lines(below) == sorted(lines(below)) and "Geology" in lines(below)


def test_the_address_of_a_tag_opens_the_tree_where_it_stands_and_shows_its_card(client: TestClient) -> None:
    text = client.get(AT, params={"id": EROSION}).text
    found = lines(text)
    assert found.index("Nature") < found.index("Geology") < found.index("Soil erosion")
    assert re.search(r'aria-label="Soil erosion" aria-selected="true"', text)
    assert '<article class="card tag-card"' in text and "<title>Soil erosion" in text


def test_a_card_says_what_the_tag_is_called_what_it_means_and_where_it_stands(client: TestClient) -> None:
    text = part(client, "card", id="https://demo.tagwright.org/t/industrial-revolution")
    said = plain(text)
    for one in ("Industrial Revolution H31", "History ›", "Industrielle Revolution", "industrialisation", "The change"):
        assert one in said
    assert said.index("The change") < said.index("Der Übergang")
    german = {"id": "https://demo.tagwright.org/t/industrial-revolution", "lang": "de"}
    said = plain(part(client, "card", **german))
    assert said.index("Der Übergang") < said.index("The change") and "Verwandt" in said


def test_what_does_not_exist_is_told(client: TestClient) -> None:
    answer = client.get(f"{AT}/card", params={"id": "<b>none</b>"}, headers={"hx-request": "true"})
    assert answer.status_code == 404 and "<b>" not in answer.text and "no tag" in answer.text
    assert client.get(AT, params={"id": "none"}).status_code == 404
    assert client.get(f"{AT}/below", params={"of": "none"}).status_code == 404


def test_a_tag_says_how_many_documents_carry_it_and_shows_some_those_decided_here_first(
    client: TestClient, trained: Path
) -> None:
    with Project.open(trained) as project:
        ids = [one.id for one in project.store.documents() if EROSION in (one.tags or ())]
    text = part(client, "use", id=EROSION)
    assert f"{len(ids)} document" in plain(text)
    assert all(f"review?id={id}" in text for id in ids[:6])
    body = {
        "documents": [{"id": "mine", "title": "Banks that slide", "text": "Rain washes the soil away."}],
        "decisions": [{"document": "mine", "tag": EROSION, "verdict": "accept"}],
    }
    assert client.post("/api/v1/projects/library/decisions", json=body).status_code == 201
    text = part(client, "use", id=EROSION)
    assert f"{len(ids) + 1} documents" in plain(text)
    assert text.index("Banks that slide") == text.index("review?id=") + len('review?id=mine">')
    assert plain(text).count("decided here") == 1


def test_a_tag_that_nobody_ever_gave_says_so_and_an_untrained_project_as_well(
    client: TestClient, browse: Browse, untrained: Path
) -> None:
    client.post(f"{API}/tags", json=NEW)
    assert "never used before" in plain(part(client, "use", id=NEW["id"]))
    answer = browse(untrained).get("/p/names/vocabulary/use", params={"id": EROSION})
    assert answer.status_code == 200


def test_search_says_by_what_a_tag_was_found(client: TestClient) -> None:
    assert "synonym: industrialisation" in plain(part(client, "found", q="industrialisat"))
    assert "notation: H31" in plain(part(client, "found", q="H31"))
    assert "= Industrielle Revolution" in plain(part(client, "found", q="industrielle rev"))
    assert "spelt alike" in plain(part(client, "found", q="soil erosoin"))
    assert "its id" in plain(part(client, "found", q=EROSION))
    assert "No tag is called" in plain(part(client, "found", q="<i>zzzz</i>"))
    assert "<i>" not in part(client, "found", q="<i>zzzz</i>")
    assert lines(part(client, "found", q=" ")) == lines(client.get(AT).text)
    assert 'value="eros"' in client.get(AT, params={"q": "eros"}).text


def test_an_added_tag_is_found_and_shown_at_once_and_taken_back_from_its_card(client: TestClient) -> None:
    assert (
        "Soil erosion" in part(client, "alike", name="soil erosion") and not part(client, "alike", name="zzz").strip()
    )
    added = client.post(f"{API}/tags", json=NEW)
    assert added.status_code == 201
    assert client.post(f"{API}/tags", json=NEW).json()["rows"] == added.json()["rows"]
    assert "Rain gardens" in plain(part(client, "found", q="rain gard"))
    assert "Rain gardens" in lines(client.get(AT, params={"id": NEW["id"]}).text)
    card = part(client, "card", id=NEW["id"])
    assert "Added here on" in plain(card)
    back = client.post(f"{API}/revert", json={"rows": rows_to_take_back(card)})
    assert back.status_code == 200
    again = client.post(f"{API}/revert", json={"rows": rows_to_take_back(card)})
    assert (again.status_code, again.json()["rows"]) == (200, back.json()["rows"])
    assert "not used any more" in plain(part(client, "found", q="rain gard"))
    assert "Rain gardens" not in lines(part(client, "below", of=GEOLOGY))
    assert client.post(f"{API}/tags", json=NEW).status_code == 201
    assert "Rain gardens" in lines(part(client, "below", of=GEOLOGY))


def test_another_tag_with_the_same_id_stays_as_it_is(client: TestClient) -> None:
    answer = client.post(f"{API}/tags", json={"id": EROSION, "name": "Something else", "replace": False})
    assert answer.status_code == 409 and "Soil erosion" in answer.json()["detail"]


def test_a_synonym_is_sent_twice_and_given_once_and_taking_it_back_leaves_the_tag(client: TestClient) -> None:
    given = {"tag": EROSION, "synonym": "loss of loam", "language": "en"}
    rows = client.post(f"{API}/synonyms", json=given).json()["rows"]
    assert client.post(f"{API}/synonyms", json=given).json()["rows"] == rows
    card = part(client, "card", id=EROSION)
    assert plain(card).count("loss of loam") == 2 and "“loss of loam” added" in plain(card)
    assert rows_to_take_back(card) == rows
    assert client.post(f"{API}/revert", json={"rows": rows}).status_code == 200
    card = part(client, "card", id=EROSION)
    assert "loss of loam" not in card and "data-undo" not in card and "not used any more" not in plain(card)


def test_a_new_tag_with_a_synonym_is_taken_back_step_by_step(client: TestClient) -> None:
    client.post(f"{API}/tags", json=NEW)
    client.post(f"{API}/synonyms", json={"tag": NEW["id"], "synonym": "bioswales", "language": "en"})
    for said in ("“bioswales” added", "Added here"):
        card = part(client, "card", id=NEW["id"])
        assert said in plain(card)
        assert client.post(f"{API}/revert", json={"rows": rows_to_take_back(card)}).status_code == 200
    assert "data-undo" not in part(client, "card", id=NEW["id"])


def test_what_the_vocabulary_says_itself_is_no_change() -> None:
    tag = tag_to_plain(Tag("x", "X"))
    told = GrowthRow("add_tag", tag, None, None, 1, 0.0)
    assert change_of([told], is_new=False) is None
    assert change_of([], is_new=True) is None
    found = change_of([GrowthRow("add_tag", tag, tag, None, 2, 86_400.0), told], is_new=True)
    assert found is not None and (found.kind, found.day, found.rows) == ("added", "1970-01-01", (2, 1))


def test_somebody_who_may_only_read_is_offered_no_change(browse: Browse, trained: Path) -> None:
    with Project.open(trained) as project:
        secret = project.store.keys.add("reader", "read")
        project.add_tags([Tag("x:1", "Mine")])
    client = browse(trained)
    head = {"authorization": f"Bearer {secret}"}
    text = client.get(AT, params={"id": "x:1"}, headers=head).text
    assert "data-undo" not in text and "data-add" not in text and 'class="row synonym"' not in text
    assert "Added here on" in plain(text)


def test_ten_thousand_tags_without_a_hierarchy_are_leafed_through_by_letters_and_slices(
    browse: Browse, tmp_path: Path
) -> None:
    tags = [Tag(f"{letter}{n}", f"{letter}-{n:04d}") for letter in "ab7" for n in range(1000)]
    Project.create(tmp_path / "library", Vocabulary.from_tags(tags)).close()
    client = browse(tmp_path / "library")
    text = client.get(AT).text
    assert lines(text) == ["#", "A", "B"]
    seen = []
    waiting = addresses(text)
    while waiting:
        text = client.get(waiting.pop(), headers={"hx-request": "true"}).text
        assert len(lines(text)) <= LONGEST
        waiting += addresses(text)
        seen += re.findall(r'data-tag="([^"]*)"', text)
    assert sorted(seen) == sorted(tag.id for tag in tags)
    opened = client.get(AT, params={"id": "b501"}).text
    assert 'aria-label="b-0501" aria-selected="true"' in opened and len(lines(opened)) < 200


def test_texts_of_tags_are_never_markup(browse: Browse, tmp_path: Path) -> None:
    bad = '"><img src=x onerror=alert(1)>'
    tag = Tag(
        bad, bad, names={bad: bad}, synonyms={bad: (bad + "2",)}, descriptions={"en": bad}, notation=bad,
        related=("b",),
    )  # fmt: skip
    Project.create(tmp_path / "library", Vocabulary.from_tags([tag, Tag("b", bad, broader=(bad,))])).close()
    client = browse(tmp_path / "library")
    id = client.app.state.house.served[0].vocabulary().ids[0]  # type: ignore[attr-defined]
    for text in (
        client.get(AT, params={"id": id}).text, part(client, "found", q="img"), part(client, "alike", name=bad),
        part(client, "below"), part(client, "card", id="b"), part(client, "use", id=id),
    ):  # fmt: skip
        assert "<img src=x" not in text and 'onerror=alert(1)>"' not in text
