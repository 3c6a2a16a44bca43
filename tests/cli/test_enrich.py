"""Texts for tags on the command line, in processes of their own; a small server stands in for the model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SAYS = {
    "Beekeeping": "The keeping of bees for their honey and wax.",
    "Soil erosion": "The wearing away of soil by wind and by water.",
    "Baking": "Making bread from dough in an oven.",
    "Railways": "Transport on tracks with trains and stations.",
    "Taxation": "Money that a state takes from income and trade.",
    "Bird migration": "Flights of birds to the south in autumn.",
    "Glass blowing": "Shaping of molten glass at the end of a pipe.",
    "Chess": "A game for two on a board with kings and pawns.",
    "Water supply": "Getting drinking water into houses.",
    "Cartography": "The drawing of maps from surveys.",
    "Tea": "Leaves of a shrub that are brewed for drinking.",
    "Contract law": "Rules about what parties owe to each other.",
}


class Model:
    """Answers what a heading means, after ``wait`` seconds; ``asked`` are the headings."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.wait = 0.0

    def answer(self, body: dict) -> dict:
        name = body["messages"][-1]["content"].split("<heading>\n")[1].partition("\n")[0]
        self.asked.append(name)
        time.sleep(self.wait)
        message = {"role": "assistant", "content": json.dumps({"description": SAYS[name]})}
        return {"choices": [{"message": message}], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def asking(ask: Callable[..., Path], model: Model) -> Path:
    """A trained project whose settings name the server."""
    return ask(model.answer)


def reference(folder: Path) -> Path:
    path = folder / "authority.csv"
    path.write_text(
        "id,name,synonyms,description\n"
        "g:tea,Tea,Chai,Leaves of a shrub and the drink that is made of them.\n"
        ",Chess,Shatranj,A board game for two players.\n",
        encoding="utf-8",
    )
    return path


def test_without_a_model_the_other_sources_are_used_and_the_rest_is_named(tagwright, project, tmp_path) -> None:
    found = tagwright("enrich", "tags", "-p", project, "--reference", reference(tmp_path))
    assert found.code == 0, found.err
    assert "proposed from: reference" in found.out and "left without a description" in found.out
    assert "--llm" in found.out and "tagwright enrich diff" in found.err
    shown = tagwright("enrich", "diff", "-p", project)
    assert "Leaves of a shrub" in shown.out and "authority.csv" in shown.out and "+ synonym" in shown.out
    before = tagwright("suggest", "-p", project, "A cup of chai.", "--json").json()
    taken = tagwright("enrich", "accept", "-p", project, "--source", "reference")
    assert "taken into the vocabulary" in taken.out and taken.code == 0
    after = tagwright("suggest", "-p", project, "A cup of chai.", "--json", "--why").json()
    assert after != before and after[0]["suggestions"][0]["tag"] == "g:tea"
    assert "Leaves of a shrub" in tagwright("vocab", "show", "g:tea", "-p", project).out
    assert tagwright("enrich", "diff", "-p", project).out.strip() == "there is nothing to show"
    kept = tagwright("enrich", "diff", "-p", project, "--state", "accepted", "--json").json()
    assert {one["model"] for one in kept} == {"authority.csv"}
    undone = tagwright("enrich", "undo", "-p", project)
    assert "taken out of the vocabulary" in undone.out
    assert "Leaves of a shrub" not in tagwright("vocab", "show", "g:tea", "-p", project).out


def test_a_dry_run_tells_the_price_a_run_pays_it_and_a_second_one_pays_nothing(tagwright, asking, model) -> None:
    dry = tagwright("enrich", "tags", "-p", asking, "--llm", "--dry-run", "--json").json()
    assert model.asked == [] and dry["llm"]["spent"]["calls"] == 12 and dry["llm"]["cost"] > 0 and dry["dry"]
    first = tagwright("enrich", "tags", "-p", asking, "--llm")
    assert first.code == 0, first.err
    assert sorted(model.asked) == sorted(SAYS) and "took 12 calls" in first.out and "in money" in first.out
    again = tagwright("enrich", "tags", "-p", asking, "--llm", "--json").json()
    assert len(model.asked) == 12 and again["llm"]["spent"]["calls"] == 0 and again["left"] == 0
    logged = tagwright("llm", "log", "-p", asking)
    assert "enrich_sep" in logged.out
    rejected = tagwright("enrich", "reject", "-p", asking, "--tag", "g:tea")
    own = tagwright("enrich", "accept", "-p", asking, "--tag", "g:tea", "--text", "My own words for it.")
    taken = tagwright("enrich", "accept", "-p", asking, "--json").json()
    assert (rejected.code, own.code, taken["tags"]) == (0, 0, 11)
    assert "My own words" in tagwright("vocab", "show", "g:tea", "-p", asking).out


def test_a_run_that_is_killed_goes_on_and_pays_nothing_twice(tagwright, asking, model) -> None:
    model.wait = 0.3
    command = [str(Path(sys.executable).with_name("tagwright")), "enrich", "tags", "-p", str(asking), "--llm"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
    until = time.monotonic() + 60
    while not model.asked and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    model.wait = 0.0
    done = tagwright("enrich", "tags", "-p", asking, "--llm", "--json")
    assert done.code == 0, done.err
    asked = len(model.asked)
    assert done.json()["left"] == 0 and len(tagwright("enrich", "diff", "-p", asking, "--json").json()) == 12
    tagwright("enrich", "tags", "-p", asking, "--llm")
    assert len(model.asked) == asked


def test_a_cap_is_kept_and_only_the_wanted_tags_are_asked_about(tagwright, asking, model) -> None:
    capped = tagwright("enrich", "tags", "-p", asking, "--llm", "--max-calls", "3")
    assert capped.code == 0 and len(model.asked) == 3 and "over the budget" in capped.out
    unseen = tagwright("enrich", "tags", "-p", asking, "--llm", "--only", "unseen", "--json").json()
    assert unseen["tags"] == 0 and len(model.asked) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tags", "--only", "few"], "unseen, tail, all"),
        (["tags", "--prompt", "long"], "sep, lagamc"),
        (["tags", "--reference", "none.csv"], "none.csv"),
        (["diff", "--state", "lost"], "proposed"),
        (["accept", "--tag", "g:none"], "g:none"),
        (["accept", "--text", "Words."], "--tag ID"),
        (["undo"], "no accepted text"),
    ],
)
def test_a_wrong_word_is_answered_with_what_is_known(tagwright, project, words, said) -> None:
    done = tagwright("enrich", *words, "-p", project)
    assert done.code == 1 and said in done.err and "Traceback" not in done.err
