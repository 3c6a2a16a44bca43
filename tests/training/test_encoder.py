"""An encoder is taught: it finds the library's tags better, is served without torch, and a kill changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.encoders.onnx import Onnx
from tagwright.encoders.seen import Seen
from tagwright.encoders.transformer import Transformer
from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.training.encoder import MANIFEST, SENTENCES, EncoderRun
from tagwright.training.lessons import Lessons, Parts
from tagwright.training.options import EncoderTraining
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("onnxruntime")

TAGS = 12
NAMES = [f"name{n}" for n in range(TAGS)]


class Killed(BaseException):
    """As by the system."""


@pytest.fixture
def settings(speakers: str) -> EncoderTraining:
    return EncoderTraining(
        base=speakers, epochs=2, batch=20, chunk=20, wrong=2, titles=0.0, learning_rate=5e-3, held_out=0.25, dev=0.2,
        patience=50, device="cpu", save_minutes=1e-9,
    )  # fmt: skip


@pytest.fixture(scope="module")
def library(spoken: Callable[..., list[Document]]) -> tuple[list[Document], Vocabulary]:
    documents = spoken(240, TAGS, ways=2, noise=3, noises=20)
    return documents, Vocabulary.from_tags([Tag(f"t:{n}", name) for n, name in enumerate(NAMES)])


@pytest.fixture
def run(
    library: tuple[list[Document], Vocabulary], lessons_of: Callable[..., Lessons], tmp_path: Path
) -> Callable[..., EncoderRun]:
    documents, vocabulary = library

    def make(settings: EncoderTraining, name: str = "made", watch: Any = None) -> EncoderRun:
        parts = Parts.of(documents, held_out=settings.held_out, dev=settings.dev, seed=settings.seed)
        return EncoderRun(lessons_of(parts.taught, vocabulary, 6), parts, tmp_path / name, settings, watch)

    return make


def recall(encoder: Any, documents: list[Document], at: int = 2) -> float:
    """The share of the documents' tags that are among the first ones by cosine."""
    product = encoder.encode([one.text for one in documents]) @ encoder.encode(NAMES).T
    best = np.argsort(-product, axis=1)[:, :at]
    found = [len({f"t:{n}" for n in row} & set(one.tags or ())) for row, one in zip(best, documents, strict=True)]
    return sum(found) / sum(len(one.tags or ()) for one in documents)


def weights(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / SENTENCES).rglob("*.safetensors")))


@pytest.mark.parametrize("loss", ["ranking", "decoupled"])
def test_what_was_never_seen_is_tagged_better_than_untaught(
    run: Callable[..., EncoderRun], settings: EncoderTraining, speakers: str, loss: str
) -> None:
    made = run(replace(settings, loss=loss, epochs=12))
    history = made.run()
    held_out = made.parts.held_out
    assert len(held_out) > 40
    assert recall(Transformer(speakers), held_out) < 0.45
    assert recall(Onnx(str(made.out)), held_out) > 0.65
    assert history.best is not None and history.best[1] > history.scores[0][1]
    assert np.mean(history.losses[-5:]) < 0.7 * np.mean(history.losses[:5])


def test_the_folder_is_served_without_torch_and_knows_what_it_was_taught_with(
    run: Callable[..., EncoderRun], settings: EncoderTraining, tmp_path: Path
) -> None:
    made = run(settings)
    made.run()
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("sentences")] == ["made"]
    served, taught = Onnx(str(made.out)), Transformer(str(made.out / SENTENCES))
    texts = [one.text for one in made.parts.held_out[:10]]
    assert np.einsum("ij,ij->i", served.encode(texts), taught.encode(texts)).min() > 0.98
    ids = [one.id for one in [*made.parts.taught, *made.parts.dev]]
    assert served.seen.of(ids).all() and not served.seen.of([one.id for one in made.parts.held_out]).any()
    assert np.array_equal(served.seen.hashes, Seen.from_ids(ids).hashes)
    said = json.loads((made.out / MANIFEST).read_text())
    assert said["documents"] == len(made.parts.taught) and said["settings"]["loss"] == "decoupled"
    assert len(said["loss"]) == made.steps and said["ndcg@10"]


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(
    run: Callable[..., EncoderRun], settings: EncoderTraining
) -> None:
    settings = replace(settings, epochs=3, save_minutes=1e-9)
    whole = run(settings, "whole").run()
    for at in (1, 4, 7):

        def kill(stage: str, done: int, total: int | None, at: int = at) -> None:
            if done == at:
                raise Killed

        with pytest.raises(Killed):
            run(settings, "part").run(kill)
    went_on = run(settings, "part")
    history = went_on.run()
    assert history.resumed_at == 7 and history.losses == whole.losses and history.scores == whole.scores
    assert weights(went_on.out) == weights(went_on.out.with_name("whole"))
    assert not list(went_on.out.parent.glob(".part*"))


