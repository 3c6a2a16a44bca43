"""A language model in a project: asked within a budget, believed as far as it was right, never needed."""

from __future__ import annotations

import json
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagwright.errors import ConfigError
from tagwright.llm.budget import OVER
from tagwright.llm.scripted import Scripted
from tagwright.project import Project
from tagwright.types import Document, Tag

NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
HEADING = re.compile(r"^Subject heading: (.+)$", re.MULTILINE)


def perfect(project, documents, certainty=0.99):
    """A model that knows the gold of these documents and writes no other term."""
    names = {d.id: {project.vocabulary.tag(int(p)).name for p in positions(project, d)} for d in documents}

    def answer(prompt, choices, schema):
        right = names.get(prompt.about, set())
        if choices:
            share = certainty if HEADING.search(prompt.user)[1] in right else 1 - certainty
            return {"Yes": share, "No": 1 - share}
        if prompt.template.startswith("select"):
            return json.dumps({"tags": [int(n) for n, name in NUMBERED.findall(prompt.user) if name in right]})
        return json.dumps({"terms": sorted(right)})

    return answer


def positions(project, document):
    return project.vocabulary.positions(document.tags or (), known_only=True)


def lots(prompt, choices, schema):
    """A model that draws lots, the same ones for the same question."""
    chance = random.Random(prompt.user)
    if choices:
        share = chance.random()
        return {"Yes": share, "No": 1 - share}
    if prompt.template.startswith("select"):
        numbers = [int(n) for n, _ in NUMBERED.findall(prompt.user)]
        return json.dumps({"tags": chance.sample(numbers, min(3, len(numbers)))})
    return json.dumps({"terms": []})


def opened(folder: Path, script, *settings: str) -> Project:
    project = Project.open(folder, overrides=settings)
    project.llm.model = Scripted(script(project) if script is not lots else lots)
    return project


@pytest.fixture
def knowing(trained, documents, others):
    """The trained project with a model that selects and judges perfectly, asked about its training documents."""
    project = opened(trained, lambda p: perfect(p, [*documents, *others]), "stages.proposed=false")
    second, _ = project.llm.learn()
    return project, second


def ndcg(project, documents, session=None) -> float:
    table = project.tagger.candidates(documents, asking=None if session is None else session.asking)
    places = table.rank("confidence", then="fused")
    total = 0.0
    for row, document in enumerate(documents):
        gold = positions(project, document)
        found = places[table.offsets[row] : table.offsets[row + 1]]
        hits = found[np.isin(table.tags[table.offsets[row] : table.offsets[row + 1]], gold)]
        ideal = (1 / np.log2(np.arange(min(len(gold), 10)) + 2)).sum()
        total += (1 / np.log2(hits[hits < 10] + 2)).sum() / max(ideal, 1e-9)
    return total / len(documents)


def test_a_perfect_model_brings_nearly_all_that_is_on_the_shortlist(knowing, others):
    project, second = knowing
    assert second.used, "its answers help"
    session = project.llm.session()
    table = project.tagger.candidates(others, asking=session.asking)
    without = project.tagger.candidates(others)
    shortlisted = reached = 0
    for row, document in enumerate(others):
        gold = positions(project, document)
        asked = without.slice(row, row + 1)
        near = asked.tags[asked.rank("confidence", then="fused") < 10]
        shortlisted += np.isin(gold, near).sum()
        found = table.slice(row, row + 1)
        best = found.tags[found.rank("confidence", then="fused") < max(len(gold), 1)]
        reached += np.isin(gold, best).sum()
    assert reached >= 0.95 * shortlisted
    assert ndcg(project, others, session) > ndcg(project, others) + 0.05


def test_a_model_that_draws_lots_stays_out_and_the_product_says_so(trained, others):
    project = opened(trained, lots)
    second, _ = project.llm.learn()
    assert second.used == () and len(second.tried) == 7, "every set of the three stages was tried"
    session = project.llm.session()
    assert session.asking.stages == [] and "did not help for certain" in session.remark
    assert project.suggest(others, llm=session) == project.suggest(others)
    assert session.spent.calls == 0


