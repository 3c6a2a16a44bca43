"""A cross-encoder is taught: what no word tells it learns, it is served in int8, and a kill changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.encoders.folder import MODEL, TOKENIZER
from tagwright.encoders.transformer import open_sentences
from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.rerank.cross import MANIFEST, Cross
from tagwright.training.crossencoder import CrossRun
from tagwright.training.crossgroups import ndcg
from tagwright.training.crossmodel import LOSSES
from tagwright.training.descent import History
from tagwright.training.lessons import Lessons, Parts
from tagwright.training.options import CrossTraining
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("onnxruntime")

TAGS = 8
# What a tag is called, and with which word documents speak of it: nobody knows the one from the other untaught.
NAMES = [f"name{n}" for n in range(TAGS)]
WORDS = [f"word{n}" for n in range(TAGS)]
NOISE = [f"noise{n}" for n in range(10)]
VOCABULARY = Vocabulary.from_tags([Tag(f"t:{n}", name) for n, name in enumerate(NAMES)])
LONG = 16.0  # epochs, enough to learn it


class Killed(BaseException):
    """As by the system."""


@pytest.fixture(scope="module")
def base(make_sentences: Callable[[list[str]], Path]) -> str:
    """A model whose tokens look at each other; drawn as usual they do not, and take an age to begin."""
    folder = make_sentences([*NAMES, *WORDS, *NOISE])
    sentences = open_sentences(str(folder))
    with torch.no_grad():
        for module in sentences.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight *= 10
    sentences.save_pretrained(str(folder.with_name("attentive")), create_model_card=False)
    return str(folder.with_name("attentive"))


@pytest.fixture(scope="module")
def parts(spoken: Callable[..., list[Document]]) -> Parts:
    return Parts.of(spoken(400, TAGS, ways=1, noise=2, noises=len(NOISE)), held_out=0.2, dev=0.1, seed=0)


@pytest.fixture(scope="module")
def settings(base: str) -> CrossTraining:
    return CrossTraining(
        base=base, epochs=0.4, learning_rate=3e-3, batch=16, chunk=64, wrong=4, length=24, looks=1, patience=99,
        save_minutes=1e-9, device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., CrossRun]:
    """A run towards a new folder: ``run(settings, "name")``; the same name once more with ``at=run.out.parent``."""

    def make(settings: CrossTraining, name: str = "made", watch: Any = None, at: Path | None = None) -> CrossRun:
        seen = [one.id for one in [*parts.taught, *parts.dev]]
        out = (at or tmp_path_factory.mktemp("cross")) / name
        return CrossRun(lessons(parts.taught), lessons(parts.dev), seen, out, settings, watch)

    return make


@pytest.fixture(scope="module")
def taught(run: Callable[..., CrossRun], settings: CrossTraining) -> CrossRun:
    made = run(replace(settings, epochs=LONG, save_minutes=5))
    made.run()
    return made


def lessons(documents: list[Document]) -> Lessons:
    gold = [np.unique(VOCABULARY.positions(one.tags or ())).astype(np.int32) for one in documents]
    return Lessons(documents, gold, [np.setdiff1d(np.arange(TAGS, dtype=np.int32), own) for own in gold], VOCABULARY)


def served(folder: Path, **options: Any) -> Cross:
    made = Cross(name="cross", model=str(folder), **options)
    made.know(VOCABULARY)
    return made


def scores(made: Cross, documents: list[Document]) -> Any:
    """(n_documents, n_tags)."""
    owners, tags = np.divmod(np.arange(len(documents) * TAGS), TAGS)
    table = Candidates.from_pairs(len(documents), owners, tags, {"fused": -tags.astype(np.float32)})
    return made.score(documents, table).column("cross.score").reshape(-1, TAGS)


def found(folder: Path, documents: list[Document]) -> float:
    """Mean nDCG@10 of the tags by their scores; in any order it is 0.55."""
    rows = zip(scores(served(folder), documents), lessons(documents).gold, strict=True)
    return float(np.mean([ndcg(np.concatenate([np.delete(row, own), row[own]]), TAGS - len(own)) for row, own in rows]))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_was_never_seen_is_ordered_far_better_than_by_chance(
    taught: CrossRun, run: Callable[..., CrossRun], settings: CrossTraining, parts: Parts
) -> None:
    untaught = run(settings)
    untaught.work.mkdir()
    untaught.publish(History())
    assert len(parts.held_out) > 60 and found(untaught.out, parts.held_out) < 0.65
    assert found(taught.out, parts.held_out) > 0.85


def test_the_other_loss_learns_it_too(run: Callable[..., CrossRun], settings: CrossTraining, parts: Parts) -> None:
    made = run(replace(settings, epochs=LONG, loss="bce", save_minutes=5))
    made.run()
    assert found(made.out, parts.held_out) > 0.85


@pytest.mark.parametrize("loss", LOSSES)
def test_what_passes_in_parts_has_the_gradient_of_the_whole(
    run: Callable[..., CrossRun], settings: CrossTraining, loss: str
) -> None:
    slopes = []
    for chunk in (256, 7):
        made = run(replace(settings, chunk=chunk, loss=loss))
        for module in made._model.transformer.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        passed: list[int] = []
        logits = made._model.logits
        object.__setattr__(
            made._model, "logits", lambda pairs, own=logits, to=passed: to.append(len(pairs)) or own(pairs)
        )
        loss_there = made.descend(0)
        slopes.append((loss_there, [one.grad for one in made.learned if one.grad is not None]))
        assert max(passed) <= chunk and (len(passed) == 1) == (chunk == 256)
    assert slopes[0][0] == pytest.approx(slopes[1][0], rel=1e-5)
    for one, other in zip(slopes[0][1], slopes[1][1], strict=True):
        assert torch.allclose(one, other, atol=2e-6)


def test_what_is_served_in_int8_has_the_order_of_torch(taught: CrossRun, parts: Parts) -> None:
    of, groups = lessons(parts.held_out), []
    groups = CrossRun(of, of, [], taught.out.with_name("other"), taught.settings)._dev
    logits = np.array(taught._judged(of, groups, exact=True))
    places = np.array([group.tags for group in groups])
    found = np.take_along_axis(scores(served(taught.out), parts.held_out), places, axis=1)
    expected = 1 / (1 + np.exp(-logits))
    assert np.abs(found - expected).max() < 0.1
    one, other = np.triu_indices(TAGS, 1)
    assert ((found[:, one] > found[:, other]) == (expected[:, one] > expected[:, other])).mean() > 0.97
    said = json.loads((taught.out / MANIFEST).read_text())["int8"]
    assert said["order"] > 0.97 and said["mean"] <= said["largest"] < 0.1 and said["pairs"] == 10 * TAGS


def test_a_score_does_not_depend_on_company(taught: CrossRun, parts: Parts) -> None:
    documents = parts.held_out[:6]
    together = scores(served(taught.out), documents)
    assert scores(served(taught.out, threads=3), documents).tobytes() == together.tobytes()
    for document, row in zip(documents, together, strict=True):
        for tag in (0, 5):
            pair = Candidates.from_pairs(1, np.zeros(1, dtype=int), np.array([tag]), {"fused": np.ones(1)})
            assert served(taught.out).score([document], pair).column("cross.score")[0] == row[tag]


def test_scores_are_probabilities_on_the_documents_that_chose_the_best_moment(taught: CrossRun, parts: Parts) -> None:
    right = sum(len(one.tags or ()) for one in parts.dev)
    assert scores(served(taught.out), parts.dev).sum() == pytest.approx(right, rel=0.02)


def test_the_folder_knows_what_it_was_taught_with(taught: CrossRun, parts: Parts) -> None:
    assert set(contents(taught.out)) == {MODEL, TOKENIZER, MANIFEST, "seen.npy"}
    assert [path.name for path in taught.out.parent.iterdir()] == [taught.out.name]
    seen = served(taught.out).seen
    assert seen.of([one.id for one in [*parts.taught, *parts.dev]]).all()
    assert not seen.of([one.id for one in parts.held_out]).any()
    said = json.loads((taught.out / MANIFEST).read_text())
    assert said["settings"]["loss"] == "decoupled" and said["length"] == 24
    assert len(said["losses"]) == taught.steps and said["best"] in said["ndcg@10"]
    assert (said["documents"], said["dev"]) == (len(parts.taught), len(parts.dev))


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(
    run: Callable[..., CrossRun], settings: CrossTraining
) -> None:
    first = run(settings, "whole")
    whole = first.run()
    assert len(whole.losses) > 6
    for at in (1, 4, 6):

        def kill(stage: str, done: int, total: int | None, at: int = at) -> None:
            if done == at:
                raise Killed

        with pytest.raises(Killed):
            run(settings, "part", at=first.out.parent).run(kill)
    went_on = run(settings, "part", at=first.out.parent)
    assert not went_on.carried_out()
    history = went_on.run()
    assert history.resumed_at == 6 and history.losses == whole.losses and history.scores == whole.scores
    assert contents(went_on.out) == contents(first.out)
    assert not list(went_on.out.parent.glob(".part*"))
    assert went_on.carried_out() and run(settings, "part", at=first.out.parent).carried_out()


def test_the_plan_tells_what_a_run_will_take_and_learns_nothing(
    run: Callable[..., CrossRun], settings: CrossTraining, parts: Parts
) -> None:
    made, untold = run(settings), run(settings)
    plan = made.plan
    assert (plan.documents, plan.dev, plan.steps) == (len(parts.taught), len(parts.dev), made.steps)
    assert plan.pairs == made.lessons.pairs and plan.device == "cpu" and made.seconds() == plan.seconds > 0
    assert not made.out.exists() and not made.work.exists()
    assert made.run().losses == untold.run().losses
    assert contents(made.out) == contents(untold.out)


def test_a_taught_encoder_can_be_the_base_and_whoever_watches_is_told(
    run: Callable[..., CrossRun], settings: CrossTraining, base: str, tmp_path: Path
) -> None:
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "sentences").symlink_to(base)
    told: list[tuple[int, int, bool]] = []
    made = run(
        replace(settings, base=str(tmp_path / "encoder"), epochs=0.1),
        watch=lambda history, steps, finished: told.append((len(history.losses), steps, finished)),
    )
    assert made._model.base == run(settings)._model.base and made._model.typed
    made.run()
    assert told[-1] == (made.steps, made.steps, True) and told[0] == (1, made.steps, False)


def test_what_cannot_be_done_is_said_before_anything_is_made(
    run: Callable[..., CrossRun], settings: CrossTraining, tmp_path: Path
) -> None:
    made = run(settings)
    made.out.mkdir()
    with pytest.raises(OutputError, match="exists already"):
        made.run()
    with pytest.raises(ConfigError, match="cannot be opened"):
        run(replace(settings, base=str(tmp_path))).run()
    with pytest.raises(InputError, match="nothing to tell apart"):
        CrossRun(lessons([]), lessons([]), [], tmp_path / "x", settings)

    def kill(stage: str, done: int, total: int | None) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        run(settings, "other", at=tmp_path).run(kill)
    with pytest.raises(OutputError, match="was not finished"):
        run(replace(settings, loss="bce"), "other", at=tmp_path).run()


def test_without_a_dev_part_nothing_is_looked_at_and_all_steps_are_taken(
    run: Callable[..., CrossRun], settings: CrossTraining, parts: Parts, tmp_path: Path
) -> None:
    made = CrossRun(lessons(parts.taught), lessons([]), [], tmp_path / "x", settings)
    history = made.run()
    assert history.scores == [] and len(history.losses) == made.steps
    assert json.loads((made.out / MANIFEST).read_text())["best"] is None
