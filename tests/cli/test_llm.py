"""A language model on the command line: a small server stands in for it."""

from __future__ import annotations

import json


def test_suggest_asks_and_tells_what_it_took(tagwright, asking, model):
    done = tagwright("suggest", "-p", asking, "--llm", "--why", "Honey from the hive of a swarm.")
    assert done.code == 0, done.err
    assert "language model: " in done.out and "says Yes" in done.out
    assert "tokens" in done.err and "train --generation" in done.err and model.asked > 2
    plain = tagwright("suggest", "-p", asking, "Honey from the hive of a swarm.", "--json").json()
    found = tagwright("suggest", "-p", asking, "--llm", "Honey from the hive of a swarm.", "--json").json()
    assert found[0]["suggestions"] == plain[0]["suggestions"], "nobody has measured its worth yet"
    assert found[0]["llm"]["calls"] == 0, "the second time from the cache"


def test_the_log_tells_what_was_asked_and_replays_it(tagwright, asking, model):
    tagwright("suggest", "-p", asking, "--llm", "--max-calls", "3", "Honey from the hive of a swarm.")
    assert model.asked == 3
    rows = tagwright("llm", "log", "-p", asking, "--json").json()
    shown = tagwright("llm", "log", "-p", asking)
    assert shown.code == 0 and "judge" in shown.out + json.dumps(rows)
    said = tagwright("llm", "proposals", "-p", asking)
    assert "zymurgy" in said.out


def test_tag_keeps_to_the_cap_and_says_which_documents_went_without(tagwright, asking, model, tmp_path, others):
    done = tagwright("tag", others(8), "-p", asking, "-o", tmp_path / "a.jsonl", "--llm", "--max-tokens", "4000")
    assert done.code == 0, done.err
    assert "had to do without the language model" in done.err and "tokens" in done.out
    assert model.asked * 105 <= 4000 + 105
    dry = tagwright("tag", others(8), "-p", asking, "-o", tmp_path / "b.jsonl", "--llm", "--dry-run", "--json").json()
    assert dry["llm"]["dry"] and dry["llm"]["calls"] > 0 and dry["llm"]["cost"] > 0
    assert not (tmp_path / "b.jsonl").exists()
    wrong = tagwright("tag", others(8), "-p", asking, "-o", tmp_path / "b.jsonl", "--dry-run")
    assert wrong.code == 2 and "--llm" in wrong.err


def test_a_server_that_fails_leaves_every_document_its_answer(tagwright, asking, model, tmp_path, others):
    model.broken = True
    done = tagwright("tag", others(8), "-p", asking, "-o", tmp_path / "a.jsonl", "--llm")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert all(row["suggestions"] for row in rows)
    assert all("500" in row["note"] or "left alone" in row["note"] for row in rows)
    assert model.asked < 100, "after some failures it is left alone"


def test_train_generation_measures_and_tune_shows_the_prices(tagwright, asking, model):
    before = tagwright("tune", "-p", asking, "--llm")
    assert "tagwright train --generation" in before.out
    done = tagwright("train", "-p", asking, "--generation")
    assert done.code == 0, done.err
    assert "30 training documents" in done.out and "nDCG@10" in done.out and "stay out" in done.out
    curve = tagwright("tune", "-p", asking, "--llm", "--json").json()
    assert curve[0]["calls"] >= curve[-1]["calls"]
    shown = tagwright("tune", "-p", asking, "--llm")
    assert "calls a document" in shown.out and "without the language model" in shown.out
    quiet = tagwright("suggest", "-p", asking, "--llm", "Honey from the hive of a swarm.")
    assert "is not asked" in quiet.err


def test_config_shows_the_prompts_and_a_key_is_never_told(tagwright, asking):
    rows = tagwright("config", "-p", asking, "--set", 'llm.key="MY_KEY"', "--json", MY_KEY="s3cr3t-value").json()
    prompts = {row["key"]: row for row in rows if row["key"].startswith("prompts.")}
    assert set(prompts) >= {"prompts.judge", "prompts.select", "prompts.propose"}
    assert prompts["prompts.judge"]["origin"] == "built in" and prompts["prompts.judge"]["value"].startswith("judge/1/")
    tagwright("suggest", "-p", asking, "--llm", "--set", 'llm.key="MY_KEY"', "Honey", MY_KEY="s3cr3t-value")
    assert "s3cr3t-value" not in json.dumps(rows)
    for path in asking.rglob("*"):
        assert not path.is_file() or b"s3cr3t-value" not in path.read_bytes(), path


def test_what_is_missing_is_named(tagwright, asking):
    missing = tagwright("suggest", "-p", asking, "--llm", "--set", 'llm.key="NO_SUCH_VARIABLE"', "Honey")
    assert missing.code == 1 and "NO_SUCH_VARIABLE" in missing.err and "Traceback" not in missing.err
    wrong = tagwright("suggest", "-p", asking, "--llm", "--set", "stages.judged.dept=3", "Honey")
    assert wrong.code == 1 and "depth" in wrong.err