def test_lots_that_are_asked_anyway_change_next_to_nothing(trained, others):
    project = opened(trained, lots, 'generation.use="always"')
    project.llm.learn()
    session = project.llm.session()
    assert len(session.asking.stages) == 3
    assert abs(ndcg(project, others, session) - ndcg(project, others)) <= 0.02, "40 documents"


def test_before_anybody_measured_them_answers_are_shown_and_change_nothing(trained, others):
    project = opened(trained, lots)
    session = project.llm.session()
    found, plain = project.suggest(others[:5], llm=session, why=True), project.suggest(others[:5])
    assert [[(s.tag, s.confidence) for s in row] for row in found] == [
        [(s.tag, s.confidence) for s in row] for row in plain
    ]
    said = [e for row in found for s in row for e in s.evidence if e.kind == "language model"]
    assert said and all(e.start is None for e in said), "marked as the model's word, no quotation"
    assert all(len(s.evidence) <= 3 for row in found for s in row)
    assert "train --generation" in session.remark and session.spent.calls > 0


def test_without_any_training_answers_count_half(untrained, others):
    project = opened(untrained, lambda p: perfect(p, others))
    session = project.llm.session()
    assert ndcg(project, others[:20], session) > ndcg(project, others[:20]) + 0.05


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(knowing, others, tmp_path):
    project, _ = knowing
    first = project.llm.session()
    project.tag(others, tmp_path / "a.jsonl", llm=first)
    again = project.llm.session()
    project.tag(others, tmp_path / "b.jsonl", llm=again)
    assert first.spent.calls > 0 and again.spent.calls == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_over_the_cap_documents_are_answered_without_the_model_and_say_so(knowing, others, tmp_path):
    project, _ = knowing
    session = project.llm.session({"calls": 7})
    report = project.tag(others, tmp_path / "a.jsonl", llm=session)
    assert session.spent.calls <= 7 and report.failed == 0 and report.degraded > 0
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    plain = project.suggest(others)
    noted = [row for row in rows if "the budget is spent" in row.get("note", "")]
    assert len(rows) == len(others) and len(noted) == report.degraded
    untouched = [(row, tags) for row, tags in zip(rows, plain, strict=True) if row in noted]
    silent = [row for row, tags in untouched if [s["tag"] for s in row["suggestions"]] == [s.tag for s in tags]]
    assert len(silent) > len(noted) / 2


def test_a_dry_run_asks_nothing_and_tells_what_would_be_taken(knowing, others):
    project, _ = knowing
    asked = len(project.llm.model.asked)
    session = project.llm.session(dry=True)
    project.suggest(others, llm=session)
    assert len(project.llm.model.asked) == asked
    assert session.spent.calls > 0 and "would take about" in session.lines()[0]


def test_a_dead_model_costs_answers_nothing_but_a_note(knowing, others, tmp_path):
    project, _ = knowing

    def dead(prompt, choices, schema):
        raise ConnectionError("cannot be reached")

    project.llm.model.answer = dead
    session = project.llm.session()
    report = project.tag(others, tmp_path / "a.jsonl", llm=session)
    assert report.failed == 0 and 0 < report.degraded <= len(others)
    plain = project.suggest(others)
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert [[s["tag"] for s in row["suggestions"]] for row in rows] == [[s.tag for s in tags] for tags in plain]


