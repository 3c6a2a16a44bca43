"""``tagwright eval`` with protocols and baselines, and with corpora on which little can be measured."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def rows(library):
    return [json.loads(line) for line in (library / "test.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def corpus(rows, tmp_path):
    """Writes documents changed by a function, or these ones, and says where."""

    def write(changed=lambda row: row, of=None):
        path = tmp_path / "corpus.jsonl"
        lines = [json.dumps(changed(dict(row))) for row in (rows if of is None else of)]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def measured(tagwright, trained, tmp_path):
    """The report of an evaluation as JSON and what it printed; neither may hold a NaN."""

    def run(path, *words):
        out = tmp_path / "out.json"
        done = tagwright("eval", path, "-p", trained, "-o", out, *words)
        assert done.code == 0, done.err
        text = out.read_text(encoding="utf-8")
        assert "NaN" not in text
        assert "nan" not in done.out.lower().split()
        return json.loads(text), done

    return run


def test_bands_stand_in_the_report_and_one_without_documents_is_a_dash_and_null(measured, library):
    report, done = measured(library / "test.jsonl", "--protocol", "bands")
    protocol = report["protocol"]
    assert list(protocol["parts"]) == ["0", "1-4", "5-19", "20+"]
    assert len(protocol["counts"]) == 64
    assert protocol["counts"] in done.out
    assert protocol["parts"]["1-4"]["documents"] == 0
    assert protocol["parts"]["1-4"]["metrics"]["microF1"] is None
    assert "1-4: tags with 1-4 training documents; 0 tags, 0 documents" in done.out
    assert report["metrics"]["R@10[1-4]"] is None
    line = next(line for line in done.out.splitlines() if line.startswith("R@10[1-4]"))
    assert line.split() == ["R@10[1-4]", "–"]


def test_the_list_of_rare_tags_is_frozen_and_a_change_is_refused(tagwright, measured, library, trained, tmp_path):
    frozen = tmp_path / "rare.json"
    report, done = measured(library / "test.jsonl", "--protocol", "rare", "--frozen", frozen)
    assert "frozen in" in done.err
    tags = json.loads(frozen.read_text(encoding="utf-8"))["tags"]
    assert len(tags) == report["protocol"]["parts"]["rare"]["tags"] == 2
    frozen.write_text(frozen.read_text(encoding="utf-8").replace(tags[0], "g:other"), encoding="utf-8")
    words = ["eval", library / "test.jsonl", "--protocol", "rare", "--frozen", frozen, "-p", trained]
    done = tagwright(*words)
    assert (done.code, "1 would come, 1 would go" in done.err) == (1, True)


def test_zero_shot_leaves_the_named_tags_out_and_attests_it(measured, library):
    words = ["--protocol", "zero-shot", "--unseen", "g:bees", "--unseen", "g:tea"]
    report, done = measured(library / "test.jsonl", *words)
    protocol = report["protocol"]
    assert protocol["unseen"] == ["g:bees", "g:tea"]
    assert set(protocol["attested"].values()) == {0}
    assert list(protocol["parts"]) == ["unseen", "generalised", "seen"]
    assert "attested: 0 training documents with an unseen tag" in done.out
    assert protocol["left_out_documents"] > 0


def test_a_tag_that_is_unknown_cannot_be_left_out(tagwright, trained, library):
    words = ["--protocol", "zero-shot", "--unseen", "g:nothing"]
    done = tagwright("eval", library / "test.jsonl", "-p", trained, *words)
    assert (done.code, "g:nothing" in done.err, "Traceback" in done.err) == (1, True, False)


def test_llms4subjects_is_the_mean_over_types_and_languages(measured, corpus, rows):
    kinds = {row["id"]: ("Book" if n % 3 else "Thesis", "en" if n % 2 else "de") for n, row in enumerate(rows)}
    path = corpus(lambda row: {**row, "type": kinds[row["id"]][0], "language": kinds[row["id"]][1]})
    report, done = measured(path, "--protocol", "subjects")
    protocol = report["protocol"]
    assert [(cell["type"], cell["language"]) for cell in protocol["cells"]] == sorted(set(kinds.values()))
    mean = sum(cell["R@5"] for cell in protocol["cells"]) / len(protocol["cells"])
    assert protocol["mean of cells"]["R@5"] == pytest.approx(mean)
    assert protocol["records"]["R@5"] == pytest.approx(report["metrics"]["R@5"])
    assert "mean of cells" in done.out


def test_llms4subjects_needs_types(tagwright, trained, library):
    done = tagwright("eval", library / "test.jsonl", "-p", trained, "--protocol", "subjects")
    assert (done.code, "12 of 12 documents state no record type" in done.err) == (1, True)


def test_baselines_stand_beside_the_product(measured, library):
    report, done = measured(library / "test.jsonl", "--baselines")
    names = ["TF-IDF neighbours", "centroids", "names only", "linear, one-vs-rest"]
    assert list(report["baselines"]) == names
    assert all(0 <= metrics["nDCG@10"] <= 1 for metrics in report["baselines"].values())
    for name in names:
        assert name in done.out
        assert (f"does not beat {name} in nDCG@10" in done.out) == (not report["baseline_gate"][name]["beaten"])


def test_documents_that_were_trained_on_are_told(measured, library, corpus):
    known = [json.loads(line) for line in (library / "train.jsonl").open(encoding="utf-8")][:3]
    _, done = measured(corpus(of=known), "--baselines")
    assert "3 of 3 evaluated documents were trained on" in done.err


def test_bands_can_be_had_from_saved_candidates_alone(tagwright, trained, library, tmp_path):
    saved = tmp_path / "saved.npz"
    assert tagwright("eval", library / "test.jsonl", "-p", trained, "--save-candidates", saved).code == 0
    again = tagwright("eval", "--candidates", saved, "--protocol", "bands", "--json").json()
    assert again["protocol"]["protocol"] == "bands"
    assert tagwright("eval", "--candidates", saved, "--baselines").code == 2


@pytest.mark.parametrize("words", [["--unseen", "g:bees"], ["--frozen", "x"], ["--protocol", "nothing"]])
def test_options_that_do_not_go_together_are_refused(tagwright, words):
    assert tagwright("eval", "corpus.jsonl", *words).code == 2


def test_gold_tags_outside_the_vocabulary_count_as_missed_and_are_told(measured, corpus):
    report, done = measured(corpus(lambda row: {**row, "subjects": [*row["subjects"], "g:unknown"]}))
    assert "12 of " in done.err
    assert "gold tags are not in the vocabulary and count as missed" in done.err
    assert report["metrics"]["R@100"] < 1


def test_gold_tags_that_are_all_outside_the_vocabulary_are_refused(tagwright, trained, corpus):
    path = corpus(lambda row: {**row, "subjects": ["g:unknown"]})
    done = tagwright("eval", path, "-p", trained)
    assert (done.code, done.out) == (1, "")
    assert "none of the 12 gold tags is in this project's vocabulary" in done.err
    assert "--tag-prefix" in done.err


def test_no_gold_at_all_is_refused(tagwright, trained, corpus):
    path = corpus(
        lambda row: {"id": row["id"], "text": row["text"], **({"subjects": []} if row["id"] > "d150" else {})}
    )
    done = tagwright("eval", path, "-p", trained, "--protocol", "bands")
    assert (done.code, done.out, "no document has tags to measure against" in done.err) == (1, "", True)


def test_one_document_can_be_measured_on(measured, corpus, rows):
    report, done = measured(corpus(of=rows[:1]), "--all", "--protocol", "bands", "--baselines")
    assert report["documents"] == 1
    assert done.out.startswith("1 document ·")
    assert report["baseline_gate"]["names only"]["low"] is None


def test_constant_scores_can_be_measured(measured, corpus, rows):
    path = corpus(lambda row: {**row, "text": "the same words", "title": ""})
    report, _ = measured(path, "--all", "--protocol", "bands")
    assert len(report["metrics"]) > 80
