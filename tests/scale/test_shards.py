"""Parts of a corpus: named by what they hold, whole or not there."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tagwright.scale.shards as shards
from tagwright.corpus import Memory, open_corpus
from tagwright.errors import IntegrityError
from tagwright.types import Document


@given(st.lists(st.text(), max_size=30), st.integers(1, 8))
def test_the_parts_together_are_the_corpus_in_its_order(tmp_path_factory, texts, size):
    folder = tmp_path_factory.mktemp("parts")
    documents = [Document(f"d{n}", text, text[::-1], None if n % 2 else "en") for n, text in enumerate(texts)]
    parts = list(shards.split(Memory(documents), size))
    for part in parts:
        part.write(folder)
    assert [one for part in parts for one in shards.read(folder, part.name)] == documents
    assert {part.documents for part in parts[:-1]} <= {size}


def test_a_part_is_named_by_its_place_and_its_content_and_not_by_the_file_it_came_from(tmp_path):
    rows = [{"id": f"d{n}", "title": f"No. {n}", "text": "bees\nand honey"} for n in range(5)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    one, other = (
        [part.name for part in shards.split(open_corpus([tmp_path / name]), 2)] for name in ("a.jsonl", "a.csv")
    )
    assert one == other
    assert [name[:7] for name in one] == ["000001-", "000002-", "000003-"]
    changed = Memory([Document("d0", "wasps")])
    assert next(shards.split(changed, 2)).name[7:] != one[0][7:]


def test_a_part_that_was_changed_or_is_gone_is_refused_by_name(tmp_path):
    part = next(shards.split(Memory([Document("a", "bees")]), 2))
    with pytest.raises(IntegrityError, match=part.name):
        shards.read(tmp_path, part.name)
    part.write(tmp_path)
    path = shards.path_of(tmp_path, part.name)
    path.write_bytes(path.read_bytes().replace(b"bees", b"wasp"))
    with pytest.raises(IntegrityError, match=part.name):
        shards.read(tmp_path, part.name)
    assert [path.name for path in tmp_path.iterdir()] == [f"{part.name}.jsonl"]
