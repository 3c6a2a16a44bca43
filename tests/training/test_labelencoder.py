"""An encoder learns together with a label-guided classifier; the channel serves both without PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.encoders.lsa import Lsa
from tagwright.encoders.onnx import Onnx
from tagwright.errors import ConfigError, IntegrityError
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.labelguided import LabelGuided
from tagwright.recall.labelweights import ENCODER, MANIFEST
from tagwright.testing.tables import same
from tagwright.training.labeldata import LabelTraining
from tagwright.training.labelencoder import LabelEncoderRun
from tagwright.training.lessons import Lessons, Parts
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("onnxruntime")

TAGS = 12


class Killed(BaseException):
    pass


@pytest.fixture
def settings(speakers: str) -> LabelTraining:
    return LabelTraining(
        backbone=speakers, epochs=2, batch=20, chunk=20, wrong=2, tags=6, titles=0.0, learning_rate=5e-3, dropout=0.1,
        looks=3, patience=50, device="cpu", save_minutes=1e-9,
    )  # fmt: skip


@pytest.fixture(scope="module")
def library(spoken: Callable[..., list[Document]]) -> tuple[list[Document], Vocabulary]:
    """The last tag has no document."""
    documents = spoken(240, TAGS - 1, ways=2, noise=3, noises=20)
    return documents, Vocabulary.from_tags([Tag(f"t:{n}", f"name{n}") for n in range(TAGS)])


@pytest.fixture
def run(
    library: tuple[list[Document], Vocabulary], lessons_of: Callable[..., Lessons], tmp_path: Path
) -> Callable[..., LabelEncoderRun]:
    documents, vocabulary = library

    def make(settings: LabelTraining, name: str = "made") -> LabelEncoderRun:
        parts = Parts.of(documents, held_out=0.25, dev=0.2, seed=0)
        return LabelEncoderRun(lessons_of(parts.taught, vocabulary, 6), parts, tmp_path / name, settings)

    return make


def channel(library: tuple[list[Document], Vocabulary], model: Path) -> Assembly:
    settings = TaggerSettings(channels={"guided": {"kind": "labelguided", "model": str(model)}})
    return Assembly(settings, Lsa(width=8), ("en",)).prepare(*library)


def found(table: Candidates, documents: list[Document]) -> float:
    """The share of the documents' tags that are among the first two."""
    best = table.top(2, by="guided.score")
    own = [{f"t:{tag}" for tag in best.slice(row, row + 1).tags} for row in range(len(documents))]
    return sum(len(tags & set(one.tags or ())) for tags, one in zip(own, documents, strict=True)) / sum(
        len(one.tags or ()) for one in documents
    )


@pytest.mark.parametrize("options", [{}, {"guided": False, "head": "linear"}], ids=str)
def test_what_was_never_seen_is_tagged_better_than_untaught(
    run: Callable[..., LabelEncoderRun], settings: LabelTraining, library: Any, options: dict[str, Any]
) -> None:
    made = run(replace(settings, epochs=20, **options))
    history = made.run()
    held_out = made.parts.held_out
    table = channel(library, made.out).fit(*library).recall(held_out)
    assert len(held_out) > 40 and found(table, held_out) > 0.65
    assert history.best is not None and history.best[1] > history.scores[0][1]


