"""Too large, too many, too slow: refused early and in words, while small questions go on being answered."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagwright.server.app import create
from tagwright.server.house import House
from tagwright.server.served import Served

AT = "/api/v1/projects/library"
SMALL = ["server.most_megabytes=1"]


@pytest.mark.parametrize("size", [0, 1, 1_000, 1_000_000])
def test_a_text_of_up_to_the_permitted_size_is_answered_in_any_writing(serve, trained, size):
    client = serve(trained, overrides=SMALL)
    text = ("soil erosion \n" * (size // 14 + 1))[:size]
    assert client.post(f"{AT}/suggest", json={"text": text}).status_code == 200
    accents = "é" * (size // 3)  # six bytes of JSON each
    assert client.post(f"{AT}/suggest", json={"text": accents}).status_code == 200


def test_more_is_refused_before_and_after_it_is_read(serve, trained):
    client = serve(trained, overrides=SMALL)
    long = client.post(f"{AT}/suggest", json={"text": "a" * 2**20 + "b"})
    assert long.status_code == 413 and "1,048,577 characters" in long.json()["detail"]
    longer = client.post(f"{AT}/suggest", json={"text": "a" * (5 * 2**20)})
    assert longer.status_code == 413 and longer.headers["connection"] == "close"

    def streamed():
        for _ in range(50):
            yield b"a" * 2**17

    assert client.post(f"{AT}/suggest/stream", content=streamed()).status_code == 413
    odd = client.post(f"{AT}/suggest", content=b"{}", headers={"content-length": "1" * 30})
    assert odd.status_code == 400


def test_what_comes_too_slowly_is_given_up(trained):
    house = House([Served.open(trained, overrides=["server.most_seconds=0.2"])])
    sent = []

    async def receive():
        await asyncio.sleep(5)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": f"{AT}/suggest", "raw_path": b"", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9")],
        "http_version": "1.1", "scheme": "http", "root_path": "", "client": ("127.0.0.1", 1), "server": ("h", 1),
    }  # fmt: skip
    with ThreadPoolExecutor(1) as other:  # a browser's tests may have left a loop that runs in this thread
        other.submit(asyncio.run, create(house)(scope, receive, send)).result()
    assert sent[0]["status"] == 408 and b"did not come" in sent[1]["body"]
    house.stop()


def test_of_too_many_at_once_some_are_refused_at_once_and_told_when_to_come_again(serve, trained, monkeypatch):
    client = serve(trained, overrides=["server.queue=2"])
    served = client.app.state.house.served[0]
    served.warm()
    go, ask = threading.Event(), served._quick._project.tagger.__class__.suggest

    def slow(self, *given, **more):
        assert go.wait(20)
        return ask(self, *given, **more)

    monkeypatch.setattr(served._quick._project.tagger.__class__, "suggest", slow)
    with ThreadPoolExecutor(40) as pool:
        jobs = [pool.submit(client.post, f"{AT}/suggest", json={"text": "bees"}) for _ in range(40)]
        end = time.monotonic() + 10
        while sum(job.done() for job in jobs) < 35:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert client.get("/health").status_code == 200
        go.set()
        answers = [job.result() for job in jobs]
    codes = [answer.status_code for answer in answers]
    assert set(codes) == {200, 503} and codes.count(200) >= 3
    assert all(int(one.headers["retry-after"]) >= 1 for one in answers if one.status_code == 503)
    assert client.post(f"{AT}/suggest", json={"text": "bees"}).status_code == 200
    assert 'tagwright_waiting{project="library"} 0.0' in client.get("/metrics").text


def test_an_answer_that_does_not_come_in_time_is_not_waited_for(serve, trained, monkeypatch):
    client = serve(trained, overrides=["server.most_seconds=0.3"])
    served = client.app.state.house.served[0]
    served.warm()
    monkeypatch.setattr(served._quick._project.tagger.__class__, "suggest", lambda *_, **__: time.sleep(1.0) or [])
    late = client.post(f"{AT}/suggest", json={"text": "bees"})
    assert late.status_code == 503 and late.headers["retry-after"] and "no answer within" in late.json()["detail"]
