"""A model that writes about texts: what fails has nothing written, and nothing is raised."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tagwright.errors import ConfigError
from tagwright.llm.writer import SEPARATOR, Form, ModelWriter, open_model

pytestmark = pytest.mark.heavy
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


class Letters:
    """A tokenizer of letters."""

    eos_token_id, pad_token_id = 0, 0

    def convert_tokens_to_ids(self, token: str) -> int:
        return 1

    def __call__(self, text: str, **options: Any) -> dict[str, list[int]]:
        return {"input_ids": [2 + ord(letter) for letter in text]}

    def decode(self, tokens: list[int], skip_special_tokens: bool) -> str:
        return "".join(chr(token - 2) for token in tokens if token > 1)


class Echo:
    """Writes what it reads, of at most ``most`` texts at once, but no text with an x in it."""

    device, config = torch.device("cpu"), SimpleNamespace()

    def __init__(self, most: int = 99) -> None:
        self.most, self.asked = most, list[int]()

    def generate(self, input_ids: Any, attention_mask: Any, **options: Any) -> Any:
        self.asked.append(len(input_ids))
        if len(input_ids) > self.most or (input_ids == 2 + ord("x")).any():
            raise RuntimeError("out of memory")
        written = [row[mask.bool()].tolist() for row, mask in zip(input_ids, attention_mask, strict=True)]
        longest = max(map(len, written))
        rows = [row + [0] * (longest - len(row)) for row in written]
        return torch.cat([input_ids, torch.tensor(rows)], dim=1)


def writer(model: Echo, batch: int = 8) -> ModelWriter:
    form = Form(Letters(), seq2seq=False, instruction="", cue="", length=9)
    return ModelWriter(model, form, batch=batch)


def test_texts_are_written_about_in_their_order_whatever_their_length() -> None:
    model = Echo()
    assert writer(model, batch=2).write(["ccc", "a", "", "bb", f"d{SEPARATOR}"]) == ["ccc", "a", "", "bb", "d"]
    assert model.asked == [2, 2], "a text without a word is not asked about"


def test_where_memory_is_short_fewer_are_asked_about_at_once() -> None:
    model = Echo(most=1)
    assert writer(model).write(["a", "b", "c"]) == ["a", "b", "c"]


def test_a_text_whose_writing_fails_has_nothing_written_and_the_others_have() -> None:
    assert writer(Echo()).write(["a", "x", "c", "d"]) == ["a", "", "c", "d"]


def test_a_folder_that_is_no_model_is_refused(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="cannot be opened as a language model"):
        open_model(tmp_path, "float32")
