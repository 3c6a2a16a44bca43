"""The screen Try: suggestions for what is pasted, files, links, and copies that other programs read."""

from __future__ import annotations

import html
import io
import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import Browse

from tagwright.corpus.marcrecord import MarcField
from tagwright.corpus.marcsubjects import marcxml

AT = "/p/library/try"
PART = {"hx-request": "true"}
TEXT = "Bees in town: honey from the gardens of Saltmere, and a hive on every roof."
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)> bees'


@pytest.fixture
def client(browse: Browse, trained: Path) -> TestClient:
    """A browser at the trained project."""
    return browse(trained)


def suggested(page: str) -> list[str]:
    return re.findall(r'<li class="suggestion"[^>]* data-tag="([^"]*)"', page)


def test_an_empty_screen_waits_for_a_text(client: TestClient) -> None:
    answer = client.get(AT)
    assert answer.status_code == 200 and "appear here while you write" in answer.text
    assert suggested(answer.text) == []
    assert client.post(AT, data={"text": "  \n "}, headers=PART).text.count("appear here") == 1


def test_while_writing_a_part_of_the_page_comes_and_without_scripts_all_of_it(client: TestClient) -> None:
    part, whole = client.post(AT, data={"text": TEXT}, headers=PART).text, client.post(AT, data={"text": TEXT}).text
    assert "<html" not in part and "<html" in whole
    assert suggested(part) == suggested(whole) != []
    api = client.post("/api/v1/projects/library/suggest", json={"text": TEXT}).json()["suggestions"]
    assert suggested(part) == [html.escape(one["tag"]) for one in api]


def test_what_is_quoted_is_marked_in_the_text_and_nothing_is_lost_of_it(client: TestClient) -> None:
    text = "First line\r\n  <b>Bees</b> & honey 🐝 in the garden\r\n\r\nEnd"
    part = client.post(AT, data={"text": text}, headers=PART).text
    marks = re.search(r'<div id="marks"[^>]*>(.*?)</div>', part, re.DOTALL)
    assert marks and "<mark" in marks[1]
    assert html.unescape(re.sub(r"</?mark[^>]*>", "", marks[1])) == text.replace("\r\n", "\n")


def test_a_short_text_can_be_linked_to_and_the_link_shows_the_same(client: TestClient) -> None:
    part = client.post(AT, data={"text": TEXT, "title": "Bees & <more>", "k": "20"}, headers=PART).text
    link = re.search(r'data-link="([^"]+)"', part)
    assert link
    opened = client.get(html.unescape(link[1])).text
    assert suggested(opened) == suggested(part) and 'value="Bees &amp; &lt;more&gt;"' in opened
    long = client.post(AT, data={"text": TEXT * 40}, headers=PART).text
    assert 'data-link=""' in long and " hidden" in long


def test_where_nothing_is_likely_enough_that_is_said_and_the_rest_is_there_on_demand(
    client: TestClient,
) -> None:
    part = client.post(AT, data={"text": "Zwölf xyzzy plugh."}, headers=PART).text
    assert "Nothing here is likely enough" in part or "No tag of the vocabulary" in part
    above, _, below = part.partition('<details class="below"')
    assert suggested(above) == []
    assert suggested(below) == [] or "below the line" in below


def test_a_project_that_has_not_learned_says_that_its_numbers_tell_nothing(browse: Browse, untrained: Path) -> None:
    part = browse(untrained).post("/p/names/try", data={"text": TEXT}, headers=PART).text
    assert "the numbers do not" in part and "not calibrated yet" in part and suggested(part)


def test_nothing_that_somebody_writes_becomes_markup(client: TestClient) -> None:
    for answer in (
        client.post(AT, data={"text": EVIL, "title": EVIL}, headers=PART),
        client.get(AT, params={"text": EVIL, "title": EVIL}),
        client.post(f"{AT}/file", files={"file": ("<img src=x>.txt", EVIL.encode())}, headers=PART),
        client.post(f"{AT}/file", files={"file": ("<img src=x>.xyz", EVIL.encode())}, headers=PART),
        client.post(f"{AT}/copy", data={"form": EVIL}),
    ):
        assert "<script>alert" not in answer.text and "<img" not in answer.text.replace('<img src="/static', "")


def test_a_text_that_is_too_long_is_refused_as_a_part_of_the_page(browse: Browse, trained: Path) -> None:
    client = browse(trained, overrides=["server.most_megabytes=0.001"])
    answer = client.post(AT, data={"text": "long " * 400}, headers=PART)
    assert (answer.status_code, "are the most" in answer.text, "<html" in answer.text) == (413, True, False)


@pytest.mark.parametrize("k", ["0", "1000", "many"])
def test_how_many_is_a_sensible_number(client: TestClient, k: str) -> None:
    assert client.post(AT, data={"text": TEXT, "k": k}, headers=PART).status_code == 422


def chosen(client: TestClient) -> list[str]:
    part = client.post(AT, data={"text": TEXT}, headers=PART).text
    return [html.unescape(one) for one in re.findall(r'name="chosen" value="([^"]+)"', part)][:3]


