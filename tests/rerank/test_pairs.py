"""The pair model, served: the network by hand, its first layer in two parts, and the scan over all tags."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

import tagwright.rerank.pairs as pairs
from tagwright.candidates import Candidates
from tagwright.errors import ConfigError, ProjectError
from tagwright.rerank.pairs import HEADS, Layers, sizes
from tagwright.testing import Told
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary


def whole(seed: int, *shape: int) -> Any:
    """Whole numbers: no sum is rounded, so that equal means equal."""
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float32)


def logits_by_hand(head: str, arrays: Any, documents: Any, tags: Any) -> Any:
    """(n,) the network written down as the papers do, row by row of both."""
    beside = [documents, tags]
    if head == "compared":
        beside += [documents - tags, np.float32(documents.shape[1] ** 0.5) * documents * tags]
    hidden = np.maximum(np.concatenate(beside, axis=1) @ arrays["weight1"].T + arrays["bias1"], 0)
    hidden = np.maximum(hidden @ arrays["weight2"].T + arrays["bias2"], 0)
    return (hidden @ arrays["weight3"].T + arrays["bias3"])[:, 0]


def test_the_layers_for_384_numbers_are_those_of_the_paper() -> None:
    assert sizes("concat", 384) == (768, 1536, 1024, 1)
    assert sizes("compared", 384) == (1536, 1536, 1024, 1)


def test_a_logit_is_the_one_computed_by_hand() -> None:
    first, hidden, last, out = sizes("concat", 1)
    arrays = {
        "weight1": np.zeros((hidden, first)), "bias1": np.zeros(hidden), "weight2": np.zeros((last, hidden)),
        "bias2": np.zeros(last), "weight3": np.zeros((out, last)), "bias3": np.array([0.5]),
    }  # fmt: skip
    arrays["weight1"][0], arrays["bias1"][0] = (2, 3), 1
    arrays["weight2"][5, 0], arrays["bias2"][5] = 0.5, -1
    arrays["weight3"][0, 5] = 4
    layers = Layers("concat", {name: values.astype(np.float32) for name, values in arrays.items()})
    one, none = np.ones((1, 1), dtype=np.float32), -np.ones((1, 1), dtype=np.float32)
    # d = t = 1: relu(2 + 3 + 1) = 6, relu(0.5 * 6 - 1) = 2, 4 * 2 + 0.5; at t = -1 both layers give 0 after relu.
    assert layers.logits(one, one, np.array([0]), np.array([0])).tolist() == [8.5]
    assert layers.logits(one, none, np.array([0]), np.array([0])).tolist() == [0.5]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_two_parts_and_chunks_give_what_the_whole_gives(
    head: str, chunk: int, arrays: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "_CHUNK", chunk)
    weights, documents, tags = arrays(head, width=4), whole(1, 6, 4), whole(2, 9, 4)
    owners, rows = np.random.default_rng(3).integers(0, 6, 40), np.random.default_rng(4).integers(0, 9, 40)
    found = Layers(head, weights).logits(documents, tags, owners, rows)
    assert found.dtype == np.float32
    assert found.tolist() == logits_by_hand(head, weights, documents[owners], tags[rows]).tolist()


class Counted(np.ndarray[Any, Any]):
    """Tags that count how many of them were multiplied with a matrix."""

    multiplied = 0

    def __matmul__(self, other: Any) -> Any:
        Counted.multiplied += len(self)
        return np.asarray(self) @ other


def test_the_part_of_a_tag_is_computed_once_for_all_its_documents(arrays: Any) -> None:
    tags = whole(2, 9, 4).view(Counted)
    owners, rows = np.repeat(np.arange(6), 5), np.tile([1, 3, 4, 7, 8], 6)
    Layers("concat", arrays("concat", width=4)).logits(whole(1, 6, 4), tags, owners, rows)
    assert Counted.multiplied == 5


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("block", "chunk"), [(1, 1), (7, 20), (256, 4096)])
def test_the_best_of_a_scan_are_those_of_a_sort_by_logit(
    head: str, block: int, chunk: int, arrays: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "_TAGS", block)
    monkeypatch.setattr(pairs, "_CHUNK", chunk)
    weights, documents, tags = arrays(head, width=4), whole(1, 6, 4), whole(2, 30, 4)
    tags[20:] = tags[:10]  # ties
    layers = Layers(head, weights)
    owners, rows = np.divmod(np.arange(180), 30)
    every = layers.logits(documents, tags, owners, rows).reshape(6, 30)
    for k in (1, 5, 30, 99):
        order = np.argsort(-every, axis=1, kind="stable")[:, :k]
        found = layers.scan(documents, tags, k)
        assert found[0].tolist() == np.repeat(np.arange(6), min(k, 30)).tolist()
        assert found[1].tolist() == order.ravel().tolist()
        assert found[2].tolist() == np.take_along_axis(every, order, axis=1).ravel().tolist()
        assert found[2].dtype == np.float32


def test_a_scan_of_nothing_finds_nothing(arrays: Any) -> None:
    layers = Layers("concat", arrays("concat", width=4))
    assert [len(part) for part in layers.scan(whole(1, 3, 4), whole(1, 0, 4), 5)] == [0, 0, 0]
    assert [len(part) for part in layers.scan(whole(1, 0, 4), whole(1, 3, 4), 5)] == [0, 0, 0]


def every_pair(documents: list[Document], n_tags: int = 4) -> Candidates:
    owners, tags = np.divmod(np.arange(len(documents) * n_tags), n_tags)
    return Candidates.from_pairs(len(documents), owners, tags, {"fused": -tags.astype(np.float32)})


def test_a_score_is_the_sigmoid_of_the_logit_and_does_not_depend_on_company(
    reranker: Any, model: Path, arrays: Any
) -> None:
    made = reranker(model)
    documents = [Document("a", "east"), Document("b", "both"), Document("c", "north")]
    found = made.score(documents, every_pair(documents)).column("pairs.score").reshape(3, 4)
    points = made.meaning.documents(documents)
    expected = logits_by_hand(
        "concat", arrays("concat", width=2), np.repeat(points, 4, axis=0), np.tile(made.tag_points.vectors, (3, 1))
    )
    assert found.ravel() == pytest.approx(expit(expected), rel=1e-5)
    assert 0 <= found.min() < found.max() <= 1
    alone = [made.score([d], every_pair([d])).column("pairs.score") for d in documents]
    assert np.array(alone) == pytest.approx(found, rel=1e-5)


def test_a_document_without_words_and_a_tag_without_a_vector_have_no_score(reranker: Any, model: Path) -> None:
    documents = [Document("a", ""), Document("b", "east")]
    table = every_pair(documents, n_tags=5)  # nobody knows a tag 4
    scored = reranker(model).score(documents, table).column("pairs.score")
    assert np.isnan(scored).tolist() == [True] * 5 + [False] * 4 + [True]


def test_a_tag_that_came_after_the_teaching_is_scored(reranker: Any, model: Path, vocabulary: Vocabulary) -> None:
    made = reranker(model)
    grown = Vocabulary.from_tags([*(Tag(n, n) for n in ("Oak", "Elm", "Ash", "Fir")), Tag("Oaks", "Oak")], language="")
    made.know(grown)
    made.tag_points.add_tags(grown, np.array([4], dtype=np.int32))
    scored = made.score([Document("a", "east")], every_pair([Document("a", "east")], n_tags=5)).column("pairs.score")
    assert scored[4] == scored[0]


def test_a_reason_is_given_where_the_model_speaks_for_the_tag(reranker: Any, arrays: Any, written: Any) -> None:
    weights = arrays("concat", width=2)
    for value, said in ((3.0, [("pairs", "pair model", "score 0.95")]), (-3.0, [])):
        flat = {name: np.zeros_like(values) for name, values in weights.items()}
        flat["bias3"][:] = value
        made = reranker(written(flat, name=str(value)))
        found = made.explain(Document("a", "east"), 1)
        assert [(one.channel, one.kind, one.text) for one in found] == said
        assert [one.value for one in found] == pytest.approx([1 / (1 + exp(-3))] * len(said))
        assert made.explain(Document("a", ""), 1) == []


def test_another_encoder_is_refused_with_the_next_step(reranker: Any, model: Path) -> None:
    other = replace(Told(), vectors={"east": (0.0, 1.0)})
    with pytest.raises(ConfigError, match=r"was taught with the encoder .*teach it again with the encoder"):
        reranker(model, other).score([Document("a", "east")], every_pair([Document("a", "east")]))


def test_a_scan_is_refused_for_another_encoder_too_and_else_answers(reranker: Any, model: Path) -> None:
    made = reranker(model)
    rows, tags, scores = made.scan(made.meaning.documents([Document("a", "both")]), made.tag_points.vectors, 2)
    assert rows.tolist() == [0, 0] and len(set(tags.tolist())) == 2 and scores[0] >= scores[1]
    made.meaning.encoder = Told({"east": (0.0, 1.0)})
    with pytest.raises(ConfigError, match="was taught with"):
        made.scan(np.ones((1, 2), dtype=np.float32), made.tag_points.vectors, 2)


@pytest.mark.parametrize(
    "said", [{"head": "tail"}, {"head": ["concat"]}, {"head": "compared"}, {"width": 3}, {"width": "2"}]
)
def test_a_manifest_that_does_not_fit_its_weights_is_refused(
    said: dict[str, Any], reranker: Any, arrays: Any, written: Any
) -> None:
    with pytest.raises(ProjectError, match=r"pairs\.json does not describe its weights"):
        reranker(written(arrays("concat", width=2), **said)).open()


def test_weights_of_another_kind_of_number_are_refused(reranker: Any, arrays: Any, written: Any) -> None:
    weights = arrays("concat", width=2)
    weights["bias3"] = weights["bias3"].astype(np.float64)
    with pytest.raises(ProjectError, match="does not describe"):
        reranker(written(weights)).open()
