"""A model that was taught to write, behind the channel that matches what it writes: the promises of every channel."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tagwright.recall.described import Described
from tagwright.testing import check_channel, documents, vocabulary
from tagwright.training.described import GeneratorTraining
from tagwright.training.generator import GeneratorRun
from tagwright.training.lessons import Lessons

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.mark.parametrize("seq2seq", [True, False], ids=["t5", "llama"])
def test_a_taught_model_keeps_every_promise_of_a_channel(
    make_writer: Callable[..., Path], seq2seq: bool, tmp_path: Path
) -> None:
    known, tagged = vocabulary(), [document for document in documents() if document.tags]
    said = " ".join([*(one.text for one in tagged), *known.names, *known.descriptions, ":"])
    base = make_writer(list(dict.fromkeys(re.findall(r"\w+|[^\w\s]", said))), seq2seq=seq2seq)
    gold = [known.positions(one.tags or ()) for one in tagged]
    lessons = Lessons(tagged, gold, [np.empty(0, np.int32)] * len(gold), known)
    settings = GeneratorTraining(
        base=str(base), rank=0, balance=1.0, instruction="", cue=":", length=30, most_tokens=16, epochs=25.0,
        learning_rate=5e-3, dev=0, device="cpu",
    )  # fmt: skip
    nobody = Lessons([], [], [], known)
    run = GeneratorRun(lessons, nobody, [one.id for one in tagged], tmp_path / "taught", settings)
    run.run()
    check_channel(partial(Described, model=str(run.out)))
