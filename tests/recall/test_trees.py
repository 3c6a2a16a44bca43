"""The optional channel `trees`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tagwright.errors import MissingExtraError, ProjectError
from tagwright.recall.trees import Trees
from tagwright.testing import documents, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

SAMPLE, VOCABULARY = documents(), vocabulary()


def made(**options: Any) -> Trees:
    channel = Trees(**options)
    channel.name, channel.tfidf = "trees", TfIdf(Analyzer(("en",)), min_df=1).fit(SAMPLE)
    return channel


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "omikuji", None)
    for work in (lambda: made().fit(SAMPLE, VOCABULARY), lambda: made().load(tmp_path, VOCABULARY)):
        with pytest.raises(MissingExtraError, match=r"tagwright\[trees\]"):
            work()


@pytest.fixture
def trees() -> Trees:
    pytest.importorskip("omikuji", reason="the extra 'trees' is not installed")
    return made().fit(SAMPLE, VOCABULARY)


@pytest.mark.heavy
def test_what_was_learned_is_found_again(trees: Trees) -> None:
    table = trees.recall(SAMPLE[:21], 5)
    first = [table.tags[table.order("trees.score")[table.offsets[row]]] for row in range(21)]
    right = sum(VOCABULARY.ids[tag] in SAMPLE[row].tags for row, tag in enumerate(first))
    assert right >= 18
    score = table.column("trees.score")
    assert (score > 0).all() and (score <= 1).all()


@pytest.mark.heavy
def test_a_tag_without_a_document_and_a_text_without_a_known_word_find_nothing(trees: Trees) -> None:
    assert VOCABULARY.position("t:unseen") not in trees.recall(SAMPLE, 9).tags
    assert trees.recall([Document("q", "zyx"), Document("r", "")], 9).n_pairs == 0
    assert trees.explain(Document("q", "zyx"), 0) == []


@pytest.mark.heavy
def test_rows_without_a_word_or_a_tag_are_left_out_of_the_training() -> None:
    pytest.importorskip("omikuji", reason="the extra 'trees' is not installed")
    odd = [Document("x", "", tags=("t:bees",)), Document("y", "zyx", tags=("t:rail",)), Document("z", "bees", tags=())]
    assert made().fit(odd, VOCABULARY).recall(SAMPLE, 9).n_pairs == 0
    one = made(trees=1, bigrams=False).fit([*odd, SAMPLE[0]], VOCABULARY)
    assert set(one.recall(SAMPLE, 9).tags.tolist()) <= {0}


@pytest.mark.heavy
def test_the_library_says_nothing_on_our_output(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, trees: Trees
) -> None:
    trees.fit(SAMPLE, VOCABULARY)
    trees.save(tmp_path)
    made().load(tmp_path, VOCABULARY).recall(SAMPLE, 3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.heavy
def test_a_tree_that_cannot_be_read_is_named(tmp_path: Path, trees: Trees) -> None:
    trees.save(tmp_path)
    (tmp_path / "tree-1" / "settings.json").unlink()
    with pytest.raises(ProjectError, match="cannot be read"):
        made().load(tmp_path, VOCABULARY)


@pytest.mark.heavy
def test_its_files_are_json_cbor_and_arrays(tmp_path: Path, trees: Trees) -> None:
    trees.save(tmp_path)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".cbor", ".npy"}
    assert (tmp_path / "tree-0" / "tree0.cbor").read_bytes()[:6] in (b"\xa1dLeaf", b"\xa1fBranc")


def test_it_says_that_it_does_not_grow() -> None:
    assert Trees.grows is False and "does not grow" in (Trees.__doc__ or "")
