"""A project that was trained before a channel became a default one goes on without it until it is trained again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tagwright.errors import ConfigError
from tagwright.pipeline.assembly import STATE
from tagwright.project.manifest import Manifest
from tagwright.project.opened import Opened


@pytest.fixture
def former(trained: Path) -> Path:
    """A project as a version left it that did not know the channel `linear`."""
    manifest = Manifest.read(trained)
    name = f"{manifest.model}/{STATE}"
    files = {key: value for key, value in manifest.files.items() if key != name}
    learned_with = {key: value for key, value in manifest.learned_with.items() if ".linear." not in key}
    assert len(files) == len(manifest.files) - 1 and len(learned_with) < len(manifest.learned_with)
    replace(manifest, files=files, learned_with=learned_with).write(trained, through=trained)
    (trained / name).unlink()
    return trained


def test_it_answers_as_it_did(former: Path, trained_folder: Path, answers: Callable[..., object]) -> None:
    assert answers(former) == answers(trained_folder)
    assert Opened(former).differences() == []


def test_who_asks_for_the_channel_is_told_to_train(former: Path, answers: Callable[..., object]) -> None:
    with (former / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write("\n[channels.linear]\nleast = 1\n")
    with pytest.raises(ConfigError, match="channel 'linear' is on, but the model was trained without it"):
        answers(former)


def test_other_settings_are_compared_as_before(former: Path, answers: Callable[..., object]) -> None:
    with (former / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write("\n[words]\nmin_df = 5\n")
    with pytest.raises(ConfigError, match=r"setting 'words.min_df' is 5"):
        answers(former)


def test_a_channel_that_was_off_and_is_on_again_is_a_difference(trained: Path, answers: Callable[..., object]) -> None:
    manifest = Manifest.read(trained)
    without = {key: value for key, value in manifest.learned_with.items() if ".linear." not in key}
    replace(manifest, learned_with=without).write(trained, through=trained)
    with pytest.raises(ConfigError, match="channel 'linear' is on, but the model was trained without it"):
        answers(trained)
