"""A label-guided classifier is taught: what is served is what was learned, and a kill changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.encoders.base import unit_rows
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.recall.labelweights import ARRAYS, MANIFEST, TAGS, Weights
from tagwright.testing.tables import code_in
from tagwright.training.labeldata import LabelExamples, LabelTraining, Steps
from tagwright.training.labelguided import LabelRun, ndcg_at_10
from tagwright.training.labelnetwork import Network

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

NAMES = [f"t:{n}" for n in range(120)]
FEW = LabelTraining(epochs=4, batch=20, tags=60, wrong=0, dev=0.1, dropout=0.1, device="cpu", save_minutes=1e-9)
LONG = replace(FEW, epochs=15, batch=50, learning_rate=5e-3, patience=9, save_minutes=9)
FILES = sorted([MANIFEST, "seen.npy", TAGS, *(f"{name}.npy" for name in ARRAYS)])


class Killed(BaseException):
    pass


@cache
def turned(n: int, width: int = 16) -> LabelExamples:
    """Documents that lie near the sum of their two tags after a hidden turn of the space: no cosine sees it.

    The last twenty tags have no document.
    """
    random = np.random.default_rng(0)
    tags = unit_rows(random.standard_normal((120, width)))
    places, signs = random.permutation(width), random.choice([-1.0, 1.0], width)
    right = [np.sort(random.choice(100, 2, replace=False)) for _ in range(n)]
    sums = np.array([tags[own].sum(axis=0) for own in right])[:, places] * signs
    documents = unit_rows(sums + 0.05 * random.standard_normal((n, width)))
    none = [np.empty(0, dtype=np.int64)] * n
    return LabelExamples([str(row) for row in range(n)], documents, tags, right, none, "turned", NAMES)


def part(of: LabelExamples, rows: slice) -> LabelExamples:
    return replace(of, ids=of.ids[rows], documents=of.documents[rows], right=of.right[rows], hard=of.hard[rows])


def asked(folder: Path, documents: Any, tags: Any) -> Any:
    weights = Weights.read(Folder.read(folder, MANIFEST))
    return weights.logits(documents, weights.placed(tags, np.arange(len(tags))))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# --- the network -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guided", [True, False])
@pytest.mark.parametrize("head", ["labels", "linear"])
def test_what_is_served_is_what_torch_says(head: str, guided: bool) -> None:
    settings, of = replace(FEW, head=head, guided=guided, loss="softmax"), turned(60)
    made = Network(settings.form(16), 120, settings, "cpu")
    for values in made.learned:
        values.data += 0.05 * torch.randn_like(values)
    step = Steps(of.right, of.hard, np.arange(60), np.arange(120), batch=60, drawn=200, likely=0).step(0)
    with torch.no_grad():
        x, y = (torch.from_numpy(vectors) for vectors in (of.documents[step.rows], of.tags))
        expected = made.logits(made.moved("documents", x), made.moved("tags", y), step, training=False).numpy()
    weights = Weights(made.form, made.arrays(), NAMES)
    found = weights.logits(of.documents[step.rows], weights.placed(of.tags, np.arange(120)))
    assert expected.std() > 0.1 and np.abs(found - expected).max() < 1e-4


def test_gold_has_no_part_in_what_is_said() -> None:
    of, settings = turned(60), replace(FEW, tags=200)
    made = Network(settings.form(16), 120, settings, "cpu")
    one, other = (
        Steps(right, of.hard, np.arange(60), np.arange(120), batch=60, drawn=200, likely=0).step(0)
        for right in (of.right, of.right[::-1])
    )
    assert not np.array_equal(one.right, other.right)
    x, y = (torch.from_numpy(vectors) for vectors in (of.documents, of.tags))
    assert torch.equal(*(made.logits(x, y, step, training=False) for step in (one, other)))


def test_tags_that_were_drawn_speak_for_those_that_were_not() -> None:
    """Every tag twice, of which one is shown and stands for both: all is as if both had been shown."""
    settings = replace(FEW, labels_weight=0.0)
    of = turned(20)
    both = replace(of, tags=np.concatenate([of.tags, of.tags]), tag_ids=[*NAMES, *(f"{name}b" for name in NAMES)])
    made = Network(settings.form(16), 240, settings, "cpu")
    x, y = torch.from_numpy(both.documents), torch.from_numpy(both.tags)
    right = np.zeros((20, 240), dtype=bool)
    step = Steps(of.right, of.hard, np.arange(20), np.arange(240), batch=20, drawn=999, likely=0).step(0)
    whole = replace(step, rows=np.arange(20), right=right, used=np.ones(240, dtype=bool))
    half = replace(
        whole, tags=np.arange(120), right=right[:, :120], stands=np.full(120, 2, dtype=np.float32),
        used=np.ones(120, dtype=bool),
    )  # fmt: skip
    apart = made.logits(x, y, whole, training=False)[:, :120] - made.logits(x, y[:120], half, training=False)
    assert float(apart.detach().abs().max()) < 1e-4
    made.settings = replace(settings, dropout=0.0)
    losses = [float(made.loss(*given).detach()) for given in ((x, y, whole), (x, y[:120], half))]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize(
    ("key", "value"), [("labels_weight", 0.0), ("documents_weight", 0.0), ("weighting", "literal")]
)
def test_the_contrastive_losses_have_a_part_in_what_is_learned(key: str, value: Any) -> None:
    of = turned(60)
    of = replace(of, right=[of.right[row // 3] for row in range(60)])
    settings = replace(FEW, dropout=0.0)
    step = Steps(of.right, of.hard, np.arange(60), np.arange(120), batch=60, drawn=60, likely=0).step(0)
    x, y = torch.from_numpy(of.documents[step.rows]), torch.from_numpy(of.tags[step.tags])
    losses = [
        float(Network(one.form(16), 120, one, "cpu").loss(x, y, step).detach())
        for one in (settings, replace(settings, **{key: value}))
    ]
    assert losses[0] != losses[1]


def test_before_the_first_step_it_says_what_the_cosine_says_as_often_as_tags_are_right() -> None:
    of, settings = turned(60), replace(FEW, tags=200)
    made = Network(settings.form(16), 120, settings, "cpu")
    step = Steps(of.right, of.hard, np.arange(60), np.arange(120), batch=16, drawn=200, likely=0).step(0)
    made.begin(of.documents[step.rows], of.tags, step)
    weights = Weights(made.form, made.arrays(), NAMES)
    logits = weights.logits(of.documents[step.rows], weights.placed(of.tags, np.arange(120)))
    assert np.allclose(
        logits - logits.mean(), 20 * (cosines := of.documents[step.rows] @ of.tags.T) - 20 * cosines.mean(), atol=1e-4
    )
    assert (1 / (1 + np.exp(-logits)))[:, step.used].sum() == pytest.approx(step.right.sum(), rel=1e-3)


# --- what is learned -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"loss": "softmax"}, {"guided": False}, {"head": "linear", "dropout": 0.0}], ids=str
)
def test_what_no_cosine_sees_is_learned(options: dict[str, Any], tmp_path: Path) -> None:
    of, settings = turned(1400), replace(LONG, **options)
    run = LabelRun(part(of, slice(1200)), tmp_path / "made", settings)
    history = run.run()
    new, right = of.documents[1200:], of.right[1200:]
    untaught = ndcg_at_10(new @ of.tags.T, right)
    taught = ndcg_at_10(asked(run.out, new, of.tags), right)
    assert untaught < 0.15 and taught > 0.8, (untaught, taught)
    assert np.mean(history.losses[-5:]) < 0.5 * np.mean(history.losses[:5])


def test_a_tag_without_a_document_is_found_by_the_head_that_compares(tmp_path: Path) -> None:
    of = turned(1400)
    new = unit_rows(np.array([of.tags[[a, a + 10]].sum(axis=0) for a in range(100, 110)]))
    # The turn of the space, as `turned` draws it.
    random = np.random.default_rng(0)
    random.standard_normal((120, 16))
    places, signs = random.permutation(16), random.choice([-1.0, 1.0], 16)
    new = (new[:, places] * signs).astype(np.float32)
    LabelRun(of, tmp_path / "made", LONG).run()
    logits = asked(tmp_path / "made", new, of.tags)
    gold = [np.array([a, a + 10]) for a in range(100, 110)]
    assert ndcg_at_10(new @ of.tags.T, gold) < 0.2
    assert ndcg_at_10(logits, gold) > 0.6


def test_a_folder_holds_weights_and_manifest_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    of = turned(60)
    of = replace(of, right=[np.empty(0, dtype=np.int64), *of.right[1:]])
    run = LabelRun(of, tmp_path / "made", FEW)
    history = run.run()
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert list(contents(run.out)) == FILES and code_in(run.out) == []
    said = json.loads((run.out / MANIFEST).read_text())
    assert (said["backbone"], said["encoder"], said["documents"], said["head"]) == ("frozen", "turned", 59, "labels")
    assert said["losses"] == history.losses and 0 < said["entropy"] < np.log(120) and 0 <= said["partnered"] < 0.2
    assert Seen.read(run.out).of(of.ids).tolist() == [False] + [True] * 59, "those that chose the moment are seen, too"
    assert run.carried_out()
    with pytest.raises(OutputError, match="exists already"):
        LabelRun(of, run.out, replace(FEW, seed=1)).run()


def test_the_temperature_spreads_the_attention(tmp_path: Path) -> None:
    said = []
    for temperature in (1.0, 4.0, 100.0):
        run = LabelRun(turned(60), tmp_path / str(temperature), replace(FEW, epochs=1, temperature=temperature))
        run.run()
        said.append(json.loads((run.out / MANIFEST).read_text())["entropy"])
    assert said[0] < said[1] < said[2] == pytest.approx(np.log(120), abs=0.05)


@pytest.mark.parametrize("where", [1, 2, 4, 7])
def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(where: int, tmp_path: Path) -> None:
    def kill(stage: str, done: int, total: int | None) -> None:
        if done == where:
            raise Killed

    of = turned(60)
    LabelRun(of, tmp_path / "whole", FEW).run()
    with pytest.raises(Killed):
        LabelRun(of, tmp_path / "part", FEW).run(kill)
    assert not (tmp_path / "part").exists()
    run = LabelRun(of, tmp_path / "part", FEW)
    assert run.run().resumed_at == where
    assert contents(run.out) == contents(tmp_path / "whole")


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    made: list[dict[str, bytes]] = []
    for number, seed in enumerate([0, 0, 1]):
        run = LabelRun(turned(60), tmp_path / str(number), replace(FEW, seed=seed))
        run.run()
        made.append(contents(run.out))
    assert made[0] == made[1] and made[0]["weight1.npy"] != made[2]["weight1.npy"]


def test_what_cannot_be_taught_is_refused(tmp_path: Path) -> None:
    of = turned(60)
    with pytest.raises(InputError, match="it takes two"):
        LabelRun(part(of, slice(1)), tmp_path / "made", FEW)
    with pytest.raises(ConfigError, match="backbone is 'minilm'"):
        LabelRun(of, tmp_path / "made", replace(FEW, backbone="minilm"))


def test_it_says_how_long_it_will_take_and_nothing_is_learned_by_asking(tmp_path: Path) -> None:
    run, other = (LabelRun(turned(60), tmp_path / name, FEW) for name in ("one", "other"))
    assert 0 < run.seconds() < 60
    run.run()
    other.run()
    assert contents(run.out) == contents(other.out)


def test_a_few_of_many_tags_teach_nearly_as_well_as_all(tmp_path: Path) -> None:
    of, found = turned(1400), {}
    for tags in (30, 200):
        settings = replace(LONG, tags=tags)
        run = LabelRun(part(of, slice(1200)), tmp_path / str(tags), settings)
        run.run()
        found[tags] = ndcg_at_10(asked(run.out, of.documents[1200:], of.tags), of.right[1200:])
    assert found[30] > found[200] - 0.1, found
