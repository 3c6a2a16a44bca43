"""``kill -9`` at random points while an encoder is taught, by the command that users run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tagwright.corpus import open_corpus
from tagwright.demo import library

pytestmark = pytest.mark.soak
KILLS = 10


def outcome(folder: Path) -> tuple[bytes, list[float]]:
    """The weights that are served, and the loss of each step."""
    return (folder / "model.onnx").read_bytes(), json.loads((folder / "training.json").read_text())["loss"]


def test_a_killed_teaching_ends_as_one_that_was_not(trained, tagwright, make_sentences, chance, say, tmp_path):
    documents = open_corpus([library.train_path()])
    words = sorted({word for one in documents for word in re.findall(r"\w+", f"{one.title} {one.text}".lower())})
    wanted = {
        "base": str(make_sentences(words, width=64)), "epochs": 12, "batch": 16, "learning_rate": 1e-3,
        "save_minutes": 0.02, "patience": 99, "device": "cpu",
    }  # fmt: skip
    options = [part for name, value in wanted.items() for part in ("--set", f"teaching.{name}={value!r}")]
    teach = ("encoder", "finetune", "-p", trained, *options)
    whole = tagwright(*teach, tmp_path / "whole")
    assert whole.code == 0, whole.err
    killed, resumed = 0, 0
    while killed < KILLS:
        done = tagwright(*teach, tmp_path / "out", kill_after=chance.uniform(0.3, 0.95) * whole.seconds)
        if done.code == 0:  # it went on from so far that it was done: begin anew
            assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
            shutil.rmtree(tmp_path / "out")
            continue
        killed += 1
        if (tmp_path / "out").exists():  # complete, or not there at all
            assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
            shutil.rmtree(tmp_path / "out")
            shutil.rmtree(tmp_path / ".out.unfinished", ignore_errors=True)
        resumed += (tmp_path / ".out.unfinished" / "checkpoint.safetensors").exists()
    done = tagwright(*teach, tmp_path / "out", "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
    assert not (tmp_path / ".out.unfinished").exists()
    went_on = f"the last run went on at step {said['resumed_at']} of {len(said['losses'])}"
    say(
        f"encoder finetune: {killed} kills in {whole.seconds:.0f} s, {resumed} left a checkpoint; {went_on}, same bytes"
    )
