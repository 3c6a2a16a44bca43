"""The hybrid loss of a generator: what it is at its ends, where its gradients go, and that it does not collapse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tagwright.training import hybrid

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")

WORDS = ["honey", "bees", "ships", "oak", "rails", "trains", "soil", "wind"]
# What the tokens of the writer spell; the last two say nothing.
PIECES = [*WORDS, "honeybees", ""]


@pytest.fixture(scope="module")
def encoder(make_sentences: Callable[[list[str]], Path]) -> Any:
    pytest.importorskip("sentence_transformers")
    from tagwright.training.softsentences import SoftSentences

    made = SoftSentences(str(make_sentences(WORDS)), PIECES, "cpu")
    made.sentences.eval()
    return made


def certain(*tokens: int) -> Any:
    """Logits that leave no doubt of these tokens."""
    return 100.0 * torch.nn.functional.one_hot(torch.tensor(tokens), len(PIECES)).float()


def test_equal_directions_have_no_loss_and_opposite_ones_two() -> None:
    one = torch.tensor([[1.0, 2.0, -1.0]])
    assert hybrid.semantic(one, 3 * one).item() == pytest.approx(0, abs=1e-6)
    assert hybrid.semantic(one, -one).item() == pytest.approx(2, abs=1e-6)
    assert hybrid.semantic(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 5.0]])).item() == pytest.approx(1)


def test_at_a_balance_of_one_the_loss_is_the_cross_entropy_bit_for_bit() -> None:
    logits = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    plain = torch.nn.functional.cross_entropy(logits, torch.arange(7) % 5)
    mixed = hybrid.hybrid(plain, torch.tensor(float("nan")), 1.0)
    assert mixed.item() == plain.item()
    (slope,) = torch.autograd.grad(mixed, logits, retain_graph=True)
    (expected,) = torch.autograd.grad(plain, logits)
    assert torch.equal(slope, expected)


def test_between_the_ends_both_terms_count_their_share() -> None:
    ce, meaning = torch.tensor(3.0), torch.tensor(0.5)
    assert hybrid.hybrid(ce, meaning, 0.25).item() == pytest.approx(0.25 * 3 + 0.75 * 0.5)
    assert hybrid.hybrid(ce, meaning, 0.0).item() == 0.5


def test_expected_embeddings_are_the_mean_under_the_softmax() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    found = hybrid.expected(torch.log(torch.tensor([[0.25, 0.75]])), embeddings)
    assert found[0].tolist() == pytest.approx([0.25, 0.75])


def test_what_is_certain_is_read_as_what_is_written(encoder: Any) -> None:
    with torch.no_grad():
        soft = encoder.soft([certain(0, 1), certain(2, 3, 4), certain(7)])
        plain = encoder.texts(["honey bees", "ships oak rails", "wind"])
    assert torch.allclose(soft, plain, atol=1e-5)


def test_what_is_read_beside_a_text_does_not_change_its_vector(encoder: Any) -> None:
    with torch.no_grad():
        assert torch.allclose(
            encoder.soft([certain(0), certain(1, 2, 3, 4)])[:1], encoder.soft([certain(0)]), atol=1e-5
        )


def test_a_token_has_the_mean_embedding_of_the_encoders_tokens(encoder: Any) -> None:
    table = encoder.sentences[0].auto_model.get_input_embeddings().weight
    known = encoder.sentences.tokenizer(WORDS, add_special_tokens=False)["input_ids"]
    assert torch.equal(encoder.pieces[: len(WORDS)], table[[own[0] for own in known]])
    assert not encoder.pieces[len(WORDS) :].any()  # "honeybees" is unknown to it


def semantic_alone(encoder: Any, logits: Any) -> Any:
    """The loss at a balance of 0."""
    meaning = hybrid.semantic(encoder.soft([logits]), encoder.texts(["honey bees"])).mean()
    return hybrid.hybrid(torch.tensor(9.0), meaning, 0.0)


def test_at_a_balance_of_zero_there_is_gradient_to_the_encoder_and_to_the_generator(encoder: Any) -> None:
    logits = torch.randn(3, len(PIECES), generator=torch.Generator().manual_seed(1), requires_grad=True)
    semantic_alone(encoder, logits).backward()
    assert any(one.grad is not None and one.grad.abs().max() > 1e-4 for one in encoder.learned)
    assert logits.grad.abs().max() > 1e-4
    encoder.sentences.zero_grad()


def test_the_gradient_to_the_generator_is_that_of_finite_differences(
    make_sentences: Callable[[list[str]], Path],
) -> None:
    from tagwright.training.softsentences import SoftSentences

    precise = SoftSentences(str(make_sentences(WORDS)), PIECES, "cpu")
    precise.sentences.eval().double()
    logits = torch.randn(3, len(PIECES), generator=torch.Generator().manual_seed(2), requires_grad=True)
    semantic_alone(precise, logits).backward()
    small, slopes = 1e-2, torch.zeros(3, len(PIECES))
    with torch.no_grad():
        for place in range(3):
            for token in range(len(PIECES)):
                moved = torch.zeros(3, len(PIECES))
                moved[place, token] = small
                above, below = semantic_alone(precise, logits + moved), semantic_alone(precise, logits - moved)
                slopes[place, token] = (above - below) / (2 * small)
    assert logits.grad.abs().max() > 1e-4
    assert torch.allclose(logits.grad, slopes, atol=2e-5, rtol=0.05)


@pytest.mark.parametrize(("ce", "meaning"), [(50.0, 0.1), (1e4, 0.0), (0.01, 2.0)])
@pytest.mark.parametrize("prior", [0.0, 0.5, 0.9])
def test_lambda_stays_between_its_bounds_whichever_term_is_smaller(ce: float, meaning: float, prior: float) -> None:
    balance = hybrid.Balance(prior)
    optimizer = torch.optim.AdamW([balance.parameter], lr=0.03, weight_decay=0.0)
    seen = []
    for _ in range(2000):
        loss = hybrid.hybrid(torch.tensor(ce), torch.tensor(meaning), balance.value.squeeze()) + balance.penalty.sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seen.append(balance.value.item())
    assert 0.05 < min(seen) and max(seen) < 0.95
    assert seen[-1] < 0.3 if ce > meaning and prior < 0.9 else True


def test_without_a_prior_lambda_would_run_to_the_smaller_term() -> None:
    balance = hybrid.Balance(0.5)
    slope = torch.autograd.grad(
        hybrid.hybrid(torch.tensor(50.0), torch.tensor(0.1), balance.value).sum(), balance.parameter
    )
    assert slope[0].item() > 0  # so a step against it lowers lambda, for as long as the cross-entropy is the larger one


def test_a_description_of_the_same_tag_is_no_negative() -> None:
    generated = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    told = hybrid.apart(generated, targets, [4, 4, 7]).item()
    # Each sees its own at 20 and one other at 0; masked, the twin does not cost log 2.
    assert told == pytest.approx(2e-9, abs=1e-7)
    assert hybrid.apart(generated, targets, [4, 5, 7]).item() > 0.4
    assert hybrid.apart(generated[:1], targets[:1], [4]).item() == 0.0


def test_negatives_keep_an_encoder_that_learns_from_sending_all_to_one_point() -> None:
    """A linear encoder over labels, of which a generator that knows nothing yet writes a mixture."""

    def taught(negatives: float) -> float:
        torch.manual_seed(0)
        labels, mixture = torch.eye(6), torch.full((6, 6), 0.1) + 0.4 * torch.eye(6)
        encoder = torch.nn.Linear(6, 4)
        optimizer = torch.optim.Adam(encoder.parameters(), lr=0.05)
        for _ in range(300):
            generated, targets = encoder(mixture), encoder(labels)
            loss = hybrid.semantic(generated, targets).mean() + negatives * hybrid.apart(generated, targets, range(6))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        vectors = torch.nn.functional.normalize(encoder(labels), dim=1)
        cosines = vectors @ vectors.T
        return (cosines.sum().item() - 6) / 30

    assert taught(0.0) > 0.9
    assert taught(0.1) < 0.9