def test_another_model_or_prompt_makes_what_was_learned_count_no_more(knowing, others):
    project, _ = knowing
    assert project.llm.session().remark == ""
    (project.folder / "prompts").mkdir()
    usual = project.llm.templates()["judge"]
    own = f"version: my-2\n[system]\n{usual.system}\n[user]\n{usual.user} Be strict.\n"
    (project.folder / "prompts" / "judge.txt").write_text(own, encoding="utf-8")
    assert project.llm.templates()["judge"].fingerprint.startswith("judge/my-2/")
    assert "changed" in project.llm.session().remark
    (project.folder / "prompts" / "judge.txt").write_text("version: 3\n[user]\n{document} {oops}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"judge\.txt has"):
        project.llm.session()


def test_a_new_training_forgets_what_answers_were_worth_and_says_so(knowing, documents):
    project, _ = knowing
    report = project.train(documents)
    assert report.generation_dropped and any("--generation" in line for line in report.lines)
    assert project.llm.learned is None


def test_what_was_learned_survives_the_disk_and_doctor_checks_it(knowing, others):
    project, second = knowing
    again = Project.open(project.folder)
    assert again.llm.learned.to_json() == second.to_json()
    assert all(finding.level != "error" for finding in again.doctor())
    place = project.folder / project.manifest.generation / "generation.json"
    place.write_text("{}", encoding="utf-8")
    assert any("generation.json" in finding.what for finding in Project.open(project.folder).doctor())


def test_the_price_of_a_question_thins_them_out(knowing):
    _, second = knowing
    calls = [row["calls"] for row in second.curve]
    assert calls == sorted(calls, reverse=True) and calls[0] > calls[-1]
    assert second.curve[0]["nDCG@10"] >= second.curve[-1]["nDCG@10"]


def test_a_documents_own_gold_changes_nothing_that_is_asked_about_it(trained, documents, tmp_path):
    first, asked = documents[0], []
    other = Path(shutil.copytree(trained, tmp_path / "other"))
    with Project.open(other) as project:
        project.store.keep_documents([replace(first, tags=()), *documents[1:]])
    for folder in (trained, other):
        project = opened(folder, lots)
        project.suggest(documents[:1], llm=project.llm.session())
        asked.append([(p.system, p.user) for p in project.llm.model.asked])
    assert asked[0] == asked[1] and len(asked[0]) > 10


def test_a_proposed_tag_that_nobody_recalled_is_added_and_learned(trained, documents, others):
    project = opened(trained, lambda p: perfect(p, [*documents, *others]), "shortlist=5", "stages.selected=false")
    second, _ = project.llm.learn()
    assert "proposed" in second.used
    session = project.llm.session()
    table = project.tagger.candidates(others, asking=session.asking)
    plain = project.tagger.candidates(others)
    assert table.n_pairs > plain.n_pairs
    gold = [positions(project, document) for document in others]
    assert table.right(gold).sum() > plain.right(gold).sum()
    assert not np.isnan(table.column("confidence")).any()


def test_caps_a_document_hold_too(knowing, others):
    project, _ = knowing
    session = project.llm.session({"document_calls": 2})
    project.suggest(others, llm=session)
    asked = [p.about for p in project.llm.model.asked if p.about in {d.id for d in others}]
    assert max(asked.count(id) for id in set(asked)) <= 2 and OVER


def test_a_tag_and_a_document_that_came_a_moment_ago_are_asked_about_and_told(trained, documents, others):
    project = opened(trained, lots, "knowledge.twin=0.99")
    session = project.llm.session()
    project.suggest(documents[:1], llm=session)
    project.add_tags([Tag("t:new", "Zymurgy of the moor", descriptions={"en": "Brewing with heather and peat water."})])
    text = others[0].text
    project.add_documents([Document("fresh", text, "Moor beer", "en", ("t:new",))])
    project.suggest([Document("q", f"{text[: len(text) // 2]} Zymurgy of the moor.", "", "en")], llm=session)
    asked = [p.user for p in project.llm.model.asked if p.about == "q"]
    assert any("Subject heading: Zymurgy of the moor" in text for text in asked)
    assert any("heather and peat water" in text for text in asked), "its definition, a moment old"
    assert any("Moor beer" in text and "right: Zymurgy of the moor" in text for text in asked), "the new example"


def test_at_no_price_the_curve_has_what_all_answers_bring(knowing):
    _, second = knowing
    whole = second.tried[" + ".join(second.used)]
    assert second.curve[0]["nDCG@10"] == pytest.approx(whole["nDCG@10"].after, abs=1e-9)
    assert second.curve[0]["micro-F1"] == pytest.approx(whole["micro-F1"].after, abs=1e-9)
