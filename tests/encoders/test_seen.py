"""What an encoder was taught with is remembered without names, and travels with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.encoders.cached import Cached
from tagwright.encoders.folder import MANIFEST, SEEN, Manifest
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.seen import Seen, seen_by
from tagwright.errors import FormatError, IntegrityError
from tagwright.project.manifest import checksum


class Nothing:
    def get_many(self, keys):
        return {}

    def put_many(self, values):
        return None


@pytest.fixture
def taught(onnx_folder: Path, tmp_path: Path) -> Path:
    folder = Path(copytree(onnx_folder, tmp_path / "taught"))
    Seen.from_ids(["a", "b"]).write(folder)
    manifest = Manifest.read(folder)
    replace(manifest, files={**manifest.files, SEEN: checksum(folder / SEEN)}).write(folder)
    return folder


@given(st.lists(st.text(), max_size=20), st.lists(st.text(), max_size=20))
def test_documents_that_were_taught_with_are_known_and_others_are_not(these, others):
    seen = Seen.from_ids(these)
    assert seen.of([*these, *others]).tolist() == [True] * len(these) + [one in these for one in others]
    assert np.array_equal(seen.hashes, Seen.from_ids([*reversed(these), *these]).hashes)


def test_any_part_that_was_taught_with_a_document_counts(taught: Path, onnx_folder: Path):
    parts = [object(), Onnx(str(onnx_folder)), Cached(Onnx(str(taught)), Nothing())]
    assert seen_by(parts, ["a", "c", "b"]).tolist() == [True, False, True]
    assert seen_by(parts[:2], ["a", "c", "b"]).tolist() == [False] * 3


def test_what_was_seen_is_copied_with_the_encoder_and_checked(taught: Path, tmp_path: Path):
    Onnx(str(taught)).save(tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        MANIFEST,
        "model.onnx",
        SEEN,
        "tokenizer.json",
    ]
    assert Onnx(str(tmp_path / "copy")).seen.of(["b"]).all()
    Seen.from_ids(["a"]).write(tmp_path / "copy")
    with pytest.raises(IntegrityError, match=SEEN):
        _ = Onnx(str(tmp_path / "copy")).seen


def test_a_file_that_holds_something_else_is_named(tmp_path: Path):
    assert not Seen.read(tmp_path).hashes.size
    np.save(tmp_path / SEEN, np.array([1.5]))
    with pytest.raises(FormatError, match=SEEN):
        Seen.read(tmp_path)
    (tmp_path / SEEN).write_bytes(b"nothing")
    with pytest.raises(FormatError, match="cannot be read"):
        Seen.read(tmp_path)
