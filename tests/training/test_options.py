"""Settings out of range are named, the rate rises and falls, and a line that is no conversation is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tagwright.errors import ConfigError, InputError
from tagwright.training.examples import read_conversations
from tagwright.training.options import Finetuned, Finetuning


@pytest.mark.parametrize(
    ("key", "value"),
    [("rank", 0), ("dropout", 1.0), ("epochs", 0), ("steps", -1), ("warmup", -0.1), ("learning_rate", 0.0)],
)
def test_a_setting_out_of_range_is_named(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=key):
        Finetuning(**{key: value})


def test_the_rate_rises_to_its_height_and_then_falls() -> None:
    settings = Finetuning(learning_rate=1.0, warmup=0.2)
    rates = [settings.rate(step, 10) for step in range(10)]
    assert rates == pytest.approx([0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125])
    assert settings.rate(0, 1) > 0


def test_how_far_the_loss_fell_is_told_by_the_first_and_the_last_tenth() -> None:
    assert Finetuned(Path("a"), (4.0, 2.0, *[1.0] * 17, 0.5), 0, 1.0).fall == (3.0, 0.75)


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        '{"messages": [{"role": "user", "content": "a"}]}',
        '{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]}',
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": 3}]}',
        '{"text": "a"}',
        "[]",
    ],
)
def test_a_line_that_is_no_conversation_is_named(line: str, tmp_path: Path) -> None:
    good = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
    (tmp_path / "data.jsonl").write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"data\.jsonl:3: "):
        list(read_conversations(tmp_path / "data.jsonl"))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_conversations(tmp_path / "absent.jsonl"))