def test_the_channel_brings_its_encoder_and_needs_no_torch(
    run: Callable[..., LabelEncoderRun], settings: LabelTraining, library: Any, tmp_path: Path
) -> None:
    made = run(settings)
    made.run()
    said = json.loads((made.out / MANIFEST).read_text())
    assert said["encoder"] == Onnx(str(made.out / ENCODER)).fingerprint and said["cosine"] > 0.98
    assert said["losses"] and said["ndcg@10"] and 0 < said["entropy"] <= np.log(TAGS) and 0 < said["partnered"] < 1
    assembly = channel(library, made.out).fit(*library)
    assert assembly.channels[0].seen.of([one.id for one in [*made.parts.taught, *made.parts.dev]]).all()  # type: ignore[attr-defined]
    asked = made.parts.held_out[:20]
    table = assembly.recall(asked)
    assembly.save(tmp_path / "saved")
    assert same(channel(library, made.out).load(tmp_path / "saved", library[1]).recall(asked), table)
    code = (
        f"import sys; from pathlib import Path; from tagwright.encoders.weights import Folder\n"
        f"from tagwright.recall.labelguided import LabelGuided; from tagwright.recall.labelweights import Weights\n"
        f"from tagwright.encoders.onnx import Onnx; import numpy as np\n"
        f"place = Path({str(made.out)!r}); weights = Weights.read(Folder.read(place, 'labelguided.json'))\n"
        f"points = Onnx().load(place / 'encoder').encode(['word1 word2'])\n"
        f"weights.logits(points, weights.placed(points, np.zeros(1, dtype=int)))\n"
        f"assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_new_tag_is_found_at_once_and_each_fold_shares_what_was_encoded(
    run: Callable[..., LabelEncoderRun], settings: LabelTraining, library: Any
) -> None:
    made = run(settings)
    made.run()
    documents, vocabulary = library
    assembly = channel(library, made.out)
    assembly.remember_documents()
    one, other = (assembly.fresh().fit(documents, vocabulary).channels[0] for _ in range(2))
    assert isinstance(one, LabelGuided) and isinstance(other, LabelGuided)
    assert one.points_ is other.points_ and one.points_ is not one.tag_points and one.points_.meaning.remember
    wider = vocabulary.extended([Tag("t:new", "word3")])
    one.add_tags(wider, wider.positions(["t:new"]))
    assert TAGS in one.recall([Document("q", "word3 word3")], TAGS + 1).tags
    assembly.forget()
    assert not one.points_.meaning.remember


def test_another_encoder_beside_the_weights_is_refused(
    run: Callable[..., LabelEncoderRun], settings: LabelTraining, library: Any
) -> None:
    first, second = run(settings, "one"), run(replace(settings, seed=1), "two")
    for made in (first, second):
        made.run()
    for path in (second.out / ENCODER).iterdir():
        if path.is_file():
            (first.out / ENCODER / path.name).write_bytes(path.read_bytes())
    with pytest.raises(IntegrityError, match="is not the encoder"):
        channel(library, first.out).fit(*library)


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(
    run: Callable[..., LabelEncoderRun], settings: LabelTraining
) -> None:
    whole = run(settings, "whole").run()

    def kill(stage: str, done: int, total: int | None) -> None:
        if done == 5:
            raise Killed

    with pytest.raises(Killed):
        run(settings, "part").run(kill)
    went_on = run(settings, "part")
    history = went_on.run()
    assert history.resumed_at == 5 and history.losses == whole.losses and history.scores == whole.scores
    for name in ("weight1.npy", "biases.npy", MANIFEST):
        one, other = ((went_on.out.with_name(run_name) / name).read_bytes() for run_name in ("whole", "part"))
        assert one == other
    assert not list(went_on.out.parent.glob(".part*"))


def test_what_passes_in_parts_has_the_gradient_of_the_whole(
    run: Callable[..., LabelEncoderRun], settings: LabelTraining
) -> None:
    slopes = []
    for chunk in (20, 7):
        made = run(replace(settings, chunk=chunk, dropout=0.0, learning_rate=1e-3))
        for module in made._model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        loss = made.descend(0)
        slopes.append((loss, [one.grad.clone() for one in made.learned if one.grad is not None]))
    assert slopes[0][0] == pytest.approx(slopes[1][0], rel=1e-5) and len(slopes[0][1]) > 20
    for one, other in zip(slopes[0][1], slopes[1][1], strict=True):
        assert torch.allclose(one, other, atol=1e-4, rtol=1e-3)


def test_vectors_that_stay_as_they_are_have_no_encoder_to_teach(
    run: Callable[..., LabelEncoderRun], settings: LabelTraining
) -> None:
    with pytest.raises(ConfigError, match="no encoder that could learn"):
        run(replace(settings, backbone="frozen"))
