"""Teaches a causal language model with a LoRA adapter, on a CPU or a GPU; the loss looks at the answers only."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cached_property
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import numpy as np

import tagwright.corpus.disk as disk
import tagwright.training.lora as lora
from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.training.checkpoint import FILE, Checkpoint
from tagwright.training.examples import Example, padded, read_examples
from tagwright.training.options import Finetuned, Finetuning, Plan
from tagwright.version import VERSION as __version__

MANIFEST = "finetuning.json"
FORMAT = 1
# Passes that are timed before a run, after one that warms up.
_TIMED = 3
_LONGEST_GRADIENT = 1.0

Progress = Callable[[str, int, int | None], None]


class Run:
    """One fine-tuning: `plan` tells what it will take, `run` does it, or goes on where a killed one stopped.

    The adapter's folder ``out`` is complete or not there at all; until then the work lies beside it, in a hidden folder
    ``.<name>.unfinished``. On a CPU the same data, settings and number of threads give the same bytes. Raises
    `OutputError`, `InputError`, `ConfigError`, `MissingExtraError`.
    """

    def __init__(self, data: Sequence[Path], out: Path, settings: Finetuning) -> None:
        self.data, self.out, self.settings = tuple(data), out, settings
        self.work = out.with_name(f".{out.name}.unfinished")

    @cached_property
    def plan(self) -> Plan:
        """What the run will take."""
        self._refuse()
        examples, counts = self._examples, [parameter.numel() for parameter in self._learned]
        tokens = sum(examples[row].length for step in range(self._steps) for row in self.rows(step))
        every = sum(parameter.numel() for parameter in self._model.parameters())
        return Plan(
            len(examples), self._too_long, self._steps, tokens, sum(counts), every, self._device,
            tokens * self._seconds_a_token(),
        )  # fmt: skip

    def run(self, progress: Progress | None = None) -> Finetuned:
        """The adapter, learned and saved."""
        progress = progress or (lambda stage, done, total: None)
        started = time.perf_counter()
        self._refuse()
        steps, optimizer = self._steps, self._optimizer()
        with disk.explained(self.work):
            self.work.mkdir(parents=True, exist_ok=True)
            lock = disk.open_alone(self.work / "lock")
        with lock:
            kept = Checkpoint(self.work / FILE, self._identity)
            losses = kept.load(self._learned, optimizer)
            resumed_at = len(losses)
            for step in range(resumed_at, steps):
                progress("steps", step, steps)
                losses.append(self._step(step, steps, optimizer))
                if (step + 1) % self.settings.save_every == 0 and step + 1 < steps:
                    kept.save(self._learned, optimizer, losses)
            progress("steps", steps, steps)
            self._publish(losses)
        return Finetuned(self.out, tuple(losses), resumed_at, time.perf_counter() - started)

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
    def _steps(self) -> int:
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
        lora.need_extras()
        import torch

        wanted = self.settings.device
        if wanted == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        if wanted.startswith("cuda") and not torch.cuda.is_available():
            raise ConfigError(f"there is no device {wanted!r} here", hint="--device cpu")
        return wanted

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
    def _learned(self) -> list[Any]:
        return [parameter for parameter in self._model.parameters() if parameter.requires_grad]

    def _optimizer(self) -> Any:
        import torch

        return torch.optim.AdamW(self._learned, lr=self.settings.learning_rate, weight_decay=0.0)

    def _step(self, step: int, steps: int, optimizer: Any) -> float:
        """One step; the mean loss a token of its answers."""
        import torch

        # Dropout of a step depends on the step alone, so that a run that goes on meets what it would have met.
        torch.manual_seed(self.settings.seed * 1_000_003 + step)
        loss = self._passes(self.rows(step))
        if not isfinite(loss):
            raise ConfigError(f"the loss is {loss} at step {step + 1}", hint="a lower learning rate, or more warm-up")
        torch.nn.utils.clip_grad_norm_(self._learned, _LONGEST_GRADIENT)
        for group in optimizer.param_groups:
            group["lr"] = self.settings.rate(step, steps)
        optimizer.step()
        optimizer.zero_grad()
        return round(loss, 6)

    def _passes(self, rows: Sequence[int]) -> float:
        """Adds up the gradient of the mean loss a token over these examples, ``batch`` at a time; the loss itself."""
        self._model.train()
        examples = [self._examples[row] for row in rows]
        tokens, total = sum(len(one.answer) for one in examples), 0.0
        for start in range(0, len(examples), self.settings.batch):
            batch = padded(examples[start : start + self.settings.batch], self._padding)
            with lora.numbers(self._device):
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
    def _identity(self) -> str:
        """Names what the run's outcome depends on."""
        settings = {key: value for key, value in asdict(self.settings).items() if key not in ("save_every", "base")}
        said = [settings, [_hash(path) for path in self.data], self._opened[2], __version__]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def _refuse(self) -> None:
        if self.out.exists():
            raise OutputError("exists already", path=str(self.out), hint="name a folder that does not exist yet")

    def _publish(self, losses: Sequence[float]) -> None:
        """Writes adapter and manifest beside, renames them into place, and clears the work away."""
        made = self.work / "adapter"
        shutil.rmtree(made, ignore_errors=True)
        with disk.explained(self.out):
            self._model.save_pretrained(str(made), save_embedding_layers=False)
            (made / "README.md").unlink(missing_ok=True)  # a form with nothing filled in
            disk.write_json(made / MANIFEST, self._manifest(losses))
            disk.replace(made, self.out)
        shutil.rmtree(self.work, ignore_errors=True)

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
