from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.errors import FormatError, InputError, IntegrityError
from tagwright.evaluation import saved as module
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.saved import SavedCandidates, load_candidates, save_candidates


@pytest.fixture
def saved() -> SavedCandidates:
    table = Candidates.from_pairs(
        3,
        np.array([0, 0, 2]),
        np.array([5, 2, 70000]),
        {"lexical": np.array([0.5, np.nan, 1]), "a/ü name": np.array([1, 2, 3])},
    )
    gold = Gold.from_ids([["two", "stranger"], [], ["two"]], {"two": 2})
    settings = {"cut": 0.25, "n_train": 10, "channels": {"lexical": ["lexical"]}}
    return SavedCandidates(table, gold, ("d1", "d/ü", ""), "finger", np.array([1, 0, 7]), settings)


@pytest.fixture
def file(tmp_path: Path, saved: SavedCandidates) -> Path:
    save_candidates(tmp_path / "saved.anything", saved)
    return tmp_path / "saved.anything"


def assert_equal(a: SavedCandidates, b: SavedCandidates) -> None:
    assert (a.ids, a.fingerprint, a.settings) == (b.ids, b.fingerprint, b.settings)
    assert list(a.candidates.columns) == list(b.candidates.columns)
    arrays = [(a.candidates.offsets, b.candidates.offsets), (a.candidates.tags, b.candidates.tags)]
    arrays += [(a.candidates.column(name), b.candidates.column(name)) for name in a.candidates.columns]
    arrays += [(a.gold.offsets, b.gold.offsets), (a.gold.tags, b.gold.tags)]
    for one, other in arrays:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_what_was_saved_is_loaded_as_it_was(file: Path, saved: SavedCandidates) -> None:
    loaded = load_candidates(file, fingerprint="finger")
    assert_equal(loaded, saved)
    assert loaded.train_counts is not None
    assert loaded.train_counts.tolist() == [1, 0, 7]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_training_counts_may_be_absent(file: Path, saved: SavedCandidates) -> None:
    save_candidates(file, SavedCandidates(saved.candidates, saved.gold, saved.ids, "finger"))
    assert load_candidates(file).train_counts is None


def test_nothing_in_the_file_needs_pickle(file: Path) -> None:
    with np.load(file, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "iuf" for name in arrays.files)


def test_candidates_of_another_vocabulary_are_refused(file: Path) -> None:
    with pytest.raises(IntegrityError, match=r"another vocabulary .*make it again with tagwright eval"):
        load_candidates(file, fingerprint="other")


def test_a_file_of_a_newer_format_is_refused(file: Path, saved: SavedCandidates, monkeypatch) -> None:
    monkeypatch.setattr(module, "FORMAT", 2)
    save_candidates(file, saved)
    monkeypatch.undo()
    with pytest.raises(FormatError, match="format 2; this tagwright reads formats up to 1"):
        load_candidates(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.npz: cannot be read: No such file"):
        load_candidates(tmp_path / "nothing.npz")
    with pytest.raises(InputError, match="cannot be written: No such file"):
        save_candidates(tmp_path / "no" / "folder", SavedCandidates(Candidates.empty(0), Gold.from_lists([]), (), ""))


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", b'{"id": 1}\n'])
def test_another_kind_of_file_is_refused_with_a_hint(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match="this is no file of saved candidates, or it is damaged"):
        load_candidates(file)


def test_flipped_bits_and_cuts_are_found_or_harmless(file: Path, saved: SavedCandidates) -> None:
    whole, found = file.read_bytes(), 0
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        try:
            assert_equal(load_candidates(file), saved)  # a date or a comment of the zip was hit
        except (InputError, FormatError):
            found += 1
    assert found > len(whole) / 7 / 2
    for length in range(0, len(whole), 101):
        file.write_bytes(whole[:length])
        with pytest.raises(InputError):
            load_candidates(file)


def rewrite(file: Path, **changed: np.ndarray) -> None:
    with np.load(file) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    with file.open("wb") as out:
        np.savez(out, **{**kept, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"offsets": np.array([0, 2, 1, 3])},
        {"offsets": np.array([0, 3])},
        {"tags": np.array([1, 2], dtype=np.int32)},
        {"tags": np.array([1.0, 2.0, 3.0])},
        {"column0": np.array([[1, 2, 3]], dtype=np.float32)},
        {"gold_tags": np.array([1])},
        {"about": np.frombuffer(b"[]", dtype=np.uint8)},
        {"about": np.frombuffer(json.dumps({"format": 1}).encode(), dtype=np.uint8)},
        {"about": np.frombuffer(b"\xff", dtype=np.uint8)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(file: Path, changed: dict[str, np.ndarray]) -> None:
    rewrite(file, **changed)
    with pytest.raises(InputError, match="damaged"):
        load_candidates(file)


def test_code_and_bombs_are_refused(file: Path) -> None:
    rewrite(file, tags=np.array([object()]))
    with pytest.raises(InputError, match="damaged"):
        load_candidates(file)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.npy", bytes(10**7))
    with pytest.raises(InputError, match="damaged"):
        load_candidates(file)
