"""The label-guided classifier as a channel: the selection of features by hand, new tags, weights that do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.candidates import Candidates
from tagwright.encoders.seen import Taught
from tagwright.errors import ConfigError, IntegrityError, NotFittedError, ProjectError, TagwrightError
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.labelguided import LabelGuided
from tagwright.recall.labelweights import ARRAYS, MANIFEST, Form, Weights, attention, selected
from tagwright.recall.products import unit
from tagwright.testing import Told
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

TOLD = {"east": (1.0, 0.0), "north": (0.0, 1.0), "both": (0.6, 0.8), "Oak": (1.0, 0.0), "Elm": (0.0, 1.0),
        "Ash": (0.8, 0.6), "Fir": (0.6, 0.8)}  # fmt: skip
EAST, NORTH, NOTHING = (Document(name, name) for name in ("east", "north", "nobody knows"))

Made = Callable[..., Assembly]


@pytest.fixture
def known() -> Vocabulary:
    return Vocabulary.from_tags([Tag(f"t:{name}", name) for name in ("Oak", "Elm", "Ash")], language="")


@pytest.fixture
def made(label_weights: Callable[..., Path], known: Vocabulary) -> Made:
    """An assembly with the channel over hand-made weights of a plane: ``made(["t:Oak"], head="linear")``."""

    def make(tags: list[str], *, k: int = 60, **said: Any) -> Assembly:
        told = Told(TOLD)
        folder = label_weights(**{"width": 2, "tags": tags, "encoder": told.fingerprint, **said})
        settings = TaggerSettings(channels={"labelguided": {"model": str(folder), "k": k}}, words={"min_df": 1})
        return Assembly(settings, told, ("en",)).prepare([], known)

    return make


def plain(**changed: Any) -> Weights:
    """Weights that leave everything as it is: logits are ten times the cosine, less three."""
    form = Form(width=2, hidden=1, guided=True, head="labels", temperature=1.0)
    arrays = {name: np.zeros(shape, dtype=np.float32) for name, shape in form.shapes(1).items()}
    arrays["level"] = np.array([10, -3], dtype=np.float32)
    return Weights(form, {**arrays, **changed}, ["t:Oak"])


def vectors(n: int, width: int = 5) -> Any:
    return unit(np.random.default_rng(n).standard_normal((n, width)))


# --- the selection ---------------------------------------------------------------------------------------------------


def test_the_attention_by_hand() -> None:
    x, y = np.array([[1.0, 0.0]], dtype=np.float32), np.array([[2.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    e = np.exp(2.0)
    assert attention(x, y, 1.0)[0] == pytest.approx([e / (e + 1), 1 / (e + 1)])
    assert selected(x, y, 1.0)[0] == pytest.approx([2 * e / (e + 1), 1 / (e + 1), 1, 0])
    assert attention(x, y, 1e9)[0] == pytest.approx([0.5, 0.5])


@given(st.integers(1, 9), st.integers(1, 9), st.floats(0.05, 100))
def test_each_documents_attention_adds_up_to_1_and_its_features_are_twice_as_long(n: int, m: int, heat: float) -> None:
    x, y = 3 * vectors(n), 3 * vectors(m)
    alpha = attention(x, y, heat)
    assert alpha.shape == (n, m) and alpha.min() >= 0 and np.allclose(alpha.sum(axis=1), 1, atol=1e-5)
    assert selected(x, y, heat).shape == (n, 10)


def test_attention_to_a_single_tag_gives_that_tags_vector() -> None:
    x, y = vectors(3), vectors(7)
    nearest = (x @ y.T).argmax(axis=1)
    assert np.allclose(selected(x, y, 1e-4)[:, :5], y[nearest], atol=1e-5)


def test_a_tag_more_changes_no_shape_and_a_document_beside_changes_nothing() -> None:
    weights, x, y = plain(), vectors(3, 2), vectors(8, 2)
    for m in (7, 8):
        assert weights.logits(x, weights.placed(y[:m], np.full(m, -1))).shape == (3, m)
    placed = weights.placed(y, np.full(8, -1))
    alone = np.concatenate([weights.logits(x[row : row + 1], placed) for row in range(3)])
    assert np.allclose(weights.logits(x, placed), alone, atol=1e-6)
    many = np.concatenate([x] * 50)
    assert np.allclose(weights.logits(many, placed)[:3], alone, atol=1e-6), "blocks are no different"


def test_weights_by_hand() -> None:
    x, y = np.array([[0.6, 0.8]], dtype=np.float32), np.eye(2, dtype=np.float32)
    logits = plain().logits(x, plain().placed(y, np.array([-1, -1])))
    assert logits[0] == pytest.approx([3.0, 5.0])
    # A map that turns documents by a quarter, after which half of the old vector is left: (0.6, 0.8) + (-0.8, 0.6).
    turn = plain(documents=np.array([[0, 1], [-1, 0]], dtype=np.float32))
    turned = np.array([-0.2, 1.4]) / np.sqrt(2)
    assert turn.logits(x, turn.placed(y, np.array([-1, -1])))[0] == pytest.approx(10 * turned - 3, abs=1e-5)
    # A hidden unit that sees how much the selected features lean to the second tag, and pulls towards it.
    root = np.sqrt(2)
    layered = plain(weight1=np.array([[0, 1, 0, 0]], dtype=np.float32), weight2=np.array([[0], [1]], dtype=np.float32))
    alpha = np.exp([2 * 0.6, 2 * 0.8]) / np.exp([2 * 0.6, 2 * 0.8]).sum()
    expected = [3.0, 10 * (0.8 + root * alpha[1]) - 3]
    assert layered.logits(x, layered.placed(y, np.array([-1, -1])))[0] == pytest.approx(expected, abs=1e-5)
    biased = plain(biases=np.array([0.5], dtype=np.float32))
    assert biased.logits(x, biased.placed(y, np.array([0, -1])))[0] == pytest.approx([3.5, 5.0])


def test_probabilities_are_sigmoids_or_a_softmax() -> None:
    logits = np.array([[0.0, 1.0, -np.inf]], dtype=np.float32)
    rows, columns = np.zeros(3, dtype=int), np.arange(3)
    assert plain().probabilities(logits, rows, columns)[:2] == pytest.approx([0.5, 1 / (1 + np.exp(-1))])
    softly = replace(plain(), loss="softmax").probabilities(logits, rows, columns)
    assert softly[:2] == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e)]) and np.isnan(softly[2])


# --- the channel -----------------------------------------------------------------------------------------------------


def test_the_best_tags_are_found_with_their_probability_and_others_candidates_get_theirs(
    made: Made, known: Vocabulary
) -> None:
    channel = made(["t:Oak", "t:Elm"]).fit([], known).channels[0]
    everything = channel.recall([EAST, NORTH, NOTHING], 3)
    best = channel.recall([EAST, NORTH, NOTHING], 1)
    assert np.diff(everything.offsets).tolist() == [3, 3, 0], "a text without a known word has no tags"
    score = everything.column("labelguided.score")
    assert (score > 0).all() and (score < 1).all()
    assert best.column("labelguided.score").tolist() == [score[:3].max(), score[3:].max()]
    asked = Candidates.from_pairs(3, np.array([0, 2]), np.array([2, 2]), {})
    completed = channel.complete([EAST, NORTH, NOTHING], asked).column("labelguided.score")
    assert completed[0] == score[2] and np.isnan(completed[1])


@pytest.mark.parametrize(("head", "heard"), [("labels", True), ("linear", False)])
def test_a_new_tag_is_found_at_once_by_the_head_that_compares_and_never_by_the_other(
    made: Made, known: Vocabulary, head: str, heard: bool
) -> None:
    channel = made(["t:Oak", "t:Elm", "t:Ash"], head=head).fit([], known).channels[0]
    before = channel.recall([EAST], 9)
    wider = known.extended([Tag("t:Fir", "Fir")])
    channel.add_tags(wider, wider.positions(["t:Fir"]))
    after = channel.recall([EAST], 9)
    assert (3 in after.tags) is heard and set(before.tags) <= set(after.tags)
    pair = Candidates.from_pairs(1, np.array([0]), np.array([3]), {})
    assert np.isnan(channel.complete([EAST], pair).column("labelguided.score")[0]) is not heard
    assert bool(channel.explain(EAST, 3)) is heard


def test_a_reason_is_the_score_of_a_tag_that_it_finds(made: Made, known: Vocabulary) -> None:
    channel = made(["t:Oak"], k=1).fit([], known).channels[0]
    table = channel.recall([EAST], 1)
    best, others = int(table.tags[0]), {0, 1, 2} - {int(table.tags[0])}
    (reason,) = channel.explain(EAST, best)
    assert reason.value == table.column("labelguided.score")[0] and reason.text == f"score {reason.value:.2f}"
    assert all(channel.explain(EAST, tag) == [] for tag in others)


def test_the_weights_of_a_tag_that_the_vocabulary_lost_are_passed_over(made: Made, known: Vocabulary) -> None:
    gone = made(["t:Larch", "t:Oak"]).fit([], known).channels[0]
    assert isinstance(gone, LabelGuided)
    assert gone._taught.tolist() == [-1, 0] and len(gone.recall([EAST], 9).tags) == 3


def test_what_the_weights_were_taught_with_is_told(made: Made, known: Vocabulary) -> None:
    channel = made(["t:Oak"]).channels[0]
    assert isinstance(channel, Taught) and channel.seen.of(["d01", "d03"]).tolist() == [True, False]


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_channel_without_weights_says_what_to_name(known: Vocabulary) -> None:
    settings = TaggerSettings(channels={"labelguided": {}}, words={"min_df": 1})
    assembly = Assembly(settings, Told(TOLD), ("en",)).prepare([], known)
    with pytest.raises(ConfigError, match=r"no model.*channels\.labelguided\.model"):
        assembly.fit([], known)
    with pytest.raises(NotFittedError):
        assembly.channels[0].recall([EAST], 3)


def test_weights_of_another_encoder_or_width_are_refused(made: Made, known: Vocabulary) -> None:
    with pytest.raises(ConfigError, match="were taught with the encoder 'onnx-1', not with"):
        made(["t:Oak"], encoder="onnx-1", name="a").fit([], known)
    with pytest.raises(ConfigError, match="of 3 numbers, not of 2"):
        made(["t:Oak"], width=3, name="c").fit([], known)


def test_weights_that_were_changed_or_do_not_fit_are_refused(made: Made, known: Vocabulary) -> None:
    assembly = made(["t:Oak", "t:Elm"])
    folder = Path(assembly.channels[0].model)  # type: ignore[attr-defined]
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in (*(f"{array}.npy" for array in ARRAYS), "seen.npy", "tags.json"):
        (folder / name).write_bytes(kept[name] + b" ")
        with pytest.raises(IntegrityError, match="checksum"):
            assembly.fresh().fit([], known)
        (folder / name).write_bytes(kept[name])
    for key, value in (("width", 3), ("head", "mlp"), ("hidden", "many"), ("temperature", 0), ("guided", False)):
        (folder / MANIFEST).write_text(json.dumps({**json.loads(kept[MANIFEST]), key: value}))
        with pytest.raises(ProjectError, match="does not describe its weights"):
            assembly.fresh().fit([], known)
    (folder / MANIFEST).write_bytes(kept[MANIFEST])
    assembly.fresh().fit([], known)


def test_other_weights_than_those_of_the_training_are_refused(made: Made, known: Vocabulary, tmp_path: Path) -> None:
    first = made(["t:Oak"], name="one").fit([], known)
    first.save(tmp_path / "saved")
    again = made(["t:Oak"], name="two").load(tmp_path / "saved", known)
    assert np.array_equal(first.recall([EAST]).tags, again.recall([EAST]).tags), (
        "equal weights that lie elsewhere are fine"
    )
    with pytest.raises(TagwrightError, match="was trained with other weights than those in"):
        made(["t:Oak"], name="three", seed=1).load(tmp_path / "saved", known)
