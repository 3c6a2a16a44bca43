"""``tagwright enrich samples`` and ``train --samples`` as commands: a small server stands in for the model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

WORDS = {
    "Beekeeping": "hive honey swarm colony queen pollen", "Tea": "leaf cup oolong brewing harvest kettle",
    "Chess": "opening knight bishop endgame pawn board", "Baking": "dough oven yeast flour crust loaf",
}  # fmt: skip
FEW = ("--set", "enrichment.tail=22", "--set", "enrichment.wanted=22", "--set", "enrichment.per_tag=2")


class Author:
    """Writes a text about the first heading of each question; judges what says its heading to be about it."""

    def __init__(self) -> None:
        self.written, self.judged, self.knows, self.copies = 0, 0, True, ""
        self.holds_at, self.held, self.goes_on = 0, threading.Event(), threading.Event()

    def answer(self, body: dict) -> dict:
        asked = body["messages"][-1]["content"]
        heading = asked.rpartition("Subject heading: ")[2].strip()
        if "Answer with one word" in asked:
            self.judged += 1
            told = asked.partition("</document>")[0]
            words = {heading, *WORDS.get(heading, "").split()}
            yes = -0.1 if not self.knows or any(word in told for word in words) else -3.0
            top = [{"token": "Yes", "logprob": yes}, {"token": "No", "logprob": -2.0}]
            choice = {"message": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "top_logprobs": top}]}}
        else:
            self.written += 1
            if self.written == self.holds_at:
                self.held.set()
                self.goes_on.wait(60)
            name = re.search(r"^- ([^:\n]+)", asked, re.MULTILINE)[1]
            text = f"This is a story of {name} and of the {WORDS.get(name, name)} in the year {1900 + self.written}."
            content = json.dumps({"title": f"{name} {self.written}", "text": self.copies or text})
            choice = {"message": {"content": content}}
        return {"choices": [choice], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}


@pytest.fixture
def author() -> Author:
    return Author()


@pytest.fixture
def asking(ask: Callable[..., Path], author: Author) -> Path:
    """A trained project whose settings name the server, and a price."""
    return ask(author.answer, "[fitting]\nfew_folds = 3", price=10.0)


def lines(project: Path) -> list[dict]:
    return [json.loads(line) for line in (project / "samples.jsonl").read_text("utf-8").splitlines()]


def test_a_dry_run_prints_documents_tokens_and_price_and_asks_nothing(tagwright, asking, author):
    done = tagwright("enrich", "samples", "-p", asking, "--dry-run", *FEW)
    assert done.code == 0, done.err
    assert (
        re.search(r"[\d,]+ documents would be asked for", done.out) and "tokens" in done.out and "in money" in done.out
    )
    assert author.written == author.judged == 0 and not (asking / "samples.jsonl").exists()
    said = tagwright("enrich", "samples", "-p", asking, "--dry-run", *FEW, "--json").json()
    assert said["dry"] and said["asked"] == said["wanted"] > 0 and said["calls"] > 3 * said["asked"]
    assert said["cost"] == pytest.approx((said["prompt_tokens"] * 10 + said["completion_tokens"] * 20) / 1e6)


def test_samples_are_written_verified_kept_and_trained_with_only_where_the_user_says_so(
    tagwright, asking, author, others
):
    test = others(12)
    before = tagwright("suggest", "-p", asking, "Honey from the hive.", "--json").json()
    done = tagwright("enrich", "samples", "-p", asking, "--test", test, *FEW)
    assert done.code == 0, done.err
    assert "kept" in done.out and "said by the judge" in done.out and "tagwright train --samples" in done.out
    rows = lines(asking)
    assert rows and all(row["sample"]["source"] == "llm" and row["sample"]["demonstration"] for row in rows)
    assert all(row["sample"]["verified"].startswith("judge") and row["sample"]["date"] for row in rows)
    asked = author.written
    assert len(rows) <= asked
    again = tagwright("enrich", "samples", "-p", asking, "--test", test, *FEW, "--json").json()
    assert author.written == asked and again["there"] + again["asked"] == again["wanted"], "nothing is paid for twice"
    assert tagwright("suggest", "-p", asking, "Honey from the hive.", "--json").json() == before

    plain = tagwright("train", "-p", asking, "--json").json()
    assert plain["samples"] == 0
    without = tagwright("suggest", "-p", asking, "Honey from the hive.", "--json").json()
    trained = tagwright("train", "-p", asking, "--samples", *FEW)
    assert trained.code == 0 and f"{len(rows):,} written samples" in trained.out, trained.out + trained.err
    assert f"{plain['documents']:,} documents" in trained.out, "samples are no documents"
    manifest = json.loads((asking / "manifest.json").read_text("utf-8"))
    assert manifest["documents"] == plain["documents"] and manifest["samples"] == len(rows)
    assert tagwright("eval", test, "-p", asking).code == 0
    assert tagwright("suggest", "-p", asking, "Honey from the hive.", "--json").json() != without
    tagwright("train", "-p", asking, "--no-samples")
    assert tagwright("suggest", "-p", asking, "Honey from the hive.", "--json").json() == without


def test_the_budget_holds_and_the_same_command_goes_on(tagwright, asking, author):
    options = ("enrich", "samples", "-p", asking, *FEW, "--set", "enrichment.verify=own", "--json")
    first = tagwright(*options, "--max-calls", "3").json()
    assert author.written == 3 == first["calls"] == first["asked"] and first["over"] > 0
    second = tagwright(*options).json()
    assert author.written == second["wanted"], "what was asked before is not asked again"
    assert second["there"] + second["kept"] == len(lines(asking)) and second["verified"] == "the project's own channels"


def test_a_killed_run_goes_on_and_pays_for_no_block_twice(tagwright, asking, author):
    author.holds_at = 20
    command = [str(Path(sys.executable).with_name("tagwright")), "enrich", "samples", "-p", str(asking), *FEW]
    run = subprocess.Popen([*command, "--set", "enrichment.verify=own"], stdout=subprocess.DEVNULL)
    assert author.held.wait(60)
    run.kill()
    run.wait()
    before = len(lines(asking))
    assert before > 0, "the first block of sixteen is there"
    author.goes_on.set()
    done = tagwright("enrich", "samples", "-p", asking, *FEW, "--set", "enrichment.verify=own", "--json").json()
    assert done["there"] == before and author.written <= 20 + done["wanted"] - 16
    assert len(lines(asking)) == before + done["kept"] == len({row["sample"]["id"] for row in lines(asking)})


def test_a_judge_that_says_yes_to_everything_is_not_believed(tagwright, asking, author):
    author.knows = False
    said = tagwright("enrich", "samples", "-p", asking, *FEW, "--json").json()
    assert "own channels" in said["verified"] and "ROC 0.50" in said["verified"]


def test_copies_of_a_test_text_are_refused(tagwright, asking, author, others):
    test = others(3)
    author.copies = json.loads(test.read_text("utf-8").splitlines()[0])["text"]
    said = tagwright("enrich", "samples", "-p", asking, "--dev", test, "--tag", "g:bees", "--set",
                     "enrichment.verify=own", "--json").json()  # fmt: skip
    assert said["kept"] == 0 and said["refused"].get("nearly the same as a text of dev or test", 0) > 0


def test_wrong_uses_end_with_a_message_and_a_hint(tagwright, asking, untrained):
    done = tagwright("enrich", "samples", "-p", untrained)
    assert done.code == 1 and "tagwright train CORPUS" in done.err
    done = tagwright("enrich", "samples", "-p", asking, "--tag", "g:nothing")
    assert done.code == 1 and "g:nothing" in done.err
    done = tagwright("enrich", "samples", "-p", asking, "--set", "enrichment.weight=0.9")
    assert done.code == 1 and "enrichment.weight" in done.err
    (asking / "samples.jsonl").write_text("{}\n", encoding="utf-8")
    done = tagwright("train", "-p", asking, "--samples")
    assert done.code == 1 and "samples.jsonl:1" in done.err and "delete it" in done.err
