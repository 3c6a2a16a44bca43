"""The losses of SEP-MLDC: by hand, their gradients, and what the printed weights do to tags that belong together."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest

from tagwright.training.contrastive import WEIGHTINGS, classification_loss, document_loss, label_loss

pytestmark = [pytest.mark.heavy]
torch = pytest.importorskip("torch")

# Six tags in two groups that go together in one document of two.
GROUPS = np.array(
    [[1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [1, 0, 1, 0, 0, 0], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1],
     [0, 0, 0, 1, 0, 1], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
)  # fmt: skip


def unit(*rows: tuple[float, ...]) -> Any:
    return torch.nn.functional.normalize(torch.tensor(np.array(rows), dtype=torch.float64), dim=-1)


def ended(weighting: str) -> tuple[float, float]:
    """The mean cosine of tags within and across groups after L1 alone has moved them."""
    torch.manual_seed(0)
    points = torch.nn.Parameter(torch.randn(6, 6, dtype=torch.float64))
    descent = torch.optim.Adam([points], lr=0.02)
    for _ in range(800):
        descent.zero_grad()
        label_loss(torch.nn.functional.normalize(points, dim=-1), GROUPS, weighting=weighting).backward()
        descent.step()
    there = torch.nn.functional.normalize(points.detach(), dim=-1)
    cosines, same = there @ there.T, np.kron(np.eye(2), np.ones((3, 3))) - np.eye(6)
    apart = np.kron(1 - np.eye(2), np.ones((3, 3)))
    return tuple(float((cosines.numpy() * mask).sum() / mask.sum()) for mask in (same, apart))  # type: ignore[return-value]


def test_tags_that_go_together_stay_nearer_than_others_but_not_by_the_printed_weights() -> None:
    within, across = ended("one_minus")
    assert (within, across) == pytest.approx((-0.158, -0.228), abs=0.005) and within > across
    softly, apart = ended("soft")
    assert softly - apart > within - across
    within, across = ended("uniform")
    assert (within, across) == pytest.approx((-0.2, -0.2), abs=0.005)
    within, across = ended("literal")
    assert (within, across) == pytest.approx((-0.5, 0), abs=0.005), "the paper's Eq. 9 ends the other way round"


def test_the_loss_of_tags_is_that_of_the_equation() -> None:
    # Documents {a, b}, {a}, {c}: W_ab = 1/2, W_ac = W_bc = 0. Cosines: ab 0.6, ac 0, bc 0.8; tau 0.5.
    right, tags = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1]]), unit((1, 0), (0.6, 0.8), (0, 1))
    own = exp(1 / 0.5)
    ab, ac, bc = exp(0.6 / 0.5), exp(0.0), exp(0.8 / 0.5)
    one_minus = sum(-log(own / far) for far in (0.5 * ab + ac, 0.5 * ab + bc, ac + bc)) / 3
    assert float(label_loss(tags, right, tau=0.5)) == pytest.approx(one_minus)
    # c is like nobody: it is skipped, and still counts among the tags.
    literal = (-log(own / (0.5 * ab)) - log(own / (0.5 * ab))) / 3
    assert float(label_loss(tags, right, tau=0.5, weighting="literal")) == pytest.approx(literal)
    uniform = sum(-log(own / far) for far in (ab + ac, ab + bc, ac + bc)) / 3
    assert float(label_loss(tags, right, tau=0.5, weighting="uniform")) == pytest.approx(uniform)
    near = -0.5 * (log(ab / (0.5 * ab + ac)) + log(ab / (0.5 * ab + bc))) / 3
    assert float(label_loss(tags, right, tau=0.5, weighting="soft")) == pytest.approx(one_minus + near)


def test_the_loss_of_documents_is_that_of_the_equation() -> None:
    # {a, b}, {a, b}, {a}, {c}: the first two are partners, W_02 = W_12 = 1/2.
    right = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1]])
    documents = unit((1, 0), (0.8, 0.6), (0.6, 0.8), (0, 1))
    cosines = (documents @ documents.T).numpy()
    weigh = {"one_minus": (0.5, 1), "literal": (0.5, 0), "uniform": (1, 1)}
    for weighting, (to_2, to_3) in weigh.items():
        far = [to_2 * exp(cosines[i, 2] / 0.5) + to_3 * exp(cosines[i, 3] / 0.5) for i in (0, 1)]
        expected = sum(-log(exp(cosines[0, 1] / 0.5) / each) for each in far) / 4
        assert float(document_loss(documents, right, tau=0.5, weighting=weighting)) == pytest.approx(expected)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("loss", [label_loss, document_loss])
def test_gradients_are_right(loss: Any, weighting: str) -> None:
    random = np.random.default_rng(1)
    right = random.random((7, 5)) < 0.4
    right[:, 0], right[3] = False, False  # a tag that nobody has, a document that has none
    right[5] = right[6]
    n = right.shape[1] if loss is label_loss else right.shape[0]
    points = torch.tensor(random.standard_normal((n, 3)), requires_grad=True)

    def of(given: Any) -> Any:
        return loss(torch.nn.functional.normalize(given, dim=-1), right, weighting=weighting, tau=0.5)

    assert torch.isfinite(of(points)) and torch.autograd.gradcheck(of, (points,))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("right", [np.zeros((3, 4)), np.ones((3, 4)), np.ones((1, 1)), np.eye(3, 4)])
def test_degenerate_batches_give_numbers_and_slopes_that_are_numbers(right: Any, weighting: str) -> None:
    for loss, n in ((label_loss, right.shape[1]), (document_loss, right.shape[0])):
        points = torch.randn(n, 3, requires_grad=True)
        found = loss(torch.nn.functional.normalize(points, dim=-1), right, weighting=weighting)
        found.backward()
        assert torch.isfinite(found) and torch.isfinite(points.grad).all()


def test_another_order_of_documents_or_tags_changes_no_loss() -> None:
    random = np.random.default_rng(2)
    right, rows, columns = random.random((6, 4)) < 0.5, random.permutation(6), random.permutation(4)
    tags, documents = unit(*random.standard_normal((4, 3))), unit(*random.standard_normal((6, 3)))
    turned = right[rows][:, columns]
    assert float(label_loss(tags[columns], turned)) == pytest.approx(float(label_loss(tags, right)))
    assert float(document_loss(documents[rows], turned)) == pytest.approx(float(document_loss(documents, right)))


def test_the_classification_looks_at_wrong_tags_too_and_each_for_as_many_as_it_stands_for() -> None:
    logits, right = torch.tensor([[2.0, -1.0, 0.5]]), torch.tensor([[1.0, 0.0, 0.0]])

    def softplus(value: float) -> float:
        return log(1 + exp(value))

    def found(*counts: float, loss: str = "bce") -> float:
        return float(classification_loss(logits, right, torch.tensor(counts), loss=loss))

    assert found(1, 1, 1) == pytest.approx(softplus(-2) + softplus(-1) + softplus(0.5))
    assert found(1, 10, 0) == pytest.approx(softplus(-2) + 10 * softplus(-1))
    everything = exp(2) + exp(-1) + exp(0.5)
    assert found(1, 1, 1, loss="softmax") == pytest.approx(-log(exp(2) / everything))
    assert found(1, 10, 0, loss="softmax") == pytest.approx(-log(exp(2) / (exp(2) + 10 * exp(-1))))
    sure = torch.full((1, 3), 9.0)
    assert float(classification_loss(sure, right, torch.ones(3))) > 10, "to say yes to all is not best"
