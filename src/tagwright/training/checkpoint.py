"""What a fine-tuning needs to go on after it was killed, in one file that is replaced as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tagwright.corpus.disk as disk
from tagwright.errors import OutputError

FILE = "checkpoint.safetensors"
_STATE = "state"


@dataclass(frozen=True)
class Checkpoint:
    """The file of a run; ``identity`` names settings, data and base model: another run's file is refused."""

    path: Path
    identity: str

    def save(
        self,
        parameters: Sequence[Any],
        optimizer: Any,
        losses: Sequence[float],
        scores: Sequence[tuple[int, float]] = (),
    ) -> None:
        """Writes the learned ``parameters``, the optimizer's state of each, and losses and scores so far."""
        from safetensors.torch import save_file

        tensors = {f"{n}.weight": parameter.detach().cpu().contiguous() for n, parameter in enumerate(parameters)}
        for n, state in optimizer.state_dict()["state"].items():
            tensors |= {f"{n}.{key}": value.detach().cpu().contiguous() for key, value in state.items()}
        beside = self.path.with_name(f"{FILE}.tmp")
        with disk.explained(self.path):
            state = json.dumps({"identity": self.identity, "losses": list(losses), "scores": list(scores)})
            save_file(tensors, str(beside), metadata={_STATE: state})
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            disk.replace(beside, self.path)

    def load(self, parameters: Sequence[Any], optimizer: Any) -> list[float]:
        """The losses so far, after weights and optimizer are as they were; [] where there is no file.

        Raises `OutputError` where it is the file of another run.
        """
        import torch
        from safetensors import safe_open

        if not self.path.exists():
            return []
        with safe_open(str(self.path), "pt") as file:
            state = self._state(file)
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        with torch.no_grad():
            for n, parameter in enumerate(parameters):
                parameter.copy_(tensors.pop(f"{n}.weight"))
        states: dict[int, dict[str, Any]] = {}
        for name, value in tensors.items():
            number, _, key = name.partition(".")
            states.setdefault(int(number), {})[key] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": states})
        return list(state["losses"])

    def scores(self) -> list[tuple[int, float]]:
        """The scores so far; [] where there is no file."""
        from safetensors import safe_open

        if not self.path.exists():
            return []
        with safe_open(str(self.path), "pt") as file:
            return [(int(done), float(score)) for done, score in self._state(file)["scores"]]

    def _state(self, file: Any) -> Mapping[str, Any]:
        state: Mapping[str, Any] = json.loads(file.metadata()[_STATE])
        if state["identity"] != self.identity:
            raise OutputError(
                "a fine-tuning with other settings, data or another base was not finished",
                path=str(self.path.parent), hint="carry that one out to its end, or delete this folder",
            )  # fmt: skip
        return state


def keep_best(folder: Path, done: int, parameters: Sequence[Any], *, before: int | None) -> None:
    """Keeps the parameters of the best score, reached after ``done`` steps.

    Those of the best score ``before`` stay until the next time: the checkpoint at hand still names them.
    """
    from safetensors.torch import save_file

    path = _best(folder, done)
    beside = path.with_name(f"{path.name}.tmp")
    with disk.explained(path):
        save_file({str(n): one.detach().cpu().contiguous() for n, one in enumerate(parameters)}, str(beside))
        disk.replace(beside, path)
        kept = {path} if before is None else {path, _best(folder, before)}
        for other in set(folder.glob(_best(folder, "*").name)) - kept:
            disk.remove(other)


def use_best(folder: Path, done: int, parameters: Sequence[Any]) -> None:
    """Sets the parameters to those that `keep_best` kept after so many steps."""
    import torch
    from safetensors import safe_open

    with safe_open(str(_best(folder, done)), "pt") as file, torch.no_grad():
        for n, parameter in enumerate(parameters):
            parameter.copy_(file.get_tensor(str(n)))


def _best(folder: Path, done: int | str) -> Path:
    return folder / f"best-{done}.safetensors"
