"""``kill -9`` at random points of training and tagging, by the command that users run; bits flipped in every file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tagwright.demo import library

pytestmark = pytest.mark.soak
KILLS, FLIPS = 20, 50


def unnamed(project: Path) -> list[str]:
    """What lies in the project's folder and belongs to nothing."""
    said = json.loads((project / "manifest.json").read_text(encoding="utf-8"))
    named = {said["vocabulary"], said["model"]}
    found = []
    for version in (project / "versions").iterdir():
        kept = [path for path in version.iterdir() if f"versions/{version.name}/{path.name}" in named]
        found += [path.name for path in version.iterdir() if path not in kept] if kept else [version.name]
    usual = {"manifest.json", "tagwright.toml", "versions"}
    return found + [p.name for p in project.iterdir() if p.name not in usual and not p.name.startswith("store.")]


def test_a_killed_training_leaves_the_old_model_and_runs_again(project, tagwright, suggestions, chance, say):
    train = ("train", library.train_path(), "-p", project)
    old, untouched = suggestions(project), Path(shutil.copytree(project, project.with_name("untouched")))
    whole = tagwright("train", library.train_path(), "-p", untouched)
    assert whole.code == 0, whole.err
    new = suggestions(untouched)
    assert old != new
    killed, orphans = 0, []
    while killed < KILLS:
        # Every other kill falls into the last tenth, where files are written.
        begin = 0.9 * whole.seconds if killed % 2 else 0.2
        done = tagwright(*train, kill_after=chance.uniform(begin, whole.seconds))
        if done.code == 0:  # quicker than the first time: back to the old model
            shutil.rmtree(project)
            shutil.copytree(project.with_name("untouched"), project)
            assert tagwright("train", library.dev_path(), "-p", project).code == 0
            continue
        killed += 1
        orphans.append(len(unnamed(project)))
        assert suggestions(project) in (old, new)
        assert orphans[-1] <= 1
    assert tagwright(*train).code == 0
    assert suggestions(project) == new
    assert unnamed(project) == []
    assert tagwright("doctor", "-p", project).code == 0
    say(f"train: {killed} kills within {whole.seconds:.1f} s, {sum(orphans)} left one folder; the rerun answers alike")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_tagging_goes_on_to_the_same_bytes(trained, corpus, tagwright, chance, say, tmp_path, workers):
    tag = ("tag", corpus, "-p", trained, "--workers", workers, "-o")
    whole = tagwright(*tag, tmp_path / "whole.jsonl")
    assert whole.code == 0, whole.err
    expected = (tmp_path / "whole.jsonl").read_bytes()
    killed, runs, out = 0, 0, tmp_path / "out.jsonl"
    while killed < KILLS:
        done = tagwright(*tag, out, kill_after=chance.uniform(0.2, whole.seconds))
        if done.code != 0:
            killed += 1
            assert not out.exists() or out.read_bytes() == expected
            assert len(list(tmp_path.iterdir())) <= 6, sorted(tmp_path.iterdir())
            continue
        assert out.read_bytes() == expected
        runs += 1
        for path in tmp_path.glob("out.jsonl*"):
            path.unlink()
    done = tagwright(*tag, out)
    assert done.code == 0, done.err
    assert out.read_bytes() == expected
    say(f"tag with {workers} workers: {killed} kills within {whole.seconds:.1f} s, {runs + 1} equal files")


def test_the_bytes_of_tagging_do_not_tell_the_number_of_workers(trained, corpus, tagwright, say, tmp_path):
    found = set()
    for workers in (1, 2, 4):
        out = tmp_path / f"{workers}.jsonl"
        assert tagwright("tag", corpus, "-p", trained, "--workers", workers, "-o", out).code == 0
        found.add(out.read_bytes())
    assert len(found) == 1
    say("1, 2 and 4 workers: the same bytes")


def test_a_flipped_bit_is_refused_by_name_by_the_first_command_that_reads_it(project, tagwright, chance, say):
    said = json.loads((project / "manifest.json").read_text(encoding="utf-8"))
    names = [name for name in said["files"] if (project / name).stat().st_size] + ["manifest.json"]
    for number in range(FLIPS):
        name = names[-1] if number % 10 == 0 else chance.choice(names)
        path = project / name
        whole = path.read_bytes()
        content = bytearray(whole)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        command = ("doctor",) if "/table/" in name else ("vocab", "search", "bees")
        command = ("suggest", "bees") if "/model/" in name and "/table/" not in name else command
        for words in {command, ("doctor",)}:
            done = tagwright(*words, "-p", project)
            assert done.code == 1, (name, words)
            assert name in (done.out + done.err).replace("\n", ""), (name, words, done)
        path.write_bytes(whole)
    assert tagwright("doctor", "-p", project).code == 0
    say(f"{FLIPS} flipped bits: each refused by name by the first command that reads the file, and by doctor")
