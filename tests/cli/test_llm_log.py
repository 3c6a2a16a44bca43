"""The log of the language model, as a user reads it."""

from __future__ import annotations

import pytest

from tagwright.store.calls import Call, CallLog
from tagwright.testing.chatserver import ChatServer, chat

SYSTEM = "You are a librarian."
JUDGED = Call(
    "judge/1/abcdef01", "d1", "http:x", SYSTEM, "Is it\nabout bees?", {"choices": ["Yes", "No"], "most_tokens": 256},
    "Yes", {"Yes": 0.75, "No": 0.25}, "logprobs", "", 1, 1200, 1, 0.0025, time=1e9,
)  # fmt: skip
FAILED = Call(
    "propose/1/abcdef02", "d2", "http:x", SYSTEM, "What is it about?", {"most_tokens": 176},
    error="the server\x1b[31m did not answer", calls=3, time=1e9 + 5,
)  # fmt: skip


@pytest.fixture
def logged(project):
    log = CallLog(project / "store.llm.sqlite")
    log.append([JUDGED, FAILED])
    for document in ("d1", "d2"):
        log.propose(document, "Rain gardens")
    log.propose("d1", "bee\x1bkeeping in towns")
    log.propose("d1", "BEEKEEPING")
    return project


def test_the_log_lists_the_newest_calls_and_what_they_took(tagwright, logged):
    done = tagwright("llm", "log", "-p", logged)
    lines = done.out.splitlines()
    assert done.code == 0 and lines[0].split() == ["id", "time", "template", "document", "tokens", "answer"]
    assert "propose/1 " in lines[1] and "error: the server" in lines[1] and "\x1b" not in done.out
    assert "Yes (Yes 0.7500, No 0.2500)" in lines[2] and "1,200 + 1" in lines[2]
    assert lines[-1] == "2 questions, 1 without an answer: 4 calls, 1,200 tokens read, 1 written, cost 0.0025"


def test_the_log_of_one_document_as_json(tagwright, logged):
    said = tagwright("llm", "log", "--document", "d1", "-n", 5, "--json", "-p", logged).json()
    assert [call["id"] for call in said["calls"]] == [1] and said["calls"][0]["probabilities"] == {
        "Yes": 0.75,
        "No": 0.25,
    }
    assert (said["totals"]["asked"], said["totals"]["calls"], said["totals"]["cost"]) == (2, 4, 0.0025)


def test_nothing_logged_is_said_so_and_makes_no_file(tagwright, trained):
    assert tagwright("llm", "log", "-p", trained).out == "no call has been logged\n"
    assert "no term" in tagwright("llm", "proposals", "-p", trained).out
    assert not (trained / "store.llm.sqlite").exists()


def test_a_call_is_shown_whole(tagwright, logged):
    done = tagwright("llm", "show", 1, "-p", logged)
    for part in (SYSTEM, "Is it\nabout bees?", "Yes (Yes 0.7500, No 0.2500)", "judge/1/abcdef01", "http:x", "256"):
        assert part in done.out
    assert tagwright("llm", "show", 2, "--json", "-p", logged).json()["error"] == FAILED.error


def test_a_call_that_is_not_there_is_an_error_with_the_next_step(tagwright, logged):
    done = tagwright("llm", "show", 77, "-p", logged)
    assert (done.code, done.out) == (1, "") and "no call 77" in done.err and "llm log" in done.err


def test_terms_that_no_tag_is_called_are_listed_those_of_most_documents_first(tagwright, logged):
    said = tagwright("llm", "proposals", "--json", "-p", logged).json()
    assert [(one["term"], one["documents"]) for one in said] == [("Rain gardens", 2), ("bee\x1bkeeping in towns", 1)]
    done = tagwright("llm", "proposals", "-n", 1, "-p", logged)
    assert "Rain gardens" in done.out and "d2, d1" in done.out and "towns" not in done.out
    tagwright("vocab", "add", "--id", "g:rain", "--name", "Rain gardens", "-p", logged)
    left = tagwright("llm", "proposals", "--json", "-p", logged).json()
    assert [one["term"] for one in left] == ["bee\x1bkeeping in towns"]


@pytest.fixture
def server():
    with ChatServer(lambda body, number: chat("Yes")) as made:
        yield made


def test_a_call_is_replayed_past_the_cache_and_compared(tagwright, project, server):
    model = [
        word
        for key, value in (("kind", "http"), ("url", server.url), ("model", "m"))
        for word in ("--set", f"llm.{key}={value}")
    ]
    log = CallLog(project / "store.llm.sqlite")
    asked = {"choices": ["Yes", "No"], "most_tokens": 256}
    log.append([Call("judge/1/x", "d1", "", SYSTEM, "Is it?", asked, "Yes", {"Yes": 1.0, "No": 0.0}, "answer")])
    done = tagwright("llm", "replay", 1, "--json", *model, "-p", project)
    assert done.code == 0, done.err
    same = done.json()
    assert (same["same"], same["same_model"], same["now"]["text"]) == (True, False, "Yes")
    roles = [(message["role"], message["content"]) for message in server.bodies[0]["messages"]]
    assert roles == [("system", SYSTEM), ("user", "Is it?")]
    server.plan = lambda body, number: chat("No")
    done = tagwright("llm", "replay", 1, *model, "-p", project)
    assert (done.code, done.out.splitlines()[0]) == (0, "another answer"), done.err
    assert "Yes 1.0000" in done.out and "No 1.0000" in done.out
    server.plan = lambda body, number: chat("neither")
    said = tagwright("llm", "replay", 1, "--json", *model, "-p", project).json()
    assert said["same"] is False and "none of" in said["now"]["error"]
    assert len(server.bodies) == 3 and log.totals().asked == 1, "a replay is neither cached nor logged"
