"""``tagwright keys`` as a user runs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tagwright.store.sqlite import SqliteStore


@pytest.fixture
def bare(untrained: Path, tmp_path: Path) -> Path:
    """A copy of the untrained project, to be changed."""
    return Path(shutil.copytree(untrained, tmp_path / "bare"))


def test_a_key_is_shown_once_listed_by_name_and_taken_back(tagwright, bare):
    made = tagwright("keys", "add", "anna", "--role", "review", "-p", bare)
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert secret.startswith("tw_")
    assert "shown this once" in made.err
    listed = tagwright("keys", "list", "-p", bare)
    assert "anna" in listed.out
    assert "review" in listed.out
    assert secret not in listed.out
    assert SqliteStore(bare / "store.sqlite").keys.find(secret).name == "anna"
    assert tagwright("keys", "revoke", "anna", "-p", bare).code == 0
    assert SqliteStore(bare / "store.sqlite").keys.find(secret) is None
    (row,) = tagwright("keys", "list", "-p", bare, "--json").json()
    assert (row["name"], row["role"], row["revoked"] > 0) == ("anna", "review", True)


def test_one_key_opens_several_projects_or_none_where_one_has_the_name(tagwright, bare, tmp_path):
    other = Path(shutil.copytree(bare, tmp_path / "other"))
    done = tagwright("keys", "add", "both", "-p", bare, "-p", other, "--json")
    secret = done.json()["key"]
    keys = [SqliteStore(folder / "store.sqlite").keys for folder in (bare, other)]
    assert [one.find(secret).role for one in keys] == ["read", "read"]
    assert tagwright("keys", "revoke", "both", "-p", other).code == 0
    again = tagwright("keys", "add", "both", "-p", other, "-p", bare)
    assert again.code == 1
    assert "has a key 'both' already" in again.err
    assert keys[1].valid() == []


def test_wrong_roles_and_names_are_refused_with_the_next_step(tagwright, bare):
    done = tagwright("keys", "add", "anna", "--role", "owner", "-p", bare)
    assert (done.code, "known are: read, review, admin" in done.err) == (1, True)
    done = tagwright("keys", "revoke", "nobody", "-p", bare)
    assert (done.code, "tagwright keys list" in done.err) == (1, True)
    assert "there are no keys" in tagwright("keys", "list", "-p", bare).out
