"""The file of written samples, and which of them join a training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tagwright.enrichment.sampled as sampled
from tagwright.corpus import open_corpus
from tagwright.enrichment.options import Enrichment
from tagwright.enrichment.tail import plan
from tagwright.errors import CorpusError, InputError


def test_the_file_gives_back_what_was_written_to_the_letter(world: Any, write: Any, tmp_path: Path) -> None:
    kept, _ = write(plan(world.library(a=1, b=1), world.vocabulary, Enrichment(per_tag=2)))
    odd = replace(kept[0], document=replace(kept[0].document, text="Ends\u2028of\x85lines \U0001f41d", language=None))
    sampled.save(tmp_path / sampled.FILE, [odd, *kept[1:]])
    assert sampled.read(tmp_path / sampled.FILE) == [odd, *kept[1:]]
    assert sampled.read(tmp_path / "none.jsonl") == []
    assert [path.name for path in tmp_path.iterdir()] == [sampled.FILE]


@pytest.mark.parametrize("line", ["{", "[]", '{"sample": {}, "document": {}}', '{"sample": {"id": 3}, "document": 4}',
    '{"sample": {"id": "a", "tag": "b", "number": "x"}, "document": {"title": "", "text": "t", "language": null, '
    '"tags": ["b"]}}'])  # fmt: skip
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "s.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"s\.jsonl:2: "):
        sampled.read(tmp_path / "s.jsonl")


def test_the_file_cannot_be_taken_for_documents_to_train_or_to_measure_on(
    world: Any, write: Any, tmp_path: Path
) -> None:
    kept, _ = write(plan(world.library(b=1), world.vocabulary, Enrichment(per_tag=2)))
    sampled.save(tmp_path / sampled.FILE, kept)
    with pytest.raises(CorpusError, match="neither id, title nor text"):
        list(open_corpus([str(tmp_path / sampled.FILE)]))


def test_only_samples_that_still_fit_the_training_documents_join_it(world: Any, write: Any) -> None:
    documents = [world.document(1, "t:b", "t:a"), world.document(2, "t:b")]
    kept, _ = write(plan(documents, world.vocabulary, Enrichment(per_tag=2)))
    join = lambda given, options=Enrichment(): {  # noqa: E731, B008
        one.id for one in sampled.for_training(kept, given, world.vocabulary, options)
    }
    every = {one.said.id for one in kept}
    of = lambda number: {one.said.id for one in kept if one.said.demonstration == f"d{number}"}  # noqa: E731
    assert join(documents) == every and of(1) and of(2)
    assert join(documents[:1]) == every - of(2), "its demonstration is not among the documents"
    assert join([world.document(1, "t:b"), documents[1]]) == every - of(1), (
        "it carries a tag that the document has lost"
    )
    twice = {one.said.id for one in kept if one.said.number == 1}
    assert join(documents, Enrichment(wanted=3)) == every - {
        one.said.id for one in kept if one.said.tag == "t:b" and one.said.number == 1
    }
    assert twice and join(documents, Enrichment(tail=1)) == {one.said.id for one in kept if one.said.tag == "t:d"}
    refused = [replace(one, said=replace(one.said, refused="no")) for one in kept]
    assert sampled.for_training(refused, documents, world.vocabulary, Enrichment()) == []
    (first, *_) = sampled.for_training(kept, documents, world.vocabulary, Enrichment(weight=0.25))
    assert (
        first.metadata["tagwright.pseudo"]["weight"] == 0.25
        and first.metadata["tagwright.pseudo"]["model"] == "scripted"
    )
