"""A generator is taught to write what tags mean: seq2seq and causal, whole and by LoRA; a kill changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.encoders.onnx import Onnx
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.llm.writer import SEPARATOR
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.spaces import text_of
from tagwright.recall.writing import ENCODER, MANIFEST, writer_of
from tagwright.testing import Told
from tagwright.training.described import GeneratorTraining
from tagwright.training.generator import GeneratorRun
from tagwright.training.lessons import Lessons, Parts
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")
pytest.importorskip("sentence_transformers")
pytest.importorskip("onnxruntime")

TAGS = 6
# What a tag is called, what it says, and with which word documents speak of it: nobody knows one from the other.
NAMES, SAYS, WORDS = ([f"{word}{n}" for n in range(TAGS)] for word in ("name", "says", "word"))
NOISE = [f"noise{n}" for n in range(5)]
ALL = [*NAMES, *SAYS, *WORDS, *NOISE, ".", "now", ":"]
VOCABULARY = Vocabulary.from_tags(
    [Tag(f"t:{n}", name, {"en": name}, descriptions={"en": f"{SAYS[n]} now."}) for n, name in enumerate(NAMES)]
)
Killed = type("Killed", (BaseException,), {})


@pytest.fixture(scope="module")
def bases(make_writer: Callable[..., Path]) -> dict[str, str]:
    return {kind: str(make_writer(ALL, seq2seq=kind == "t5")) for kind in ("t5", "llama")}


@pytest.fixture(scope="module")
def sentences(make_sentences: Callable[[list[str]], Path]) -> str:
    return str(make_sentences(ALL))


@pytest.fixture(scope="module")
def parts(spoken: Callable[..., list[Document]]) -> Parts:
    return Parts.of(spoken(240, TAGS, ways=1, noise=2, noises=len(NOISE)), held_out=0.1, dev=0.15, seed=0)


@pytest.fixture(scope="module")
def settings(bases: dict[str, str], sentences: str) -> GeneratorTraining:
    return GeneratorTraining(
        base=bases["t5"], encoder=sentences, rank=0, instruction="", cue=" :", length=12, most_tokens=24, epochs=0.2,
        learning_rate=3e-3, batch=16, chunk=8, dev=12, looks=1, patience=99, save_minutes=1e-9, device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., GeneratorRun]:
    """A run towards a new folder: ``run(settings)``; the same once more with ``at=run.out.parent``."""

    def make(settings: GeneratorTraining, at: Path | None = None, dev: Lessons | None = None) -> GeneratorRun:
        seen = [one.id for one in [*parts.taught, *parts.dev]]
        out = (at or tmp_path_factory.mktemp("generator")) / "made"
        return GeneratorRun(lessons(parts.taught), dev or lessons(parts.dev), seen, out, settings)

    return make


def lessons(documents: list[Document]) -> Lessons:
    gold = [VOCABULARY.positions(one.tags or ()) for one in documents]
    return Lessons(documents, gold, [np.empty(0, dtype=np.int32)] * len(gold), VOCABULARY)


@pytest.fixture(scope="module")
def taught(run: Callable[..., GeneratorRun], settings: GeneratorTraining) -> GeneratorRun:
    made = run(replace(settings, epochs=12.0, save_minutes=5.0, looks=1))
    made.run()
    return made


def test_the_loss_falls_and_the_dev_part_is_tagged_by_what_is_written(taught: GeneratorRun) -> None:
    said = Folder.read(taught.out, MANIFEST).said
    assert np.mean(said["losses"][-5:]) < 0.3 * np.mean(said["losses"][:5])
    assert said["best"][1] > 0.85 and said["best"][1] == max(score for _, score in said["f1"])


def channel(model: str, told: Any = None, **options: Any) -> Any:
    vectors = told or {f"{name}": np.eye(TAGS)[n] for n, name in enumerate(NAMES)}
    made = Assembly(TaggerSettings(channels={"described": {"model": model, **options}}), Told(vectors), ("en",))
    return made.prepare([], VOCABULARY).fit([], VOCABULARY).channels[0]


def test_the_channel_serves_what_was_taught_and_finds_the_tags_of_new_documents(
    taught: GeneratorRun, parts: Parts
) -> None:
    asked = [dataclasses.replace(one, tags=None) for one in parts.held_out]
    table = channel(str(taught.out)).recall(asked, 9)
    gold = [VOCABULARY.positions(one.tags or ()) for one in parts.held_out]
    right = table.right(gold).sum()
    assert 2 * right / (table.n_pairs + sum(map(len, gold))) > 0.85
    assert not channel(str(taught.out)).seen.of([one.id for one in asked]).any()


def test_what_is_served_is_what_the_run_wrote_at_its_end(taught: GeneratorRun, parts: Parts) -> None:
    texts = [text_of(one) for one in parts.held_out]
    served = writer_of(Folder.read(taught.out, MANIFEST)).write(texts)
    assert served == taught.written(texts)
    assert all(one.count(SEPARATOR) < 4 for one in served) and any(SEPARATOR in one for one in served)


def test_a_text_is_written_about_alike_alone_and_in_company_and_by_beams(taught: GeneratorRun, parts: Parts) -> None:
    folder, texts = Folder.read(taught.out, MANIFEST), [text_of(one) for one in parts.held_out[:6]]
    alone = [writer_of(folder, batch=1).write([text])[0] for text in texts]
    assert alone == writer_of(folder, batch=6).write(texts)
    assert all(writer_of(folder, beams=2).write(texts))


def test_the_encoder_that_was_taught_beside_it_has_not_collapsed_and_matches(taught: GeneratorRun) -> None:
    said = Folder.read(taught.out, MANIFEST).said
    encoder = Onnx().load(taught.out / ENCODER)
    vectors = encoder.encode([f"{name}. {SAYS[n]} now." for n, name in enumerate(NAMES)])
    cosines = vectors @ vectors.T
    assert (cosines.sum() - TAGS) / (TAGS * (TAGS - 1)) < 0.9
    assert said["encoder"] == encoder.fingerprint
    made = channel(str(taught.out))
    assert made.points_ is not made.tag_points and made.points_.meaning.encoder.fingerprint == encoder.fingerprint


def test_an_encoder_that_does_not_learn_leaves_the_matching_to_the_projects_own(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining
) -> None:
    made = run(replace(settings, train_encoder=False))
    made.run()
    assert not (made.out / ENCODER).exists()
    served = channel(str(made.out))
    assert served.points_.meaning is served.tag_points.meaning


@pytest.mark.parametrize(("kind", "rank"), [("t5", 4), ("llama", 0), ("llama", 4)])
def test_any_kind_of_model_learns_whole_or_by_an_adapter(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining, bases: dict[str, str], kind: str, rank: int
) -> None:
    quick = replace(settings, base=bases[kind], rank=rank, alpha=4 * rank or 1, epochs=3.0, learning_rate=1e-2)
    made = run(quick)
    made.run()
    said = Folder.read(made.out, MANIFEST).said
    assert np.mean(said["losses"][-3:]) < 0.8 * np.mean(said["losses"][:3])
    assert not list(made.out.glob("adapter*")), "an adapter is merged: the folder stands alone"
    texts = ["word1 noise0", ""]
    written = writer_of(Folder.read(made.out, MANIFEST)).write(texts)
    assert written[1] == "" and written == [made.written(texts)[0], ""]


def test_lambda_is_logged_for_each_step_and_stays_in_its_bounds(taught: GeneratorRun) -> None:
    said = Folder.read(taught.out, MANIFEST).said
    assert len(said["balance"]) == len(said["losses"]) and said["balance"][0] == pytest.approx(0.5)
    assert 0.05 < min(said["balance"]) and max(said["balance"]) < 0.95
    assert len(set(said["balance"])) > 1, "it is learned"


def test_at_a_balance_of_one_the_run_is_one_of_plain_cross_entropy_to_the_bit(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining
) -> None:
    alone = replace(settings, balance=1.0, learn_balance=False)
    one, two = run(alone), run(replace(alone, encoder="there is no such encoder", negatives=9.0))
    first, second = one.run(), two.run()
    assert first.losses == second.losses
    assert (one.out / "model.safetensors").read_bytes() == (two.out / "model.safetensors").read_bytes()
    assert set(Folder.read(one.out, MANIFEST).said["balance"]) == {1.0}


def test_the_first_loss_is_the_cross_entropy_that_the_model_itself_tells(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining
) -> None:
    made = run(replace(settings, balance=1.0, chunk=16))
    rows = [made._examples[row] for row in made._rows(0)]
    logits, labels, _ = made._writer.logits(rows)
    plain = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert made.descend(0) == pytest.approx(plain.item(), rel=1e-6)


def test_all_of_it_passing_in_parts_has_the_gradient_of_all_at_once(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = replace(settings, negatives=0.0, learn_balance=False)
    slopes = []
    for chunk in (16, 5):
        made = run(replace(frozen, chunk=chunk))
        made._writer.model.train(False)
        for parameter in made.learned:
            parameter.grad = None
        torch.manual_seed(0)
        assert made._encoder is not None
        monkeypatch.setattr(made._encoder.sentences.eval(), "train", lambda mode: None)  # no dropout
        made.descend(0)
        slopes.append(made._writer.learned[0].grad.clone())
    assert torch.allclose(*slopes, atol=1e-5)


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining, tmp_path: Path
) -> None:
    quick = replace(settings, epochs=0.6, rank=2, learning_rate=1e-3)

    def kill(stage: str, done: int, total: int | None) -> None:
        if done == 4:
            raise Killed

    whole, broken = run(quick), run(quick, at=tmp_path)
    expected = whole.run()
    with pytest.raises(Killed):
        broken.run(kill)
    assert not broken.out.exists()
    again = run(quick, at=tmp_path)
    history = again.run()
    assert history.resumed_at == 4 and history.losses == expected.losses
    for name in ("model.safetensors", MANIFEST, f"{ENCODER}/model.onnx"):
        assert (again.out / name).read_bytes() == (whole.out / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made"]
    with pytest.raises(OutputError, match="exists already"):
        run(quick, at=tmp_path).run()


def test_a_poisoned_gold_changes_no_prediction(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining, parts: Parts
) -> None:
    """Free-running: what is judged is what the model writes by itself, not what it says of the right answer."""
    honest = lessons(parts.dev)
    wrong = [np.array([(int(own[0]) + 1) % TAGS], dtype=np.int32) for own in honest.gold]
    changed = [dataclasses.replace(one, tags=("t:0",)) for one in honest.documents]
    poisoned = Lessons(changed, wrong, honest.wrong, VOCABULARY)
    one, two = run(settings, dev=honest), run(settings, dev=poisoned)
    asked: list[list[str]] = []
    for made in (one, two):
        writing = made.written
        made.written = lambda texts, writing=writing: asked.append(list(texts)) or writing(texts)  # type: ignore
        made.look(made.steps)
    assert asked[0] == asked[1] and one.tags(asked[0]) == two.tags(asked[1])


def test_a_model_that_only_copies_the_target_it_is_shown_is_not_believed(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run(settings)
    calls, kind = [], type(made._writer.model)
    generate = kind.generate
    monkeypatch.setattr(kind, "generate", lambda *a, **k: calls.append("labels" in k) or generate(*a, **k))
    made.look(made.steps)
    assert calls and not any(calls)


def test_a_plan_learns_nothing(run: Callable[..., GeneratorRun], settings: GeneratorTraining, parts: Parts) -> None:
    made = run(settings)
    before = [parameter.detach().clone() for parameter in made.learned]
    plan = made.plan
    assert plan.documents == len(parts.taught) and plan.dev == 12 and plan.too_long == 0 and plan.seconds > 0
    assert plan.steps == made.steps and plan.parameters > plan.of, "the encoder learns, too"
    assert all(torch.equal(one, two) for one, two in zip(before, made.learned, strict=True))
    assert not made.work.exists()


def test_a_base_that_is_none_or_reads_too_little_is_refused(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining, bases: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match="there is no model 'nowhere'"):
        _ = run(replace(settings, base="nowhere")).plan
    with pytest.raises(ConfigError, match="cannot be opened as a language model"):
        _ = run(replace(settings, base=settings.encoder)).plan
    with pytest.raises(ConfigError, match="too few places"):
        _ = run(replace(settings, base=bases["llama"], length=90)).plan


def test_descriptions_that_do_not_fit_are_left_out_and_counted(
    run: Callable[..., GeneratorRun], settings: GeneratorTraining, parts: Parts
) -> None:
    two = sum(len(one.tags or ()) > 1 for one in parts.taught)
    plan = run(replace(settings, most_tokens=8)).plan
    assert plan.too_long == two and plan.documents == len(parts.taught) - two
    with pytest.raises(InputError, match="no document"):
        _ = run(replace(settings, most_tokens=1)).plan
