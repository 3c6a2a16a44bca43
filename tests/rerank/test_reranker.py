"""What every reranker does: it looks at the best candidates only, and takes no folder that is not whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError, FormatError, IntegrityError, ProjectError
from tagwright.rerank.pairs import ARRAYS, MANIFEST, Pairs
from tagwright.testing.tables import code_in
from tagwright.types import Document

DOCUMENTS = [Document("a", "east"), Document("b", "north"), Document("c", "both")]
NAN = float("nan")


def table(*fused: list[float]) -> Candidates:
    """A table with the tags 0, 1, … and this column ``fused`` a document."""
    rows = np.repeat(np.arange(len(fused)), [len(own) for own in fused])
    tags = np.concatenate([np.arange(len(own)) for own in fused])
    return Candidates.from_pairs(len(fused), rows, tags, {"fused": np.concatenate(fused)})


def test_the_best_candidates_of_each_document_are_looked_at_and_no_others(reranker: Any, model: Path) -> None:
    given = table([0.1, 0.9, 0.5, 0.2], [0.3], [])
    scored = reranker(model, k=2).score(DOCUMENTS, given)
    assert np.isnan(scored.column("pairs.score")).tolist() == [True, False, False, True, False]
    assert set(given.columns) == {"fused"} and scored.tags is given.tags


def test_ties_go_to_the_lower_tag_and_what_has_no_place_comes_last(reranker: Any, model: Path) -> None:
    picked = reranker(model, k=2).picked(table([NAN, 0.5, 0.5, 0.5], [NAN, NAN, NAN, 0.1]))
    assert picked.tolist() == [False, True, True, False, True, False, False, True]


def test_a_table_without_a_pair_gets_the_column_and_needs_no_model(reranker: Any, tmp_path: Path) -> None:
    scored = reranker(tmp_path / "nowhere").score(DOCUMENTS, Candidates.empty(3))
    assert scored.column("pairs.score").shape == (0,) and "pairs.score" in scored.columns


def test_it_must_look_at_one_candidate_at_least() -> None:
    with pytest.raises(ConfigError, match=r"'rerank.pairs.k' is 0"):
        Pairs(name="pairs", k=0)


def test_no_model_and_no_folder_and_no_manifest_are_said(reranker: Any, model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'pairs' has no model .*'rerank.pairs.model'"):
        reranker("").open()
    with pytest.raises(ConfigError, match=r"there is no folder .*nowhere"):
        reranker(tmp_path / "nowhere").open()
    (model / MANIFEST).unlink()
    with pytest.raises(ConfigError, match=rf"model' has no {MANIFEST}"):
        reranker(model).open()


@pytest.mark.parametrize("name", [*(f"{name}.npy" for name in ARRAYS), "seen.npy"])
def test_a_changed_byte_is_refused_by_the_name_of_its_file(name: str, reranker: Any, model: Path) -> None:
    content = bytearray((model / name).read_bytes())
    content[-1] ^= 1
    (model / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{name} is not the file that was saved: .*teach the model again"):
        reranker(model).score(DOCUMENTS, table([0.1], [0.2], []))


def test_a_missing_file_is_refused_by_its_name(reranker: Any, model: Path) -> None:
    (model / "bias2.npy").unlink()
    with pytest.raises(IntegrityError, match=r"bias2\.npy cannot be read"):
        reranker(model).open()


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("{", ProjectError, "cannot be read"),
        ("[" * 100_000, ProjectError, "cannot be read"),
        ("[]", FormatError, r"format \[\]"),
        ('{"format": 2}', FormatError, "format 2, this version reads 1"),
        ('{"format": 1}', ProjectError, "does not name the files"),
    ],
)
def test_a_manifest_that_is_none_is_refused_by_its_name(
    text: str, error: type[Exception], said: str, reranker: Any, model: Path
) -> None:
    (model / MANIFEST).write_text(text)
    with pytest.raises(error, match=rf"{MANIFEST}.*{said}"):
        reranker(model).open()


def test_an_array_of_objects_is_refused(reranker: Any, arrays: Any, written: Any) -> None:
    weights = arrays("concat", width=2) | {"bias1": np.array([{}], dtype=object)}
    with pytest.raises(FormatError, match=r"bias1\.npy holds no array"):
        reranker(written(weights)).open()


def test_a_folder_names_its_contents_wherever_it_lies(reranker: Any, arrays: Any, written: Any, tmp_path: Path) -> None:
    one, other = written(arrays("concat", width=2)), written(arrays("concat", width=2, seed=1), name="other")
    found = reranker(one).fingerprint
    assert found.startswith("pairs-") and found != reranker(other).fingerprint
    assert reranker(one.rename(tmp_path / "moved")).fingerprint == found
    assert code_in(tmp_path) == []


def test_it_tells_the_documents_that_it_was_taught_with(reranker: Any, model: Path) -> None:
    assert reranker(model).seen.of(["d1", "d3", "d2"]).tolist() == [True, False, True]


def test_a_manifest_lists_every_file_of_the_folder(model: Path) -> None:
    said = json.loads((model / MANIFEST).read_text())
    assert {path.name for path in model.iterdir()} == {*said["files"], MANIFEST}


def test_serving_loads_no_torch() -> None:
    code = "import sys, tagwright.rerank.pairs; print(sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy" in done.stdout
    assert not any(name in done.stdout for name in ("'torch'", "'transformers'", "'safetensors'"))
