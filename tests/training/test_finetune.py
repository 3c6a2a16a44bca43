"""A language model is taught: the loss looks at answers only, and falls; a killed run goes on as if never killed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.training import lora
from tagwright.training.examples import IGNORED, Example, padded, read_examples
from tagwright.training.finetune import Run
from tagwright.training.options import Finetuning

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
peft = pytest.importorskip("peft")

FEW = Finetuning(steps=6, batch=2, accumulate=2, learning_rate=5e-3, dropout=0.1, device="cpu", save_every=2, epochs=9)
FILES = ["adapter_config.json", "adapter_model.safetensors", "finetuning.json"]


@pytest.fixture
def few(base: Path) -> Finetuning:
    return replace(FEW, base=str(base))


class Toy:
    """A model of three words that likes word w after word v by the row v of a table, whatever came before."""

    device = torch.device("cpu")
    scores = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, -1.0], [0.5, 0.5, 3.0]])

    def forward(self, input_ids: Any, attention_mask: Any, position_ids: Any) -> Any:
        class Answer:
            logits = self.scores[input_ids]

        return Answer

    __call__ = forward


def test_the_tokens_of_a_question_have_no_loss() -> None:
    batch = padded([Example((5, 6, 7), (8, 9)), Example((4,), (3,))], padding=0)
    assert batch.tokens.tolist() == [[5, 6, 7, 8, 9], [0, 0, 0, 4, 3]]
    assert batch.labels.tolist() == [[IGNORED] * 3 + [8, 9], [IGNORED] * 4 + [3]]
    assert batch.mask.tolist() == [[1] * 5, [0, 0, 0, 1, 1]]
    assert batch.positions.tolist() == [[0, 1, 2, 3, 4], [0, 0, 0, 0, 1]]
    assert batch.answers == 2


def test_the_sum_of_log_probabilities_is_the_one_computed_by_hand() -> None:
    # The answer 2 1 after the word 0: log softmax(0, 1, 2)[2] + log softmax(0.5, 0.5, 3)[1]; then 0 after 1.
    first = 2 - math.log(1 + math.e + math.e**2) + 0.5 - math.log(2 * math.e**0.5 + math.e**3)
    second = 1 - math.log(math.e + 1 + math.e**-1)
    found = lora.log_probs(Toy(), padded([Example((1, 0), (2, 1)), Example((2, 1), (0,))], padding=0))
    assert found.tolist() == pytest.approx([first, second], abs=1e-5)


def test_what_stands_beside_an_example_does_not_change_what_is_said_of_it(base: Path, data: Path) -> None:
    model, tokenizer, _ = lora.open_base(str(base), "cpu")
    examples = list(read_examples(data, tokenizer))[:3]
    longer = Example(examples[0].prompt[:1] + examples[0].prompt * 3, examples[0].answer)
    with torch.no_grad():
        alone = [float(lora.log_probs(model, padded([one], 0))) for one in [*examples, longer]]
        together = lora.log_probs(model, padded([*examples, longer], 0)).tolist()
    assert together == pytest.approx(alone, abs=1e-4)


def test_a_line_becomes_what_the_model_reads_and_its_answer_with_the_mark_of_its_end(base: Path, data: Path) -> None:
    _, tokenizer, _ = lora.open_base(str(base), "cpu")
    first = next(read_examples(data, tokenizer))
    said = tokenizer.decode(first.prompt)
    assert said == "<|im_start|>user\nIs number 0 a cat<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.decode(first.answer) == "Yes<|im_end|>"


def test_the_loss_falls_and_the_folder_holds_what_was_learned(
    base: Path, data: Path, few: Finetuning, tmp_path: Path
) -> None:
    settings = replace(few, steps=60, dropout=0.0, epochs=100)
    done = Run([data], tmp_path / "adapter", settings).finetune()
    first, last = done.fall
    assert len(done.losses) == 60 and last < 0.1 * first
    model, tokenizer, _ = lora.open_base(str(base), "cpu")
    learned = peft.PeftModel.from_pretrained(model, str(tmp_path / "adapter")).eval()
    examples = list(read_examples(data, tokenizer))
    with torch.no_grad():
        told = lora.log_probs(learned, padded(examples, 0))
    assert -float(told.sum()) / sum(len(one.answer) for one in examples) == pytest.approx(last, abs=0.1)


def test_a_folder_holds_adapter_and_manifest_and_nothing_is_left_beside_it(
    data: Path, few: Finetuning, tmp_path: Path
) -> None:
    done = Run([data], tmp_path / "adapter", few).finetune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter"]
    assert sorted(path.name for path in done.folder.iterdir()) == FILES
    said = json.loads((done.folder / "finetuning.json").read_text())
    assert said["loss"] == list(done.losses) and said["steps"] == 6 and said["examples"] == 24
    assert said["settings"]["rank"] == 8 and said["data"][0]["name"] == "data.jsonl"
    assert str(tmp_path) not in (done.folder / "adapter_config.json").read_text()
    with pytest.raises(OutputError, match="exists already"):
        Run([data], tmp_path / "adapter", few).finetune()


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(data: Path, few: Finetuning, tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(stage: str, done: int, total: int | None) -> None:
        if done == 5:
            raise Killed

    whole = Run([data], tmp_path / "whole", few).finetune()
    with pytest.raises(Killed):
        Run([data], tmp_path / "part", few).finetune(kill)
    assert not (tmp_path / "part").exists() and (tmp_path / ".part.unfinished").is_dir()
    went_on = Run([data], tmp_path / "part", few).finetune()
    assert went_on.resumed_at == 4 and went_on.losses == whole.losses
    assert all((whole.folder / name).read_bytes() == (went_on.folder / name).read_bytes() for name in FILES)


def test_what_another_run_left_is_not_taken_for_this_ones(data: Path, few: Finetuning, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int | None) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run([data], tmp_path / "a", few).finetune(stop)
    with pytest.raises(OutputError, match="was not finished"):
        Run([data], tmp_path / "a", replace(few, rank=4)).finetune()


def test_how_many_pass_at_once_changes_nothing_but_the_memory(data: Path, few: Finetuning, tmp_path: Path) -> None:
    settings = replace(few, dropout=0.0)
    one = Run([data], tmp_path / "one", replace(settings, batch=1, accumulate=4)).finetune()
    four = Run([data], tmp_path / "four", replace(settings, batch=4, accumulate=1)).finetune()
    assert one.losses == pytest.approx(four.losses, abs=1e-3)


def test_the_plan_tells_what_a_run_will_take_and_learns_nothing(data: Path, few: Finetuning, tmp_path: Path) -> None:
    run, untold = Run([data], tmp_path / "a", few), Run([data], tmp_path / "b", few)
    plan = run.plan
    assert (plan.examples, plan.too_long, plan.steps, plan.device) == (24, 0, 6, "cpu")
    assert plan.tokens > 24 * 20 and 0 < plan.parameters < plan.of and plan.seconds > 0
    assert run.finetune().losses == untold.finetune().losses


def test_what_is_too_long_is_left_out_and_counted(base: Path, data: Path, few: Finetuning, tmp_path: Path) -> None:
    lengths = sorted(one.length for one in read_examples(data, lora.open_base(str(base), "cpu")[1]))
    plan = Run([data], tmp_path / "a", replace(few, longest=lengths[9])).plan
    assert plan.too_long == sum(length > lengths[9] for length in lengths) > 0
    with pytest.raises(InputError, match="all 24 examples have more than 5 tokens"):
        _ = Run([data], tmp_path / "a", replace(few, longest=5)).plan


def test_every_example_is_seen_once_an_epoch_in_an_order_of_its_own(
    data: Path, few: Finetuning, tmp_path: Path
) -> None:
    run = Run([data], tmp_path / "a", replace(few, batch=5, accumulate=1))
    epochs = [[row for step in range(5 * n, 5 * n + 5) for row in run.rows(step)] for n in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(24))] * 2
    assert epochs[0] != epochs[1]


def test_a_base_that_is_no_chat_model_is_refused_by_name(
    base: Path, data: Path, few: Finetuning, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="no model 'nowhere'"):
        _ = Run([data], tmp_path / "a", replace(few, base="nowhere")).plan
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="cannot be opened"):
        _ = Run([data], tmp_path / "a", replace(few, base=str(tmp_path / "empty"))).plan


@pytest.mark.slow
def test_the_packaged_gguf_file_can_be_taught(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    done = Run([data], tmp_path / "a", Finetuning(steps=2, accumulate=2, device="cpu")).finetune()
    assert np.isfinite(done.losses).all()
    assert (done.folder / "adapter_model.safetensors").is_file()
