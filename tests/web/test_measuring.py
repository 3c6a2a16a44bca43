"""The screen of the quality: pictures, tags and documents of a kept measurement, each number down to its documents."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import Browse

from tagwright.evaluation.kept import Run, Runs
from tagwright.project import Project
from tagwright.project.evaluating import report, with_settings
from tagwright.types import Document
from tagwright.web.measured import KINDS, MISSED, RIGHT, WRONG, Measured, Shelf

AT = "/p/library/quality"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)


def measure(folder: Path, documents: list[Document], minute: int = 0, **settings: Any) -> Run:
    """A measurement of these documents, kept in the project."""
    with Project.open(folder) as project:
        _, saved = project.evaluate(documents, why=True)
    saved = with_settings(saved, **settings)
    return Runs(folder).keep(report(saved), saved, made=NOON.replace(minute=minute), corpus="test.jsonl")


@pytest.fixture
def run(trained: Path, others: list[Document]) -> Run:
    return measure(trained, others)


@pytest.fixture
def client(browse: Browse, trained: Path, run: Run) -> TestClient:
    return browse(trained)


@pytest.fixture
def measured(trained: Path, run: Run) -> Measured:
    return Shelf().get(Runs(trained), run)


def shown(client: TestClient, below: str = "", **asked: object) -> str:
    answer = client.get(f"{AT}/{below}" if below else AT, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


def plain(text: str) -> str:
    return " ".join(unescape(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL)).split())


def test_where_nothing_was_measured_it_is_said_how_to_do_it(browse: Browse, trained: Path) -> None:
    text = shown(browse(trained))
    assert "Nobody has measured it yet" in text and "tagwright eval" in text and 'id="measure-file"' in text
    assert "Das hat noch niemand gemessen" in shown(browse(trained), lang="de")


def test_the_pictures_are_those_of_the_report_and_their_data_can_be_drawn(
    client: TestClient, measured: Measured
) -> None:
    text = shown(client)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1])  # type: ignore[index]
    drawn = [one for one in measured.pictures if not one.why_not]
    assert list(data["pictures"]) == [one.name for one in drawn] and data["framed"] is True
    for one in drawn:
        panels = [panel.specification for panel in one.panels]
        assert data["pictures"][one.name]["panels"] == json.loads(json.dumps(panels))
        for number, panel in enumerate(panels):
            assert (f'id="{one.name}-{number}"' in text) == (panel is not None)
    for name in ("report-vega.min.js", "report-page.js", "report-pictures.css"):
        assert client.get(re.search(rf'"(/static/\w+/{name})"', text)[1]).status_code == 200  # type: ignore[index]


def test_the_numbers_of_a_picture_can_be_had_as_they_are_in_the_report(client: TestClient, measured: Measured) -> None:
    bands = next(one for one in measured.pictures if one.name == "bands")
    answer = client.get(f"{AT}/numbers", params={"picture": "bands"})
    assert bands.table is not None and answer.content.decode("utf-8-sig") == bands.table.csv()
    assert answer.headers["content-disposition"] == 'attachment; filename="bands.csv"'
    assert client.get(f"{AT}/numbers", params={"picture": "../bands"}).status_code == 404


def test_what_it_says_in_short_is_there_in_both_languages(client: TestClient, measured: Measured) -> None:
    right = f"{100 * measured.facts.report.metrics['microP']:.0f}\xa0%".split()[0]
    assert f"{right} % of them right" in plain(shown(client))
    german = plain(shown(client, lang="de"))
    assert f"{right} % richtig" in german and "vorerst auf Englisch" in german
    assert "There are only 40 documents" in plain(shown(client, lang="en"))


def test_every_number_of_a_tag_leads_to_as_many_documents(measured: Measured) -> None:
    assert sum(row.gold for row in measured.tags.values()) == len(measured.facts.judged.gold_tags)
    for tag, row in measured.tags.items():
        n = {kind: len(measured.of_tag(tag, kind)) for kind in KINDS}
        assert (n[RIGHT] + n[MISSED], n[RIGHT] + n[WRONG], n[RIGHT]) == (row.gold, row.given, row.right)


def test_a_document_shows_what_was_right_wrong_and_missed(measured: Measured) -> None:
    for one in measured.documents:
        kinds = [judgement.kind for judgement in measured.of_document(one.row)]
        assert (kinds.count(RIGHT) + kinds.count(MISSED), kinds.count(RIGHT)) == (one.gold, one.right)
        assert kinds.count(RIGHT) + kinds.count(WRONG) == one.given
    for tag in measured.tags:
        for kind in KINDS:
            for hit in measured.of_tag(tag, kind):
                same = [one for one in measured.of_document(hit.row) if one.tag == tag]
                assert [(one.kind, one.confidence) for one in same] == [(kind, hit.confidence)]


def test_tags_are_listed_found_and_lead_to_their_documents_and_their_card(
    client: TestClient, measured: Measured, trained: Path
) -> None:
    with Project.open(trained) as project:
        ids = project.vocabulary.ids
    row = next(iter(measured.tags.values()))
    text = shown(client, "tags", text=row.name.upper())
    link = f"{AT}/tag?id={quote(ids[row.tag], safe='')}"
    assert f'href="{link}"' in text
    page = client.get(link).text
    assert f'href="/p/library/vocabulary?id={quote(ids[row.tag], safe="")}"' in page
    for kind in KINDS:
        for hit in measured.of_tag(row.tag, kind)[:8]:
            assert f'href="{AT}/document?row={hit.row}"' in page
    assert "No tag that was measured" in shown(client, "tags", text="xyzzy")


@pytest.mark.parametrize("sort", ["gold", "worst", "best", "missed", "wrong", "seen", "rare", "name", "nonsense"])
def test_tags_come_in_the_order_that_is_asked_for(client: TestClient, measured: Measured, sort: str) -> None:
    names = [
        unescape(one)
        for one in re.findall(r'<th scope="row"><a [^>]*><bdi>(.*?)</bdi>', shown(client, "tags", sort=sort))
    ]
    by_name = {row.name: row for row in measured.tags.values()}
    keys = {
        "worst": lambda row: row.f1, "best": lambda row: -row.f1, "missed": lambda row: row.right - row.gold,
        "wrong": lambda row: row.right - row.given, "seen": lambda row: -row.seen, "rare": lambda row: row.seen,
        "name": lambda row: row.name.casefold(),
    }  # fmt: skip
    found = [keys.get(sort, lambda row: -row.gold)(by_name[name]) for name in names]
    assert names and found == sorted(found)


def test_documents_come_the_worst_first_and_one_is_shown_with_its_reasons(
    client: TestClient, measured: Measured
) -> None:
    rows = [int(one) for one in re.findall(r"document\?row=(\d+)", shown(client, "documents"))]
    scores = [measured.documents[row].f1 for row in rows]
    assert len(rows) == 40 and scores == sorted(scores)
    reasons = next(
        (row, why) for row in rows for one in measured.of_document(row) if one.kind == WRONG for why in one.reasons
    )
    assert plain(f"<p>{reasons[1]}</p>") in plain(shown(client, "document", row=reasons[0]))
    assert client.get(f"{AT}/document", params={"row": 40}).status_code == 404


def test_a_document_that_the_project_has_can_be_reviewed(
    browse: Browse, trained: Path, run: Run, others: list[Document]
) -> None:
    client = browse(trained)
    first = Shelf().get(Runs(trained), run).documents[0]
    assert "review?id=" not in shown(client, "document", row=0)
    one = next(document for document in others if document.id == first.id)
    client.post("/api/v1/projects/library/documents", json={"documents": [{"id": one.id, "text": one.text}]})
    assert f"/p/library/review?id={quote(one.id, safe='')}" in shown(client, "document", row=0)


def test_a_tag_that_was_not_measured_says_so_and_one_that_is_not_there_is_not_found(
    client: TestClient, measured: Measured, trained: Path
) -> None:
    with Project.open(trained) as project:
        id = next(id for place, id in enumerate(project.vocabulary.ids) if place not in measured.tags)
    assert "None of the measured documents has this tag" in shown(client, "tag", id=id)
    assert client.get(f"{AT}/tag", params={"id": "nonsense"}).status_code == 404


def test_it_is_compared_with_the_run_before_on_the_same_documents(
    browse: Browse, trained: Path, others: list[Document], run: Run
) -> None:
    later = measure(trained, others, 1, cut=0.99)
    client = browse(trained)
    text = plain(shown(client))
    assert "Is it better than before?" in text and "Recall 1" not in text
    found = Shelf().compared(Runs(trained), later, run)["microR"]
    assert found is not None and found.difference < 0 and f"{abs(found.difference * 100):.1f} points worse" in text
    old = plain(shown(client, run=run.id, beside=later.id))
    assert f"{-found.difference * 100:.1f} points better" in old
    assert client.get(AT, params={"run": "20200101-000000-00000000"}).status_code == 404


def test_it_is_told_where_the_project_was_trained_since(client: TestClient) -> None:
    assert "The project has learned since" in shown(client)  # measured long ago, trained just now


def test_documents_that_only_wait_have_taught_nothing(
    browse: Browse, trained: Path, others: list[Document], run: Run
) -> None:
    with Project.open(trained) as project:
        _, saved = project.evaluate(others)
        tag = project.vocabulary.ids[0]
    Runs(trained).keep(report(saved), saved, made=datetime.now(UTC))
    client, said, api = browse(trained), "The project has learned since", "/api/v1/projects/library"
    client.post(f"{api}/documents", json={"documents": [{"id": "new", "text": "bees"}]})
    assert said not in shown(client)
    decision = {"document": "new", "tag": tag, "verdict": "accept"}
    assert client.post(f"{api}/decisions", json={"decisions": [decision]}).status_code == 201
    assert said in shown(client)


def test_runs_on_other_documents_are_not_held_against_each_other(
    browse: Browse, trained: Path, others: list[Document], run: Run
) -> None:
    measure(trained, others[:20], 1)
    text = plain(shown(browse(trained)))
    assert "Other documents were measured then" in text and "points worse" not in text


def test_nothing_from_documents_or_names_becomes_markup(browse: Browse, trained: Path, others: list[Document]) -> None:
    run = measure(trained, [replace(one, title=EVIL, tags=(*(one.tags or ()), EVIL)) for one in others[:5]])
    names = {str(tag): EVIL for tag in Shelf().get(Runs(trained), run).tags}
    measure(trained, [replace(one, title=EVIL) for one in others[:5]], 1, names=names)
    client = browse(trained)
    for address in ("", "tags", "documents"):
        for chosen in ("", run.id):
            text = shown(client, address, run=chosen)
            assert "<img" not in text.split("<main")[1] and "<script>alert" not in text
    assert "<img" not in shown(client, "document", row=1).split("<main")[1]
    assert "<img" not in shown(client, "tag", id=EVIL, run=run.id).split("<main")[1]


def test_a_job_leaves_a_measurement_that_the_page_shows(browse: Browse, trained: Path, others: list[Document]) -> None:
    client, jobs = browse(trained), "/api/v1/projects/library/jobs"
    rows = [{"id": one.id, "title": one.title, "text": one.text, "subjects": list(one.tags or ())} for one in others]
    lines, kind = {"content-type": "application/x-ndjson"}, {"kind": "evaluate", "k": 100}
    began = client.post(jobs, params=kind, content="\n".join(map(json.dumps, rows)), headers=lines).json()
    assert f'data-job="{began["id"]}"' in shown(client) or Runs(trained).all()
    end = time.monotonic() + 60
    while (job := client.get(f"{jobs}/{began['id']}").json())["ended"] is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert job["state"] == "done" and Runs(trained).find(job["result"]["evaluation"]) is not None
    assert "measured on 40 documents" in plain(shown(client))


def test_documents_without_tags_leave_no_measurement(browse: Browse, trained: Path) -> None:
    client, jobs = browse(trained), "/api/v1/projects/library/jobs"
    lines = {"content-type": "application/x-ndjson"}
    began = client.post(jobs, params={"kind": "evaluate"}, content='{"id": "a", "text": "bees"}', headers=lines).json()
    end = time.monotonic() + 60
    while (job := client.get(f"{jobs}/{began['id']}").json())["ended"] is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert (job["state"], job["result"]["evaluation"], Runs(trained).all()) == ("done", "", [])
