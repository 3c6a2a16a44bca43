"""The quick measurements, one after the other: ``python -m benchmarks`` (make bench)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

QUICK = (
    ["starting.py"],
    ["esco.py"],
    ["lexical_recall.py"],
    ["train_and_tag.py", "--data", "tibkat-en", "--parts", "dev", "test"],
)


def main() -> int:
    folder = Path(__file__).parent
    if not (folder.parents[1] / "shared" / "data").is_dir():
        print("the data sets for measuring are not here (../shared/data); nothing was measured")
        return 0
    for script, *arguments in QUICK:
        print(f"\n## {script} {' '.join(arguments)}\n", flush=True)
        subprocess.run([sys.executable, folder / script, *arguments], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
