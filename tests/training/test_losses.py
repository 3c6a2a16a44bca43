"""Each loss is the one of its paper: by hand, against sentence-transformers, and with false negatives masked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tagwright.training import losses
from tagwright.training.losses import LOSSES, SCALE, Batch

pytestmark = pytest.mark.heavy
torch = pytest.importorskip("torch")

# Three documents and tags in the plane, and for each pair a wrong tag.
DOCUMENTS = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]
TAGS = [[0.8, 0.6], [0.0, 1.0], [1.0, 0.0], [-0.6, 0.8]]
COSINES = np.array(DOCUMENTS) @ np.array(TAGS).T


ONE_EACH = ((0, 0), (1, 1), (2, 2))
BOTH = ((0, 0), (0, 2), (1, 1), (2, 2))


def batch(right: Sequence[tuple[int, int]] = ONE_EACH, wrong: tuple[int, ...] = (3, 3, 3, 3)) -> Batch:
    table = np.zeros((3, 4), dtype=np.bool_)
    for row, column in right:
        table[row, column] = True
    rows, columns = (np.array([pair[n] for pair in right], dtype=np.int64) for n in (0, 1))
    return Batch(table, rows, columns, np.array(wrong[: len(rows)], dtype=np.int64))


def value(loss: str, of: Batch) -> float:
    return float(LOSSES[loss](torch.tensor(DOCUMENTS), torch.tensor(TAGS), of))


def softmax_loss(row: int, own: int, against: list[int]) -> float:
    logits = SCALE * COSINES[row]
    return math.log(sum(math.exp(logits[n] - logits[own]) for n in [own, *against]))


def test_multiple_negatives_ranking_is_the_value_computed_by_hand() -> None:
    expected = [softmax_loss(row, row, [n for n in range(4) if n != row]) for row in range(3)]
    assert value("ranking", batch()) == pytest.approx(np.mean(expected), rel=1e-5)


def test_another_right_tag_of_the_same_document_is_no_negative() -> None:
    expected = [
        softmax_loss(0, 0, [1, 3]), softmax_loss(0, 2, [1, 3]), softmax_loss(1, 1, [0, 2, 3]),
        softmax_loss(2, 2, [0, 1, 3]),
    ]  # fmt: skip
    assert value("ranking", batch(BOTH)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_the_decoupled_softmax_is_the_value_computed_by_hand_and_documents_count_alike() -> None:
    first = np.mean([softmax_loss(0, 0, [1, 3]), softmax_loss(0, 2, [1, 3])])
    expected = np.mean([first, softmax_loss(1, 1, [0, 2, 3]), softmax_loss(2, 2, [0, 1, 3])])
    assert value("decoupled", batch(BOTH)) == pytest.approx(expected, rel=1e-5)


def test_cosine_similarity_is_the_mean_squared_difference_from_one_and_zero() -> None:
    near, far = COSINES[[0, 1, 2], [0, 1, 2]], COSINES[[0, 1, 2], [3, 3, 3]]
    assert value("cosine", batch()) == pytest.approx((((near - 1) ** 2).sum() + (far**2).sum()) / 6, rel=1e-5)


def test_cosent_is_the_value_computed_by_hand() -> None:
    near, far = COSINES[[0, 1, 2], [0, 1, 2]], COSINES[[0, 1, 2], [3, 3, 3]]
    expected = math.log(1 + sum(math.exp(SCALE * (wrong - right)) for wrong in far for right in near))
    assert value("cosent", batch()) == pytest.approx(expected, rel=1e-5)


def test_triplet_is_the_value_computed_by_hand() -> None:
    distance = np.linalg.norm(np.array(DOCUMENTS)[:, None] - np.array(TAGS)[None], axis=2)
    expected = np.mean([max(0, distance[n, n] - distance[n, 3] + 5.0) for n in range(3)])
    assert value("triplet", batch()) == pytest.approx(expected, rel=1e-5)


def test_angle_divides_complex_numbers() -> None:
    def likeness(document: list[float], tag: list[float]) -> float:
        quotient = complex(*document) / complex(*tag) * abs(complex(*tag)) / abs(complex(*document))
        return abs(quotient.real + quotient.imag)

    near = [likeness(DOCUMENTS[n], TAGS[n]) for n in range(3)]
    far = [likeness(DOCUMENTS[n], TAGS[3]) for n in range(3)]
    expected = math.log(1 + sum(math.exp(SCALE * (wrong - right)) for wrong in far for right in near))
    assert value("angle", batch()) == pytest.approx(expected, rel=1e-5)


class Fixed(torch.nn.Module):
    """Stands for a sentence-transformers model whose vectors are known."""

    def __init__(self, vectors: list[Any]) -> None:
        super().__init__()
        self.vectors = vectors

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        return {"sentence_embedding": self.vectors[features["which"]]}


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        ("ranking", "MultipleNegativesRankingLoss"), ("cosent", "CoSENTLoss"), ("angle", "AnglELoss"),
        ("cosine", "CosineSimilarityLoss"), ("triplet", "TripletLoss"),
    ],
)  # fmt: skip
def test_each_loss_is_that_of_sentence_transformers(own: str, theirs: str) -> None:
    library = pytest.importorskip("sentence_transformers.sentence_transformer.losses")
    torch.manual_seed(3)
    documents, right, wrong = (torch.nn.functional.normalize(torch.randn(5, 8), dim=1) for _ in range(3))
    pairs = np.arange(5)
    table = np.concatenate([np.eye(5, dtype=np.bool_), np.zeros((5, 5), dtype=np.bool_)], axis=1)
    ours = LOSSES[own](documents, torch.cat([right, wrong]), Batch(table, pairs, pairs, pairs + 5))
    if own in ("ranking", "triplet"):
        vectors, labels = [documents, right, wrong], None
    else:
        vectors = [torch.cat([documents, documents]), torch.cat([right, wrong])]
        labels = torch.tensor([1.0] * 5 + [0.0] * 5)
    reference = getattr(library, theirs)(Fixed(vectors))
    assert float(ours) == pytest.approx(float(reference([{"which": n} for n in range(len(vectors))], labels)), rel=1e-4)


def test_a_masked_false_negative_has_exactly_no_gradient() -> None:
    # Tag 3 is right for every document, and no pair asks for it.
    asked = batch()
    right = asked.right.copy()
    right[:, 3] = True
    tags = torch.tensor(TAGS, requires_grad=True)
    LOSSES["ranking"](torch.tensor(DOCUMENTS), tags, replace(asked, right=right)).backward()
    assert torch.equal(tags.grad[3], torch.zeros(2))
    assert float(tags.grad[:3].abs().sum()) > 0


def test_right_tags_of_a_document_do_not_push_each_other() -> None:
    document, tags = torch.tensor(DOCUMENTS[:1]), torch.tensor(TAGS, requires_grad=True)
    without = torch.tensor(TAGS[:3], requires_grad=True)
    LOSSES["decoupled"](document, tags, replace(batch(), right=np.array([[True, False, False, True]]))).backward()
    LOSSES["decoupled"](document, without, replace(batch(), right=np.array([[True, False, False]]))).backward()
    assert torch.allclose(2 * tags.grad[0], without.grad[0], atol=1e-12, rtol=1e-6)


def test_documents_with_a_tag_in_common_are_drawn_together_and_others_apart() -> None:
    documents = torch.tensor(DOCUMENTS, requires_grad=True)
    common = batch(((0, 0), (1, 0), (2, 2)))
    loss = losses.neighbours(documents, common)
    cosines = SCALE * np.array(DOCUMENTS) @ np.array(DOCUMENTS).T
    expected = np.mean([math.log(1 + math.exp(cosines[row, 2] - cosines[0, 1])) for row in (0, 1)])
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert float(documents.grad[0, 1]) < 0 < float(documents.grad[0, 0])
    assert float(losses.neighbours(torch.tensor(DOCUMENTS), batch())) == 0


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_step_against_the_slope_lowers_every_loss(loss: str) -> None:
    torch.manual_seed(0)
    documents, tags = (torch.nn.functional.normalize(torch.randn(n, 8), dim=1).requires_grad_() for n in (3, 4))
    before = LOSSES[loss](documents, tags, batch())
    before.backward()
    with torch.no_grad():
        after = LOSSES[loss](documents - 1e-3 * documents.grad, tags - 1e-3 * tags.grad, batch())
    assert float(after) < float(before.detach())
