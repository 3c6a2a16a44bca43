"""The network of a cross-encoder: its losses by hand, and pairs that do not depend on what they pass with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.errors import ConfigError
from tagwright.training.crossmodel import LOSSES, CrossModel
from tagwright.training.options import CrossTraining

pytestmark = pytest.mark.heavy
torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("onnxruntime")

WORDS = "bees soil erosion wind tea hive honey".split()


@pytest.fixture
def model(make_sentences: Callable[[list[str]], Path]) -> CrossModel:
    made = CrossModel.over(str(make_sentences(WORDS)), length=20, seed=0, device="cpu")
    made.train(False)
    return made


def logits(model: CrossModel, *texts: tuple[str, str]) -> Any:
    reader = model.reader
    with torch.no_grad():
        return model.logits([reader.pair(reader.tag(tag), reader.document(text)) for tag, text in texts]).numpy()


def test_the_loss_of_a_group_is_the_one_computed_by_hand() -> None:
    wrong, right = torch.tensor([0.0, log(3.0)]), torch.tensor([log(4.0), log(2.0)])
    # Each right tag against e^0 + e^log 3 = 4: log(1 + 4/4) and log(1 + 4/2).
    assert float(LOSSES["decoupled"](wrong, right)) == pytest.approx((log(2) + log(3)) / 2)
    each = [log(1 + exp(0)), log(1 + 3), log(1 + 1 / 4), log(1 + 1 / 2)]
    assert float(LOSSES["bce"](wrong, right)) == pytest.approx(sum(each) / 4)


def test_right_tags_do_not_compete_with_each_other_in_the_decoupled_loss() -> None:
    wrong, right = torch.zeros(2), torch.tensor([1.0, 5.0], requires_grad=True)
    LOSSES["decoupled"](wrong, right)[None].sum().backward()
    alone = torch.tensor([1.0], requires_grad=True)
    (LOSSES["decoupled"](wrong, alone) / 2).backward()
    assert float(right.grad[0]) == pytest.approx(float(alone.grad[0]))


def test_a_logit_is_the_same_whatever_passes_with_it(model: CrossModel) -> None:
    pairs = [("bees", "honey hive"), ("soil", "wind " * 30), ("soil erosion tea", "tea")]
    together = logits(model, *pairs)
    assert together.dtype == np.float32 and len(set(together.tolist())) == 3
    assert together == pytest.approx(np.concatenate([logits(model, pair) for pair in pairs]), abs=1e-6)


def test_which_text_is_the_tag_matters(model: CrossModel) -> None:
    one, other = logits(model, ("bees", "honey"), ("honey", "bees"))
    assert model.typed and abs(one - other) > 1e-4


def test_no_more_is_read_than_the_sentence_model_reads(make_sentences: Callable[[list[str]], Path]) -> None:
    folder = str(make_sentences(WORDS))
    assert CrossModel.over(folder, length=160, seed=0, device="cpu").reader.length == 24


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"loss": "hinge"}, "no loss 'hinge'"), ({"wrong": 0}, "wrong is 0"),
        ({"length": 8}, "length is 8, but must be 16"), ({"epochs": 0}, "epochs is 0, but must be above 0"),
        ({"chunk": 6}, r"chunk is 6, but must be above wrong \(6\)"),
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        replace(CrossTraining(), **change)