def test_the_best_moment_is_kept_although_the_run_went_on(
    run: Callable[..., EncoderRun], settings: EncoderTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.2, 0.9, 0.3, 0.3, 0.3])
    monkeypatch.setattr(EncoderRun, "look", lambda self, done: next(scores) if done % 2 == 0 else None)
    states: list[Any] = []
    step = EncoderRun.descend

    def descend(self: EncoderRun, number: int) -> float:
        states.append([one.detach().clone() for one in self.learned])
        return step(self, number)

    monkeypatch.setattr(EncoderRun, "descend", descend)
    made = run(replace(settings, epochs=9, patience=3))
    history = made.run()
    assert history.best == (4, 0.9) and len(history.losses) == 10, "three looks without a better score end it"
    assert all(torch.equal(one, other) for one, other in zip(made.learned, states[4], strict=True))


@pytest.mark.parametrize("neighbours", [0.0, 0.5])
def test_what_passes_in_parts_has_the_gradient_of_the_whole(
    run: Callable[..., EncoderRun], settings: EncoderTraining, neighbours: float
) -> None:
    slopes = []
    for chunk in (20, 7):
        made = run(replace(settings, chunk=chunk, neighbours=neighbours, learning_rate=1e-3))
        for module in made._model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        loss = made.descend(0)
        slopes.append((loss, [one.grad.clone() for one in made.learned if one.grad is not None]))
    assert slopes[0][0] == pytest.approx(slopes[1][0], rel=1e-5)
    for one, other in zip(slopes[0][1], slopes[1][1], strict=True):
        assert torch.allclose(one, other, atol=2e-6)


def test_the_plan_tells_what_a_run_will_take_and_learns_nothing(
    run: Callable[..., EncoderRun], settings: EncoderTraining
) -> None:
    made, untold = run(settings, "a"), run(settings, "b")
    plan = made.plan
    assert (plan.documents, plan.held_out) == (len(made.parts.taught), len(made.parts.held_out))
    assert plan.pairs == made.lessons.pairs and plan.steps == made.steps and plan.seconds > 0
    assert made.run().losses == untold.run().losses


def test_a_taught_encoder_can_be_taught_on(run: Callable[..., EncoderRun], settings: EncoderTraining) -> None:
    first = run(replace(settings, epochs=6), "first")
    before = first.run()
    again = run(replace(settings, epochs=1, base=str(first.out)), "again").run()
    assert np.mean(again.losses[:3]) < 0.8 * np.mean(before.losses[:3])


def test_what_cannot_be_done_is_said_before_anything_is_made(
    run: Callable[..., EncoderRun], settings: EncoderTraining, tmp_path: Path
) -> None:
    run(settings, "there").out.mkdir()
    with pytest.raises(OutputError, match="exists already"):
        run(settings, "there").run()
    with pytest.raises(ConfigError, match="no loss 'hinge'"):
        replace(settings, loss="hinge")
    with pytest.raises(ConfigError, match=r"held_out is 1\.0"):
        replace(settings, held_out=1.0)
    with pytest.raises(ConfigError, match="cannot be opened"):
        run(replace(settings, base=str(tmp_path / "there")), "x").run()
    made = run(settings)
    with pytest.raises(InputError, match="no tagged document"):
        EncoderRun(Lessons([], [], [], made.lessons.vocabulary), made.parts, tmp_path / "y", settings)

    def kill(stage: str, done: int, total: int | None) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        run(settings, "other").run(kill)
    with pytest.raises(OutputError, match="was not finished"):
        run(replace(settings, loss="cosent"), "other").run()


def test_whoever_watches_is_told_at_each_checkpoint_and_at_the_end(
    run: Callable[..., EncoderRun], settings: EncoderTraining
) -> None:
    told: list[tuple[int, int, bool]] = []
    made = run(settings, watch=lambda history, steps, finished: told.append((len(history.losses), steps, finished)))
    made.run()
    assert told[-1] == (made.steps, made.steps, True) and not any(finished for _, _, finished in told[:-1])
    assert [done for done, _, _ in told[:-1]] == list(range(1, made.steps))
