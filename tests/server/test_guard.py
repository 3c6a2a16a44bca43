"""The guard beside the answers: what makes suggestions worse is found by itself and not used any more."""

from __future__ import annotations

import json
import random
import time

import pytest
from tests.conftest import QUICK

from tagwright.project import Project
from tagwright.server.guard import Guard
from tagwright.server.served import Served
from tagwright.types import Document

LETTERS = "bdfgklmnpr"
EAGER = ["feedback.check_every=20", "feedback.canary_from=20", "feedback.canary_share=0.4"]


@pytest.fixture
def guard(trained):
    served = Served.open(trained, overrides=EAGER)
    yield Guard(served)
    served.close()


def test_nothing_is_measured_before_enough_was_decided(guard, trained, others):
    guard.work()
    Project.open(trained).add_documents(others[:19])
    guard.work()
    assert guard._served.store.checks.all() == []


def test_good_documents_are_found_good_in_a_process_of_its_own(guard, trained, others):
    Project.open(trained).add_documents(others[:20])
    guard.work()
    (check,) = guard._served.store.checks.all()
    assert check.newest == 20 and not check.held and check.documents > 10


def document(number: int) -> Document:
    """One whose tag is told by its words, and by no name: only documents can teach it."""
    chance, tag = random.Random(number), number % 10
    text = " ".join(f"{one}{LETTERS[tag]}o{one}a" for one in chance.sample(LETTERS, 5))
    return Document(f"d{number}", f"{text}.", tags=(f"t:{tag}",))


@pytest.fixture
def taught(tmp_path):
    tags = "".join(json.dumps({"id": f"t:{tag}", "name": f"Class {tag}"}) + "\n" for tag in range(10))
    (tmp_path / "tags.jsonl").write_text(tags)
    with Project.create(tmp_path / "taught", tmp_path / "tags.jsonl") as project:
        (project.folder / "tagwright.toml").write_text(QUICK)
    with Project.open(tmp_path / "taught") as project:
        project.train([document(number) for number in range(90)])
    return project.folder


def test_poisonous_decisions_are_held_back_while_the_server_runs(serve, taught):
    client, at = serve(taught, overrides=EAGER), "/api/v1/projects/taught"
    said = []
    for number in range(90):
        one, person = document(number), {"document": f"d{number}", "person": "eve"}
        said.append({**person, "tag": one.tags[0], "verdict": "reject"})
        said.append({**person, "tag": f"t:{(number + 1) % 10}", "verdict": "add"})
    before = client.post(f"{at}/suggest", json={"text": document(200).text}).json()
    assert client.post(f"{at}/decisions", json={"decisions": said}).status_code == 201
    end = time.monotonic() + 90
    while not (found := client.get(f"{at}/decisions/check").json())["checks"]:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert found["held"] == 0 and found["checks"][0]["after"] < found["checks"][0]["before"]
    assert client.post(f"{at}/suggest", json={"text": document(200).text}).json() == before
    back = client.post(f"{at}/decisions/back")
    assert back.status_code == 201 and len(back.json()["decisions"]) == len(said)
    assert client.get(f"{at}/decisions/check").json()["held"] is None


def test_a_check_that_cannot_be_made_is_told_and_the_server_goes_on(guard, trained, others):
    Project.open(trained).add_documents([*others[:20], Document("x", "y", tags=())])
    for model in trained.glob("versions/*/model/tagger.json"):
        model.write_text("{}")
    assert guard._tried() is False
    assert guard._served.store.checks.all() == []
