"""Annif, trained on the same documents and served as its manual says, for a comparison in the same run."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PROJECTS = """
[mllm]
name=MLLM
language=en
backend=mllm
analyzer=snowball(english)
vocab=tags

[omikuji]
name=Omikuji Parabel
language=en
backend=omikuji
analyzer=snowball(english)
vocab=tags

[library]
name=MLLM and Omikuji
language=en
backend=ensemble
sources=mllm,omikuji
vocab=tags
"""

PUNKT = """
import sys
from nltk.tokenize.punkt import PunktTrainer, save_punkt_params
with open(sys.argv[1], encoding="utf-8") as file:
    trainer = PunktTrainer(file.read())
save_punkt_params(trainer.get_params(), sys.argv[2])
"""


@contextmanager
def annif_served(annif: Path, data: Path, work: Path, n: int) -> Iterator[tuple[str, int]]:
    """The address and the process of an Annif that was trained on the first ``n`` documents."""
    folder = annif_trained(annif, data, work, n)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = (work / "annif.log").open("w")
    process = subprocess.Popen(
        [annif, "run", "--port", str(port)], cwd=folder, stdout=log, stderr=log, env=environment(folder)
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while not _answers(address):
            time.sleep(0.5)
            assert process.poll() is None, "annif did not start: see annif.log"
        yield address, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def annif_trained(annif: Path, data: Path, work: Path, n: int) -> Path:
    """The folder of an Annif project "library" that was trained on the first ``n`` documents, once."""
    folder = work / f"annif-{n}"
    if not (folder / "trained").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _train(annif, data, folder, n)
        (folder / "trained").touch()
    return folder


def environment(folder: Path) -> dict[str, str]:
    """What Annif runs with: one thread, and the sentence splitter that `_sentences` trained."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "NLTK_DATA": str(folder / "nltk_data")}


def _train(annif: Path, data: Path, folder: Path, n: int) -> None:
    (folder / "projects.cfg").write_text(PROJECTS, encoding="utf-8")
    with gzip.open(data / "vocab.jsonl.gz", "rt", encoding="utf-8") as file:
        tags = [json.loads(line) for line in file]
    rows = (f"<{tag['id']}>\t{_flat(tag['name'])}\n" for tag in tags)
    (folder / "tags.tsv").write_text("".join(rows), encoding="utf-8")
    with gzip.open(data / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        documents = [json.loads(line) for line in itertools.islice(file, n)]
    lines = [_line(one) for one in documents]
    (folder / "train.tsv").write_text("".join(lines), encoding="utf-8")
    # MLLM learns to rank on few documents; with all of them it takes hours.
    (folder / "few.tsv").write_text("".join(lines[:500]), encoding="utf-8")
    _sentences(annif, folder)
    for words in (["load-vocab", "tags", "tags.tsv", "--language", "en"], ["train", "mllm", "few.tsv"],
                  ["train", "omikuji", "train.tsv"]):  # fmt: skip
        subprocess.run([annif, *words], cwd=folder, check=True, env=environment(folder))


def _sentences(annif: Path, folder: Path) -> None:
    """Trains NLTK's sentence splitter on the texts, by NLTK's own trainer: its data cannot be had everywhere."""
    target = folder / "nltk_data" / "tokenizers" / "punkt_tab" / "english"
    target.mkdir(parents=True)
    subprocess.run([annif.with_name("python"), "-c", PUNKT, folder / "few.tsv", target], check=True)


def _line(document: dict[str, object]) -> str:
    subjects = document["subjects"]
    assert isinstance(subjects, list)
    text = _flat(f"{document['title']} {document['text']}")
    return f"{text}\t{' '.join(f'<{id}>' for id in subjects)}\n"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _answers(address: str) -> bool:
    try:
        return (
            httpx.post(f"{address}/v1/projects/library/suggest", data={"text": "soil"}, timeout=300).status_code == 200
        )
    except httpx.TransportError:
        return False
