"""A project teaches itself an encoder: what is held out leaves no trace in it, and ranking is learned from that."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tagwright.cli.encoder import app as encoder_command
from tagwright.corpus import open_corpus
from tagwright.demo.library import train_path, vocabulary_path
from tagwright.encoders.onnx import Onnx
from tagwright.errors import ConfigError, IntegrityError, OutputError
from tagwright.pipeline.table import OutOfFold
from tagwright.project import Project
from tagwright.training.encoder import EncoderRun
from tagwright.types import Document, Tag

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("onnxruntime")


class Killed(BaseException):
    """As by the system."""


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(open_corpus([train_path()]))[:200]


@pytest.fixture(scope="module")
def settings(make_sentences: Callable[..., Path], documents: list[Document]) -> list[str]:
    words = sorted({word for one in documents for word in re.findall(r"\w+", f"{one.title} {one.text}".lower())})
    wanted = {
        "base": str(make_sentences(words)), "epochs": 1, "batch": 12, "learning_rate": 1e-3, "held_out": 0.5,
        "dev": 0.1, "device": "cpu",
    }  # fmt: skip
    fitting = ["fitting.few_folds=3", "fitting.least=20", "fusion.trees=8"]
    return [*fitting, *(f"teaching.{name}={value!r}" for name, value in wanted.items())]


@pytest.fixture(scope="module")
def taught(settings: list[str], documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was trained with an encoder of its own. Do not write into it."""
    folder = tmp_path_factory.mktemp("teaching") / "project"
    Project.create(folder, vocabulary_path()).close()
    with Project.open(folder, overrides=settings) as opened:
        opened.train(documents, teach=["encoder"])
    return folder


def run_of(folder: Path, settings: list[str], out: Path) -> EncoderRun:
    with Project.open(folder, overrides=settings) as opened:
        return opened.teaching.encoder(out, opened.teaching.wanted())


def known(folder: Path, settings: list[str]) -> OutOfFold:
    with Project.open(folder, overrides=settings) as opened:
        table = opened.out_of_fold()
    assert table is not None
    return table


def asked(folder: Path, settings: list[str]) -> list[list[tuple[str, float]]]:
    with Project.open(folder, overrides=settings) as opened:
        return [[(one.tag, one.confidence) for one in found] for found in opened.suggest(["bees and honey", "trains"])]


def test_ranking_is_learned_from_documents_that_the_encoder_has_not_seen(
    taught: Path, settings: list[str], documents: list[Document]
) -> None:
    with Project.open(taught, overrides=settings) as opened:
        encoder = Onnx(str(taught / opened.manifest.taught["encoder"]))
        assert opened.tagger.assembly.encoder.fingerprint == encoder.fingerprint
    ids = known(taught, settings).ids
    assert 60 < len(ids) < 140 and not encoder.seen.of(ids).any()
    assert encoder.seen.of([one.id for one in documents if one.tags and one.id not in set(ids)]).all()


