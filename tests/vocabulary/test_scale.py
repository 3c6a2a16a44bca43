"""Loading 78,741 tags: from JSONL in 300 MB, from a project in 60 MB more (times: benchmarks/starting.py)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = """
import json, sys
from pathlib import Path
from tagwright.vocabulary import Vocabulary, open_vocabulary
def peak():  # not ru_maxrss: a new process inherits that of the one that started it
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
before = peak()
vocabulary = open_vocabulary(sys.argv[1]) if sys.argv[1].endswith(".gz") else Vocabulary.load(sys.argv[1])
vocabulary.find("x"), list(vocabulary.names), vocabulary.labels, vocabulary.active, vocabulary.fingerprint
if len(sys.argv) > 2:
    vocabulary.save(sys.argv[2])
print(json.dumps({"tags": len(vocabulary), "mb": peak(), "more_mb": peak() - before}))
"""


def load(*arguments: object) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell a process's peak memory")
def test_a_large_vocabulary_is_loaded_lean(shared: Path, tmp_path: Path) -> None:
    first = load(shared / "data/tibkat-en/vocab.jsonl.gz", tmp_path / "saved")
    assert (first["tags"], first["mb"] <= 300) == (78_741, True)
    again = load(tmp_path / "saved")
    assert (again["tags"], again["more_mb"] <= 60) == (78_741, True)
