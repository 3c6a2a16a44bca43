"""Teaches a causal language model with a LoRA adapter, on a CPU or a GPU; the loss looks at the answers only."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.corpus.disk as disk
import tagwright.training.lora as lora
from tagwright.errors import InputError
from tagwright.training.descent import Descent, History, Progress
from tagwright.training.device import device_of, need_extras, numbers
from tagwright.training.examples import Example, padded, read_examples
from tagwright.training.options import Finetuned, Finetuning, Plan
from tagwright.version import VERSION as __version__

MANIFEST = "finetuning.json"
FORMAT = 1
# Passes that are timed before a run, after one that warms up.
_TIMED = 3


class Run(Descent):
    """One fine-tuning: `plan` tells what it will take, `finetune` does it, or goes on where a killed one stopped.

    Raises `OutputError`, `InputError`, `ConfigError`, `MissingExtraError`.
    """

    def __init__(self, data: Sequence[Path], out: Path, settings: Finetuning) -> None:
        super().__init__(out, seed=settings.seed)
        self.data, self.settings = tuple(data), settings

    @cached_property
    def plan(self) -> Plan:
        """What the run will take."""
        self.refuse()
        examples, counts = self._examples, [parameter.numel() for parameter in self.learned]
        tokens = sum(examples[row].length for step in range(self.steps) for row in self.rows(step))
        every = sum(parameter.numel() for parameter in self._model.parameters())
        return Plan(
            len(examples), self._too_long, self.steps, tokens, sum(counts), every, self._device,
            tokens * self._seconds_a_token(),
        )  # fmt: skip

    def finetune(self, progress: Progress | None = None) -> Finetuned:
        """The adapter, learned and saved."""
        started = time.perf_counter()
        history = self.run(progress)
        return Finetuned(self.out, tuple(history.losses), history.resumed_at, time.perf_counter() - started)

    # --- what is learned from ------------------------------------------------------------------------------------

    @cached_property
    def _examples(self) -> list[Example]:
        """Those that are short enough, in the order of the files."""
        tokenizer, found = self._opened[1], list[Example]()
        for path in self.data:
            found += read_examples(path, tokenizer)
        kept = [one for one in found if one.length <= self.settings.longest]
        self._too_long = len(found) - len(kept)
        if not kept:
            what = f"all {len(found):,} examples have more than {self.settings.longest:,} tokens"
            where = ", ".join(map(str, self.data))
            raise InputError(what if found else "there is no example", path=where, hint="tagwright llm finetune --help")
        return kept

    @property
    def steps(self) -> int:
        """What the epochs give, or fewer."""
        steps = ceil(ceil(len(self._examples) / self._size) * self.settings.epochs)
        return min(steps, self.settings.steps) if self.settings.steps else steps

    @property
    def _size(self) -> int:
        return self.settings.batch * self.settings.accumulate

    def rows(self, step: int) -> list[int]:
        """The examples of a step, the longest first: those that pass together are alike, and little is padded."""
        n = len(self._examples)
        epoch, place = divmod(step, ceil(n / self._size))
        order = np.random.default_rng([self.settings.seed, epoch]).permutation(n)
        rows: list[int] = order[place * self._size : (place + 1) * self._size].tolist()
        return sorted(rows, key=lambda row: (-self._examples[row].length, row))

    # --- the model -----------------------------------------------------------------------------------------------

    @cached_property
    def _device(self) -> str:
        need_extras("torch", "transformers", "peft")
        return device_of(self.settings.device)

    @cached_property
    def _opened(self) -> tuple[Any, Any, str]:
        return lora.open_base(self.settings.base, self._device)

    @cached_property
    def _model(self) -> Any:
        import torch

        settings = self.settings
        torch.manual_seed(settings.seed)
        name = lora.place(settings.base).name
        return lora.with_adapter(
            self._opened[0], rank=settings.rank, alpha=settings.alpha, dropout=settings.dropout, base=name
        )

    @property
    def learned(self) -> list[Any]:
        """Those of the adapter."""
        return [parameter for parameter in self._model.parameters() if parameter.requires_grad]

    def optimizer(self) -> Any:
        """AdamW without decay."""
        import torch

        return torch.optim.AdamW(self.learned, lr=self.settings.learning_rate, weight_decay=0.0)

    def rate(self, step: int, steps: int) -> float:
        """As the settings say."""
        return self.settings.rate(step, steps)

    def descend(self, step: int) -> float:
        """The mean loss a token of the step's answers."""
        return self._passes(self.rows(step))

    def due(self, done: int, seconds: float) -> bool:
        """Every so many steps."""
        return done % self.settings.save_every == 0

    def _passes(self, rows: Sequence[int]) -> float:
        """Adds up the gradient of the mean loss a token over these examples, ``batch`` at a time; the loss itself."""
        self._model.train()
        examples = [self._examples[row] for row in rows]
        tokens, total = sum(len(one.answer) for one in examples), 0.0
        for start in range(0, len(examples), self.settings.batch):
            batch = padded(examples[start : start + self.settings.batch], self._padding)
            with numbers(self._device):
                loss = -lora.log_probs(self._model, batch).sum() / tokens
            loss.backward()
            total += float(loss.detach())
        return total

    @property
    def _padding(self) -> int:
        return int(self._opened[1].pad_token_id or 0)

    def _seconds_a_token(self) -> float:
        """By the time that passes over examples of several lengths take here; nothing is learned from them."""
        by_length = sorted(range(len(self._examples)), key=lambda row: self._examples[row].length)
        places = [len(by_length) * (2 * n + 1) // (2 * _TIMED) for n in range(_TIMED)]
        rows = [by_length[place] for place in places]
        self._passes(rows[:1])
        started = time.perf_counter()
        self._passes(rows)
        seconds = time.perf_counter() - started
        self._model.zero_grad()
        return seconds / sum(self._examples[row].length for row in rows)

    # --- what is kept --------------------------------------------------------------------------------------------

    @cached_property
    def identity(self) -> str:
        """Names what the run's outcome depends on."""
        settings = {key: value for key, value in asdict(self.settings).items() if key not in ("save_every", "base")}
        said = [settings, [_hash(path) for path in self.data], self._opened[2], __version__]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def publish(self, history: History) -> None:
        """Writes adapter and manifest beside, and renames them into place."""
        made = self.work / "adapter"
        shutil.rmtree(made, ignore_errors=True)
        with disk.explained(self.out):
            self._model.save_pretrained(str(made), save_embedding_layers=False)
            (made / "README.md").unlink(missing_ok=True)  # a form with nothing filled in
            disk.write_json(made / MANIFEST, self._manifest(history.losses))
            disk.replace(made, self.out)

    def _manifest(self, losses: Sequence[float]) -> dict[str, Any]:
        import torch

        settings = asdict(self.settings) | {"base": lora.place(self.settings.base).name, "device": self._device}
        data = [{"name": path.name, "sha256": _hash(path)} for path in self.data]
        return {
            "format": FORMAT, "tagwright": __version__, "torch": torch.__version__, "threads": torch.get_num_threads(),
            "base_sha256": self._opened[2], "data": data, "settings": settings,
            "examples": len(self._examples), "too_long": self._too_long, "steps": len(losses), "loss": list(losses),
        }  # fmt: skip


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