def test_what_is_held_out_leaves_no_trace_in_what_is_taught_and_its_gold_none_in_its_row(
    taught: Path, settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    before = known(taught, settings)
    id = before.ids[len(before.ids) // 2]
    changed = [replace(one, tags=documents[3].tags) if one.id == id else one for one in documents]
    folder = Path(shutil.copytree(taught, tmp_path / "copy"))
    with Project.open(folder, overrides=settings) as opened:
        was = opened.manifest.encoder_fingerprint
        opened.train(changed, teach=["encoder"])
        assert opened.manifest.encoder_fingerprint == was, "the same weights to the bit"
    after = known(folder, settings)
    assert after.ids == before.ids
    row = before.ids.index(id)
    one, other = before.table.slice(row, row + 1), after.table.slice(row, row + 1)
    assert one.tags.tobytes() == other.tags.tobytes()
    for name in set(one.columns) - {"confidence"}:
        assert one.columns[name].tobytes() == other.columns[name].tobytes(), name
    assert any(
        before.table.columns[name].tobytes() != after.table.columns[name].tobytes() for name in before.table.columns
    )


def test_a_taught_encoder_stays_until_it_is_taught_anew_or_taken_back(
    taught: Path, settings: list[str], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(taught, tmp_path / "moved"))
    first = asked(folder, settings)
    assert first == asked(taught, settings)
    with Project.open(folder, overrides=settings) as opened:
        was = opened.manifest.encoder_fingerprint
        opened.train()
        assert opened.manifest.encoder_fingerprint == was and (folder / opened.manifest.taught["encoder"]).is_dir()
        assert asked(folder, settings) == first
        opened.train(drop=["encoder"])
        assert opened.manifest.taught == {} and not list(folder.glob("versions/*/encoder"))
        assert len(known(folder, settings).ids) > 150
    assert {one.level for one in Project.open(folder, overrides=settings).doctor()} <= {"ok", "warning"}


def test_a_killed_teaching_goes_on_and_the_project_answers_as_before_meanwhile(
    settings: list[str], documents: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    Project.create(folder, vocabulary_path()).close()
    with Project.open(folder, overrides=settings) as opened:
        opened.train(documents)
    before = asked(folder, settings)

    def killed(stage: str, done: int, total: int | None) -> None:
        if stage == "steps" and done == 3:
            raise Killed

    steps: list[int] = []
    descend = EncoderRun.descend
    monkeypatch.setattr(EncoderRun, "due", lambda self, done, seconds: True)
    monkeypatch.setattr(EncoderRun, "descend", lambda self, step: [steps.append(step), descend(self, step)][1])
    with Project.open(folder, overrides=settings) as opened, pytest.raises(Killed):
        opened.train(teach=["encoder"], progress=killed)
    assert asked(folder, settings) == before and steps == [0, 1, 2]

    def killed_later(stage: str, done: int, total: int | None) -> None:
        if stage == "folds":
            raise Killed

    with Project.open(folder, overrides=settings) as opened, pytest.raises(Killed):
        opened.train(teach=["encoder"], progress=killed_later)
    assert steps[3] == 3 and asked(folder, settings) == before
    done, plans = len(steps), list[Any]()
    with Project.open(folder, overrides=settings) as opened:
        opened.train(teach=["encoder"], planned=lambda *said: plans.append(said))
        assert opened.manifest.taught and len(steps) == done and not plans, "what was carried out is not done again"
    assert not (folder / "teaching").exists()


def test_a_flipped_bit_in_the_taught_encoder_is_refused_by_name(
    taught: Path, settings: list[str], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(taught, tmp_path / "copy"))
    path = next(folder.glob("versions/*/encoder/seen.npy"))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(IntegrityError, match=r"seen\.npy"):
        asked(folder, settings)


def test_an_encoder_that_has_seen_everything_is_refused_with_a_way_out(
    settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    Project.create(folder, vocabulary_path()).close()
    whole = [*settings, "teaching.held_out=0.0"]
    with (
        Project.open(folder, overrides=whole) as opened,
        pytest.raises(ConfigError, match="taught the encoder, a channel or a reranker"),
    ):
        opened.train(documents, teach=["encoder"])
    with Project.open(folder, overrides=whole) as opened, pytest.raises(ConfigError, match="'better' cannot be taught"):
        opened.train(teach=["better"])


def test_wrong_tags_are_likely_ones_that_the_document_does_not_have(
    taught: Path, settings: list[str], tmp_path: Path
) -> None:
    lessons = run_of(taught, settings, tmp_path / "out").lessons
    assert all(not set(wrong) & set(gold) for wrong, gold in zip(lessons.wrong, lessons.gold, strict=True))
    assert np.mean([len(wrong) for wrong in lessons.wrong]) > 20
    used = set(lessons.used.tolist())
    first = [int(wrong[0]) in used for wrong in lessons.wrong]
    assert np.mean(first) > 0.9, "what other documents have seems likelier than what none has"


def test_a_pair_model_is_taught_with_the_same_documents_and_looks_at_the_best_candidates(
    taught: Path, settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(taught, tmp_path / "pairs"))
    more = [*settings, "teaching_pairs.epochs=2", "teaching_pairs.device='cpu'"]
    told: list[str] = []
    with Project.open(folder, overrides=more) as opened:
        opened.train(teach=["pairs"], planned=lambda what, seconds: told.append(what))
        assert told == ["pairs"] and set(opened.manifest.taught) == {"encoder", "pairs"}
        table = opened.candidates(documents[:5])
        assert (np.isfinite(table.column("pairs.score")).sum() <= 5 * 50) and "pairs.score" in table.columns
        reasons = opened.suggest([documents[0]], why=True)
    assert reasons[0] and known(folder, more).ids == known(taught, settings).ids, "the same documents are held out"
    assert np.isfinite(known(folder, more).table.column("pairs.score")).any()
    first = asked(folder, more)
    moved = Path(shutil.move(folder, tmp_path / "moved"))
    assert asked(moved, more) == first
    with Project.open(moved, overrides=more) as opened, pytest.raises(ConfigError, match="was taught with the encoder"):
        opened.train(drop=["encoder"])
    with Project.open(moved, overrides=more) as opened:
        opened.train(drop=["pairs"])
        assert set(opened.manifest.taught) == {"encoder"}
    assert asked(moved, settings) == asked(taught, settings)


def test_a_pair_model_needs_an_encoder_that_stays(
    settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    Project.create(folder, vocabulary_path()).close()
    with Project.open(folder, overrides=settings) as opened, pytest.raises(ConfigError, match="stays as it is"):
        opened.train(documents, teach=["pairs"])


def test_a_cross_encoder_is_taught_and_reads_the_best_candidates(
    settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    Project.create(folder, vocabulary_path()).close()
    base = next(one for one in settings if one.startswith("teaching.base=")).partition("=")[2]
    wanted = {"base": base, "epochs": 0.5, "wrong": 2, "length": 24, "device": "'cpu'"}
    more = [*settings, *(f"teaching_cross.{name}={value}" for name, value in wanted.items()), "rerank.cross.k=5"]
    with Project.open(folder, overrides=more) as opened:
        opened.train(documents, teach=["cross"])
        assert set(opened.manifest.taught) == {"cross"}
        column = opened.candidates(documents[:4]).column("cross.score")
        assert 0 < np.isfinite(column).sum() <= 4 * 5
        added = Tag("t:new", "Beekeeping on roofs")
        opened.add_tags([added])
        assert any(one.tag == "t:new" for one in opened.suggest(["beekeeping on roofs"], k=20)[0])
    assert 60 < len(known(folder, more).ids) < 140
    assert asked(folder, more)


def test_the_command_teaches_tells_and_draws_and_refuses_before_it_works(
    taught: Path, settings: list[str], tmp_path: Path
) -> None:
    def said(*more: str) -> Any:
        words = ["finetune", str(tmp_path / "out"), "-p", str(taught)]
        options = [part for one in [*settings, *more] for part in ("--set", one)]
        return CliRunner().invoke(encoder_command, [*words, *options])

    done = said()
    assert done.exit_code == 0 and "never seen" in done.output and "that moment is kept" in done.output
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "This run is done" in page and 'http-equiv="refresh"' not in page
    assert Onnx(str(tmp_path / "out")).seen.hashes.size
    again = said()
    assert isinstance(again.exception, OutputError) and "exists already" in str(again.exception)
    shutil.rmtree(tmp_path / "out")
    wrong = said(f"teaching.base={str(tmp_path)!r}")
    assert isinstance(wrong.exception, ConfigError) and "cannot be opened" in str(wrong.exception)
