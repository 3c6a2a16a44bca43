"""The command ``tagwright serve``: a process that answers, stops in good order, and agrees with others beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import tagwright.server.running as running

COMMAND = str(Path(sys.executable).with_name("tagwright"))
TEXT = {"text": "bees in town"}


class Server:
    """A running ``tagwright serve``."""

    def __init__(self, *words: object) -> None:
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        said = self.process.stdout.readline()
        assert "serving" in said, self.process.stderr.read()
        self.address = said.split(" at ")[1].split()[0]
        self.client = httpx.Client(base_url=self.address, timeout=60)

    def ready(self) -> Server:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if self.client.get("/ready").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.client.close()
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


@pytest.fixture
def start():
    made = []

    def started(*words: object) -> Server:
        made.append(Server(*words))
        return made[-1].ready()

    yield started
    for one in made:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)


def test_two_processes_on_one_project_agree(start, trained):
    one, other = start("-p", trained), start("-p", trained)
    at = "/api/v1/projects/library"
    new = {"id": "x:42", "name": "Moonshine gardening", "language": "en"}
    assert one.client.post(f"{at}/vocabulary/tags", json=new).status_code == 201
    text = {"text": "All about moonshine gardening", "k": 50}
    found = [server.client.post(f"{at}/suggest", json=text).json() for server in (one, other)]
    assert found[0] == found[1] and "x:42" in [tag["tag"] for tag in found[0]["suggestions"]]
    document = {"id": "d", "text": "moonshine gardening by night"}
    said = {"documents": [document], "decisions": [{"document": "d", "tag": "x:42", "verdict": "add", "id": "one"}]}

    def decide(number: int) -> int:
        server = (one, other)[number % 2]
        mine = {**said, "decisions": [{**said["decisions"][0], "id": f"id-{number // 2}", "person": "p"}]}
        return server.client.post(f"{at}/decisions", json=mine).json()["decisions"][0]["number"]

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(decide, range(40)))
    assert numbers[::2] == numbers[1::2] and sorted(numbers[::2]) == list(range(1, 21))
    found = [server.client.post(f"{at}/suggest", json=text).json() for server in (one, other)]
    assert found[0] == found[1]


def test_a_request_under_way_is_answered_before_the_server_stops(start, trained):
    server = start("-p", trained)
    many = {"documents": [{"text": f"bees number {n} in town " * 200} for n in range(250)]}
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(httpx.post, f"{server.address}/api/v1/projects/library/suggest/batch", json=many, timeout=60)
        time.sleep(0.3)
        code, log = server.stop()
        assert len(job.result().json()) == 250
    assert code in (0, -signal.SIGTERM) and "shutdown complete" in log and "bees" not in log


def test_ctrl_c_ends_the_server(start, trained):
    assert start("-p", trained).stop(signal.SIGINT)[0] in (0, 130, -signal.SIGINT)


def test_what_keeps_it_from_starting_is_told_in_words(trained, tmp_path):
    def refused(*words: object) -> str:
        done = subprocess.run([COMMAND, "serve", *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        return done.stderr

    assert "no project has a key" in refused("-p", trained, "--host", "0.0.0.0")
    assert "is no tagwright project" in refused("-p", tmp_path / "none")
    assert "both have the id 'library'" in refused("-p", trained, "-p", trained)
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}" in refused("-p", trained, "--port", port)


def test_without_the_extra_the_command_names_it(trained):
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        f"from tagwright.cli.main import run\nrun(['serve', '-p', {str(trained)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "pip install 'tagwright[server]'" in done.stderr, done.stderr


def test_what_is_answered_does_not_wait_for_the_receipt_of_its_first_piece() -> None:
    with running.listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
