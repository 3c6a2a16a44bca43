"""The pair model is taught: network and loss of the paper, what is served is what was learned, kills change nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tagwright.training.device as device
import tagwright.training.pairs as pairs
from tagwright.encoders.base import unit_rows
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError, InputError, MissingExtraError, OutputError
from tagwright.recall.spaces import MeaningSpace
from tagwright.rerank.pairs import ARRAYS, HEADS, MANIFEST, Layers, Pairs
from tagwright.testing import Told
from tagwright.testing.tables import code_in
from tagwright.training.pairdata import PairExamples, PairTraining
from tagwright.training.pairs import entrance, network, pair_loss, train_pairs
from tagwright.types import Document

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

FEW = PairTraining(epochs=4, batch=64, negatives=2, device="cpu")
FILES = sorted([MANIFEST, "seen.npy", *(f"{name}.npy" for name in ARRAYS)])


class Killed(BaseException):
    pass


@cache
def turned(n: int, width: int = 16, n_tags: int = 120) -> PairExamples:
    """Documents that lie near the sum of their two tags after a hidden turn of the space: no cosine sees it."""
    random = np.random.default_rng(0)
    tags = unit_rows(random.standard_normal((n_tags, width)))
    places, signs = random.permutation(width), random.choice([-1.0, 1.0], width)
    right = [np.sort(random.choice(n_tags, 2, replace=False)) for _ in range(n)]
    sums = np.array([tags[own].sum(axis=0) for own in right])[:, places] * signs
    documents = unit_rows(sums + 0.05 * random.standard_normal((n, width)))
    ids = [str(number) for number in range(n)]
    return PairExamples(ids, documents, tags, right, [np.empty(0, dtype=np.int64)] * n, "turned")


def part(of: PairExamples, rows: slice) -> PairExamples:
    return PairExamples(of.ids[rows], of.documents[rows], of.tags, of.right[rows], of.hard[rows], of.encoder)


def served(folder: Path) -> Layers:
    opened = Folder.read(folder, MANIFEST)
    return Layers(opened.said["head"], {name: opened.array(f"{name}.npy") for name in ARRAYS})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# --- the network and its loss ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("head", "first"), [("concat", 768), ("compared", 1536)])
def test_the_layers_for_384_numbers_are_those_of_the_paper(head: str, first: int) -> None:
    made = network(head, 384, 0.5)
    shapes = [tuple(parameter.shape) for parameter in made.parameters()]
    assert shapes == [(1536, first), (1536,), (1024, 1536), (1024,), (1, 1024), (1,)]
    names = [type(layer).__name__ for layer in made]
    assert names == ["Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert made[2].p == made[5].p == 0.5
    ones = torch.ones(3, 384)
    assert entrance(head, ones, ones).shape == (3, first)


def test_the_first_weights_are_kaimings() -> None:
    torch.manual_seed(0)
    one, two, three = (layer for layer in network("concat", 128, 0.5) if hasattr(layer, "weight"))
    for layer in (one, two, three):
        assert float(layer.weight.detach().std()) == pytest.approx((2 / layer.in_features) ** 0.5, rel=0.05)
        assert not layer.bias.any()


def test_the_loss_is_that_of_logits_and_not_the_one_that_is_printed() -> None:
    def f(z: float) -> float:
        return -log(1 + exp(-z))

    def printed(said: float, label: float) -> float:
        return -(label * f(said) + (1 - label) * f(1 - said))

    def ours(said: float, label: float) -> float:
        return float(pair_loss(torch.tensor([float(said)]), torch.tensor([float(label)])))

    assert ours(3, 1) == pytest.approx(printed(3, 1)) == pytest.approx(log(1 + exp(-3)))
    assert ours(3, 0) == pytest.approx(log(1 + exp(3))) == pytest.approx(3.0486, abs=1e-4)
    assert printed(3, 0) == pytest.approx(log(1 + exp(2))) == pytest.approx(2.1269, abs=1e-4)
    said, labels = torch.tensor([3.0, -1.0, 0.5]), torch.tensor([0.0, 1.0, 0.0])
    assert float(pair_loss(said, labels)) == pytest.approx(float(torch.nn.BCEWithLogitsLoss()(said, labels)))


def test_dropout_is_off_where_the_network_is_asked() -> None:
    torch.manual_seed(0)
    made, rows = network("concat", 8, 0.5), torch.ones(4, 16)
    made.eval()
    assert torch.equal(made(rows), made(rows))
    made.train()
    assert not torch.equal(made(rows), made(rows))


@pytest.mark.parametrize("head", HEADS)
def test_what_is_served_is_what_torch_says(head: str) -> None:
    torch.manual_seed(0)
    made, of = network(head, 16, 0.5).eval(), turned(300)
    for layer in made:
        if hasattr(layer, "bias"):
            torch.nn.init.normal_(layer.bias, std=0.1)
    arrays = {name: values.detach().numpy() for name, values in zip(ARRAYS, made.parameters(), strict=True)}
    owners, rows = np.divmod(np.arange(300 * 40), 40)
    with torch.no_grad():
        beside = entrance(head, torch.from_numpy(of.documents)[owners], torch.from_numpy(of.tags)[rows])
        expected = made(beside)[:, 0].numpy()
    found = Layers(head, arrays).logits(of.documents, of.tags, owners, rows)
    assert np.abs(expected).max() > 0.1 and np.abs(found - expected).max() < 1e-5


# --- what is learned -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", HEADS)
def test_what_no_cosine_sees_is_learned(head: str, tmp_path: Path) -> None:
    of = turned(1400)
    settings = PairTraining(head=head, epochs=10, batch=128, dropout=0.2, device="cpu")
    train_pairs(part(of, slice(1200)), tmp_path / "model", settings)
    new, right = of.documents[1200:], of.right[1200:]
    _, found, _ = served(tmp_path / "model").scan(new, of.tags, 10)
    cosine = np.argsort(-(new @ of.tags.T), axis=1)[:, :10]

    def recall(top: Any) -> float:
        return float(np.mean([len(set(own) & set(best)) / 2 for own, best in zip(right, top, strict=True)]))

    assert recall(cosine) < 0.15, "ten of 120 by chance are 0.08"
    assert recall(found.reshape(-1, 10)) > 0.9


def test_a_folder_is_what_the_reranker_reads(tmp_path: Path) -> None:
    told = Told({"one": (1.0, 0.0), "two": (0.0, 1.0)})
    of = replace(turned(60, width=2, n_tags=8), encoder=told.fingerprint)
    done = train_pairs(of, tmp_path / "model", FEW)
    made = Pairs(name="pairs", meaning=MeaningSpace(told), model=str(done.folder)).open()
    documents = made.meaning.documents([Document("a", "one")])
    found = made.scan(documents, of.tags, 3)
    assert found[2].tolist() == served(done.folder).scan(documents, of.tags, 3)[2].tolist()
    assert made.seen.of(of.ids).all()


def test_a_folder_holds_weights_and_manifest_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    of = turned(60)
    of = replace(of, right=[np.empty(0, dtype=np.int64), *of.right[1:]])
    done = train_pairs(of, tmp_path / "model", FEW)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert list(contents(done.folder)) == FILES and code_in(done.folder) == []
    said = json.loads((done.folder / MANIFEST).read_text())
    assert (said["head"], said["width"], said["encoder"], said["documents"]) == ("concat", 16, "turned", 59)
    assert said["losses"] == [list(both) for both in done.losses] and said["settings"]["epochs"] == 4
    assert Seen.read(done.folder).of(of.ids).tolist() == [False] + [True] * 59, "the held-out ones are seen, too"
    with pytest.raises(OutputError, match="exists already"):
        train_pairs(of, tmp_path / "model", FEW)


def test_the_weights_of_the_best_epoch_are_kept_and_more_epochs_without_a_better_one_are_not_done(
    tmp_path: Path,
) -> None:
    of, wild = turned(60), replace(FEW, epochs=40, patience=2, dropout=0.0, learning_rate=3e-3)
    done = train_pairs(of, tmp_path / "model", wild)
    held_out = [loss for _, loss in done.losses]
    assert len(held_out) < 40 and done.best == int(np.argmin(held_out)) == len(held_out) - 3
    shorter = train_pairs(of, tmp_path / "shorter", replace(wild, epochs=done.best + 1))
    assert shorter.losses == done.losses[: done.best + 1]
    one, other = contents(done.folder), contents(shorter.folder)
    assert all(one[name] == other[name] for name in FILES if name != MANIFEST)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    of = turned(60)
    made = [train_pairs(of, tmp_path / str(n), replace(FEW, seed=seed)) for n, seed in enumerate([0, 0, 1])]
    one, same, other = (contents(done.folder) for done in made)
    assert one == same and one["weight1.npy"] != other["weight1.npy"]


# --- kills, refusals, time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", [1, 5, 11, 23])
def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(where: int, tmp_path: Path) -> None:
    of = turned(120)

    def kill(stage: str, done: int, total: int | None) -> None:
        if done == where:
            raise Killed

    whole = train_pairs(of, tmp_path / "whole", FEW)
    with pytest.raises(Killed):
        train_pairs(of, tmp_path / "part", FEW, progress=kill)
    assert not (tmp_path / "part").exists() and (tmp_path / ".part.unfinished").is_dir()
    went_on = train_pairs(of, tmp_path / "part", FEW)
    assert went_on.resumed_at == where // 11 * 11, "an epoch has 11 steps, after which all is saved"
    assert contents(went_on.folder) == contents(whole.folder)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["part", "whole"]


def test_a_run_killed_while_it_writes_the_folder_leaves_none_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: Any) -> Folder:
        raise Killed

    whole = train_pairs(turned(60), tmp_path / "whole", FEW)
    with monkeypatch.context() as patched:
        patched.setattr(pairs.Folder, "write", kill)
        with pytest.raises(Killed):
            train_pairs(turned(60), tmp_path / "part", FEW)
    assert not (tmp_path / "part").exists()
    assert contents(train_pairs(turned(60), tmp_path / "part", FEW).folder) == contents(whole.folder)


def test_what_another_run_left_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    def kill(stage: str, done: int, total: int | None) -> None:
        if done == 20:
            raise Killed

    with pytest.raises(Killed):
        train_pairs(turned(120), tmp_path / "model", FEW, progress=kill)
    with pytest.raises(OutputError, match="was not finished"):
        train_pairs(turned(120), tmp_path / "model", replace(FEW, seed=7))


def test_documents_that_all_have_the_same_tags_teach_nothing(tmp_path: Path) -> None:
    of = turned(60)
    with pytest.raises(InputError, match="nothing to tell apart"):
        train_pairs(replace(of, right=of.right[:1] * 60), tmp_path / "model", FEW)


def test_the_time_that_it_will_take_is_told_beforehand_and_leaves_nothing() -> None:
    few, many = (pairs.seconds(turned(n), FEW) for n in (120, 1200))
    assert 0 < few < many < 600
    assert not Path("nowhere").exists()


def test_a_missing_library_and_a_missing_device_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="no device 'cuda'"):
            train_pairs(turned(60), tmp_path / "model", replace(FEW, device="cuda"))
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"tagwright\[train\]"):
        train_pairs(turned(60), tmp_path / "model", FEW)
