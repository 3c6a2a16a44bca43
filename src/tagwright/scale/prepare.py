"""A job's folder: made, mended after a crash, and filled with the input parts of its shards."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tagwright.corpus.disk as disk
import tagwright.scale.shards as shards
from tagwright.corpus.base import Corpus
from tagwright.errors import OutputError
from tagwright.scale.ledger import DONE, POISONED, RUNNING, Ledger, Shard
from tagwright.scale.order import INPUT, LEDGER_FILE, MANIFEST, PARTS


def prepared(folder: Path, identity: Mapping[str, Any], overwrite: bool) -> Ledger:
    """The ledger of a job that is new, or the same as before; raises `OutputError` for anything else that is there."""
    if not folder.parent.is_dir():
        raise OutputError("its folder does not exist", path=str(folder), hint=f"make {folder.parent} first")
    if folder.exists() and not folder.is_dir():
        raise OutputError("this is a file", path=str(folder), hint="name a folder, or a file that ends in .jsonl")
    ledger = Ledger(folder / LEDGER_FILE)
    job = ledger.job()
    if job is None and folder.exists() and any(path.name != LEDGER_FILE for path in _visible(folder)):
        raise OutputError("this folder holds other things", path=str(folder), hint="name a new or an empty one")
    if job is not None and dict(job.identity) != identity:
        if not overwrite:
            keys = [key for key in {**job.identity, **identity} if job.identity.get(key) != identity.get(key)]
            what = f"it holds another job ({', '.join(keys)} differ)"
            raise OutputError(what, path=str(folder), hint="name another folder, or allow this one to be overwritten")
        _clear(ledger, folder)
    for name in (INPUT, PARTS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return ledger


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in (INPUT, PARTS)]


def _clear(ledger: Ledger, folder: Path) -> None:
    """Removes a job that nobody is at, the ledger first: without it the rest is nobody's."""
    ledger.alone().release()
    ledger.close()
    for path in folder.glob(f"{LEDGER_FILE}*"):
        path.unlink()
    disk.remove(folder / MANIFEST)
    for name in (INPUT, PARTS):
        shutil.rmtree(folder / name, ignore_errors=True)


def mend(ledger: Ledger, folder: Path, *, retry: bool) -> None:
    """Mends what a killed run left: shards without a worker wait again, and so do those whose output part is gone."""
    for shard in list(ledger.shards()):
        if shard.state == RUNNING:
            ledger.left(shard)
        elif shard.state == DONE and not _is_there(folder, shard):
            ledger.again(shard)
        elif shard.state == POISONED and (retry or not _is_there(folder, shard)):
            ledger.again(shard)


def _is_there(folder: Path, shard: Shard) -> bool:
    with suppress(FileNotFoundError):
        return shards.path_of(folder / PARTS, shard.name).stat().st_size == shard.size
    return False


def plan(ledger: Ledger, corpus: Corpus, folder: Path, size: int) -> None:
    """The corpus as input parts, each with its shard; of a job that was planned it is checked to be the same.

    Raises `OutputError` where it is not.
    """
    complete, number = ledger.put().complete, 0
    for number, part in enumerate(shards.split(corpus, size), start=1):
        shard = ledger.shard(number)
        if shard is None and complete:
            raise _other_input(folder, f"has more documents than the {number - 1:,} shards of")
        if shard is not None and shard.name != part.name:
            raise _other_input(folder, f"differs in shard {number:,} from")
        if shard is None or (shard.state != DONE and not shards.path_of(folder / INPUT, part.name).exists()):
            with disk.explained(folder / INPUT):
                part.write(folder / INPUT)
        if shard is None:
            ledger.add(part.name, part.documents)
    if ledger.shard(number + 1) is not None:
        raise _other_input(folder, "has fewer documents than")
    ledger.put(complete=True)


def _other_input(folder: Path, how: str) -> OutputError:
    hint = "name another folder, or allow this one to be overwritten"
    return OutputError(f"the input {how} the job that is there", path=str(folder), hint=hint)
