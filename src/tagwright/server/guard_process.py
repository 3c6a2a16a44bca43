"""The process in which the newest decisions are measured, run by `guard` as a program of its own.

It loads the model a second time and computes for seconds: in the server's process that would keep requests from their
answers, and the memory would not come back. Called with the project's folder and overrides of its settings; the check
is written to standard output as JSON, ``null`` where there was nothing to measure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tagwright.errors import TagwrightError
from tagwright.feedback import Canary

_LOOK_SECONDS = 0.5


def measured(folder: Path, overrides: Sequence[str], stopping: Callable[[], bool]) -> dict[str, Any] | None:
    """What a check found, made in another process; ``None`` where there was none, or where it was to stop.

    Raises `TagwrightError` saying what went wrong there.
    """
    command = [sys.executable, "-m", __name__, str(folder), *overrides]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        while True:
            with suppress(subprocess.TimeoutExpired):
                out, problem = process.communicate(timeout=_LOOK_SECONDS)
                break
            if stopping():
                process.kill()
                return None
    if process.returncode:
        last = problem.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise TagwrightError(f"the check of the newest decisions ended with {process.returncode}: {' '.join(last)}")
    found: dict[str, Any] | None = json.loads(out)
    return found


def main() -> None:
    """Measures, and writes what was found."""
    folder, *overrides = sys.argv[1:]
    os.nice(5)  # requests go first
    found = Canary(Path(folder), overrides).check()
    sys.stdout.write(json.dumps(None if found is None else asdict(found)))


if __name__ == "__main__":
    main()
