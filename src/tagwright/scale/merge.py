"""The parts of a job as one file, in the order of its documents; and the manifest that names them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Any

import tagwright.corpus.disk as disk
from tagwright.corpus.export import ending_of, export
from tagwright.errors import IntegrityError
from tagwright.scale.ledger import POISONED, JobRow, Ledger, Shard
from tagwright.scale.order import MANIFEST, PARTS
from tagwright.scale.shards import path_of

FORMAT = 1


def write_manifest(folder: Path, ledger: Ledger, job: JobRow) -> None:
    """``manifest.json``: what the rows depend on, and each part with its rows and its checksum.

    It is written last, and says nothing of when and by whom: the same documents, the same bytes.
    """
    shards = list(ledger.shards())
    said = {
        "format": FORMAT, "identity": job.identity, "rows": sum(shard.rows for shard in shards),
        "failed": sum(shard.failed for shard in shards), "parts": [_described(shard) for shard in shards],
    }  # fmt: skip
    with disk.explained(folder / MANIFEST):
        disk.write_json(folder / MANIFEST, said)


def merge(folder: Path, ledger: Ledger, out: Path) -> None:
    """``out`` (.jsonl, .jsonl.gz or .parquet) appears whole, with the rows of all parts in the documents' order.

    Raises `IntegrityError` naming a part that is not the one that was written.
    """
    ending = ending_of(out)
    whole, packed = (out.with_name(f"{out.name}.{end}") for end in ("partial", "partial.tmp"))
    with disk.explained(out):
        with FileIO(whole, "w") as file:
            for data in _parts(folder, ledger):
                disk.write(file, data)
            disk.sync(file)
        if ending != ".jsonl":
            export(whole, packed, ending)
            disk.remove(whole)
            whole = packed
        disk.replace(whole, out)


def _parts(folder: Path, ledger: Ledger) -> Iterator[bytes]:
    for shard in ledger.shards():
        path = path_of(folder / PARTS, shard.name)
        data = path.read_bytes() if path.exists() else b""
        if sha256(data).hexdigest() != shard.sha256:
            hint = "remove the file and run 'tagwright jobs resume' on the folder: it is made again"
            raise IntegrityError(f"{path} is missing or not the file that was written", hint=hint)
        yield data


def _described(shard: Shard) -> dict[str, Any]:
    """A part; one that was set aside says so: its rows have no suggestions, but the reason."""
    said: dict[str, Any] = {
        "file": f"{PARTS}/{shard.name}.jsonl", "rows": shard.rows, "failed": shard.failed, "bytes": shard.size,
        "sha256": shard.sha256,
    }  # fmt: skip
    if shard.state == POISONED:
        said["set_aside"] = shard.said
    if shard.calls or shard.refused:
        said |= {"calls": shard.calls, "tokens": shard.prompt_tokens + shard.completion_tokens, "cost": shard.cost}
    return said