def test_ticked_tags_are_copied_in_every_form(client: TestClient) -> None:
    sent = chosen(client)
    ids = [one.partition(" ")[2] for one in sent]

    def copy(form: str) -> str:
        answer = client.post(f"{AT}/copy", data={"form": form, "chosen": sent})
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
        return answer.text

    assert [one["tag"] for one in json.loads(copy("json"))] == ids
    assert [line.split(",")[0] for line in copy("csv").splitlines()] == ["tag", *ids]
    assert copy("uris").split() == ids
    assert len(copy("names").splitlines()) == len(ids)
    assert copy("marc").count("=650  ") == copy("marc").count("=883  0") == len(ids)
    assert copy("marcxml").count('tag="650"') == len(ids)


def test_what_is_no_tag_is_not_copied_and_an_unknown_form_is_refused(client: TestClient) -> None:
    sent = [*chosen(client), "0.5 x:gone", "nonsense", "nan x", "7 " + chosen(client)[0].partition(" ")[2]]
    answer = client.post(f"{AT}/copy", data={"form": "uris", "chosen": sent})
    assert len(answer.text.splitlines()) == 3
    assert client.post(f"{AT}/copy", data={"form": "pdf", "chosen": sent}).status_code == 422
    assert client.post(f"{AT}/copy", data={"form": "json"}).text == "[]\n"


def records(answer: str) -> list[dict[str, str]]:
    found = re.search(r'id="try-records">(.*?)</script>', answer, re.DOTALL)
    assert found
    read: list[dict[str, str]] = json.loads(found[1])
    return read


def test_a_text_file_and_library_records_are_opened(client: TestClient) -> None:
    answer = client.post(f"{AT}/file", files={"file": ("a.txt", "Bienen über der Stadt".encode())}, headers=PART)
    assert [one["text"] for one in records(answer.text)] == ["Bienen über der Stadt"]
    both = "".join(
        marcxml([MarcField("001", data=n), MarcField("245", subfields=(("a", f"Title {n} <i>"),))]).partition("?>\n")[2]
        for n in "12"
    ).replace('<datafield tag="001" ind1=" " ind2=" ">\n  </datafield>\n', "")
    answer = client.post(
        f"{AT}/file", files={"file": ("a.xml", f"<collection>{both}</collection>".encode())}, headers=PART
    )
    assert [one["title"] for one in records(answer.text)] == ["Title 1 <i>", "Title 2 <i>"]
    assert answer.text.count('class="record"') == 2 and "2 documents in this file" in answer.text


def test_records_in_iso_2709_are_opened_where_the_library_for_it_is_there(client: TestClient) -> None:
    pymarc = pytest.importorskip("pymarc", reason="the extra marc is not installed")
    record = pymarc.Record(force_utf8=True)
    record.add_field(pymarc.Field("245", pymarc.Indicators("0", "0"), [pymarc.Subfield("a", "Bienen für Anfänger")]))
    out = io.BytesIO(record.as_marc())
    answer = client.post(f"{AT}/file", files={"file": ("a.mrc", out)}, headers=PART)
    assert [one["title"] for one in records(answer.text)] == ["Bienen für Anfänger"]


@pytest.mark.parametrize("name", ["a.xyz", "../../etc/passwd", "", "a.mrc", "a.xml", "a.jsonl", ".txt", "C:\\x\\a.csv"])
def test_a_file_that_cannot_be_read_is_told_by_its_own_name(client: TestClient, name: str) -> None:
    answer = client.post(f"{AT}/file", files={"file": (name or "x", b"\x00\x01\xff")}, headers=PART)
    # 501: a kind of file whose extra is not installed here.
    assert answer.status_code in (200, 422, 501) and "/tmp" not in answer.text
    if answer.status_code == 422:
        assert 'class="problem"' in answer.text


def test_of_a_file_with_very_many_documents_the_first_ones_are_offered(client: TestClient) -> None:
    lines = "".join(json.dumps({"id": str(n), "text": f"text {n}"}) + "\n" for n in range(300))
    answer = client.post(f"{AT}/file", files={"file": ("a.jsonl", lines.encode())}, headers=PART)
    assert len(records(answer.text)) == 200 and "The first 200 documents" in answer.text


def test_the_screen_speaks_german(client: TestClient) -> None:
    part = client.post(f"{AT}?lang=de", data={"text": TEXT}, headers=PART).text
    assert "Schlagw" in part and "Warum" in part


def test_who_has_no_key_is_asked_for_one(browse: Browse, trained: Path) -> None:
    from tagwright.project import Project

    with Project.open(trained) as project:
        project.store.keys.add("reader", "read")
    client = browse(trained)
    assert client.get(AT, follow_redirects=False).status_code == 303
    for where in ("", "/file", "/copy"):
        sent = {"text": TEXT, "form": "json"}
        files = {"file": ("a.txt", b"x")} if where == "/file" else None
        assert client.post(AT + where, data=sent, files=files, headers=PART).status_code == 401
