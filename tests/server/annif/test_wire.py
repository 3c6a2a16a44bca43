"""What Annif 1.4.3 answered is answered alike: status, content type, keys and kinds of values.

``exchanges-1.4.3.jsonl`` was recorded from a running Annif 1.4.3 (backends dummy, tfidf, mllm), a line an exchange. Two
of its projects, of access "hidden" and "private", are an open one and none here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

RECORDED = [
    json.loads(line)
    for line in Path(__file__).with_name("exchanges-1.4.3.jsonl").read_text(encoding="utf-8").splitlines()
]
# What is answered otherwise, on purpose, with which status.
BETTER = {
    "learning an unknown tag": 400,  # Annif drops it and says nothing
    "a preflight": 204,  # … refuses it, so that no page can send JSON
    "options of a preflight that gets": 204,
    "learning from another origin": 403,  # … lets any page teach
    "the old name for suggest": 200,
    "a body without a kind": 415,  # … fails (500) at this one and those below
    "a batch of no kind": 415,
    "raw bytes that are no UTF-8": 200,
    "a batch that is no UTF-8": 400,
}
# Keys whose values may be null in Annif's own description.
NULLABLE = set("notation document_id modification_time size vocab vocab_language is_trained language".split())


def ask(client: Any, request: dict[str, Any]) -> Any:
    body = request.get("body", "").encode("utf-8", "surrogateescape")
    return client.request(request["method"], request["path"], content=body, headers=request.get("headers", {}))


def body_of(response: Any) -> Any:
    return response.json() if "json" in response.headers.get("content-type", "") and response.content else response.text


def _whole(location: str | None) -> str | None:
    """An address that may be told without its host."""
    return location and urljoin("http://127.0.0.1:5123", location)


def unlike(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """Where two values differ in keys or kinds."""
    if (ours is None or theirs is None) and place.rpartition(".")[2] in NULLABLE:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if set(ours) != set(theirs):
            return [f"{place}: the keys {sorted(ours)} are not {sorted(theirs)}"]
        return [found for key in theirs for found in unlike(ours[key], theirs[key], f"{place}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list):
        if place.endswith(".languages"):
            theirs = theirs or ["en"]  # a vocabulary that is not there has none
        if bool(ours) != bool(theirs):
            return [f"{place}: {ours!r} for {theirs!r}"]
        alike = theirs if len(ours) == len(theirs) else [theirs[0]] * len(ours)
        return [found for one, other in zip(ours, alike, strict=True) for found in unlike(one, other, place)]
    kinds = [float if isinstance(one, int) and not isinstance(one, bool) else type(one) for one in (ours, theirs)]
    return [] if kinds[0] is kinds[1] else [f"{place}: {ours!r} is not of the kind of {theirs!r}"]


@pytest.mark.parametrize("exchange", RECORDED, ids=[one["what"].replace(" ", "-") for one in RECORDED])
def test_what_annif_answered_is_answered_alike(exchange: dict[str, Any], client: Any) -> None:
    theirs, ours = exchange["response"], ask(client, exchange["request"])
    if exchange["what"] in BETTER:
        assert ours.status_code == BETTER[exchange["what"]], ours.text
        return
    assert ours.status_code == theirs["status"], ours.text
    assert ours.headers.get("content-type") == theirs["headers"].get("content-type")
    assert _whole(ours.headers.get("location")) == _whole(theirs["headers"].get("location"))
    assert set(theirs["headers"]) - {"allow", "vary"} <= set(ours.headers)
    said, expected = body_of(ours), theirs["body"]
    if exchange["what"] == "the description of the interface":
        assert set(expected["paths"]) == set(said["paths"])
        return
    assert unlike(said, expected) == []
    if isinstance(expected, list):
        assert len(said) == len(expected)


def test_problems_that_a_client_shows_have_the_same_words(client: Any) -> None:
    differing = []
    for exchange in RECORDED:
        theirs = exchange["response"]["body"]
        if exchange["what"] in BETTER or not isinstance(theirs, dict) or "detail" not in theirs:
            continue
        ours = ask(client, exchange["request"]).json()
        if (ours["title"], ours["detail"]) != (theirs["title"], theirs["detail"]):
            differing.append((exchange["what"], ours["detail"], theirs["detail"]))
    assert [one for one in differing if one[0] not in OTHER_WORDS] == []


# Said otherwise: our own reasons; and where Annif's words show the whole of its schema.
OTHER_WORDS = {
    "a project that cannot answer", "a batch for a project that cannot answer",
    "learning for a project that cannot answer",
    *(one["what"] for one in RECORDED if one["what"].startswith(("an unknown page", "the wrong method"))),
    "options without an origin",
    *(one["what"] for one in RECORDED if one["what"].startswith(("a batch with a limit", "a batch with a threshold"))),
    "a batch with an empty limit",
}  # fmt: skip


def test_the_exchanges_of_the_wire_file_are_answered_alike(shared: Path, client: Any) -> None:
    """The file was recorded by somebody else, of another vocabulary; it has thirty-five exchanges."""
    wire = (shared / "peers" / "annif" / "wire-1.4.3.txt").read_text(encoding="utf-8")
    exchanges = [_parsed(part) for part in wire.split("### curl ")[1:]]
    assert len(exchanges) == 35
    faults = []
    for request, status, headers, body in exchanges:
        ours = ask(client, request)
        expected = {"unknownuri": 400, "OPTIONS": 204}
        better = next((code for sign, code in expected.items() if sign in json.dumps(request)), 0)
        if ours.status_code != (better or status):
            faults.append(f"{request}: {ours.status_code} {ours.text}")
        elif not better and ours.headers.get("content-type") != headers.get("content-type"):
            faults.append(f"{request}: {ours.headers}")
        elif not better and body is not None:
            faults += [f"{request}: {found}" for found in unlike(body_of(ours), body)]
    assert faults == []


def _parsed(part: str) -> tuple[dict[str, Any], int, dict[str, str], Any]:
    """The request, status, headers and JSON body (``None`` where it is cut off) of one exchange."""
    command, _, answer = part.partition("\n")
    head, _, body = answer.partition("\n\n")
    lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines[1:])
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    return _request(command), int(lines[0].split()[1]), headers, said


def _request(command: str) -> dict[str, Any]:
    options = re.split(r" ?(-X|-H|-d|-F|--data-urlencode) ", command)
    pairs = list(zip(options[1::2], options[2::2], strict=True))
    path = re.search(r":5123(\S*)", command)
    method = next((re.split(r"\s", value)[0] for option, value in pairs if option == "-X"), "GET")
    headers = dict(value.split(": ", 1) for option, value in pairs if option == "-H")
    data = [value for option, value in pairs if option in ("-d", "--data-urlencode")]
    if "-F" in options:
        headers["content-type"] = "multipart/form-data; boundary=b"
        data = ["--b--"]
    if data and "Content-Type" not in headers and "content-type" not in headers:
        headers["content-type"] = "application/x-www-form-urlencoded"
    body = "&".join(data)
    if body.startswith("@"):
        body = json.dumps({"documents": [{"text": f"t{n}"} for n in range(33)]})
    assert path is not None
    return {"method": method, "path": path[1], "headers": headers, "body": body}
