"""Rows found by Milvus: Milvus Lite in a file here, or a cluster by URL, through the same client."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import log2
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError, MissingExtraError, ProjectError
from tagwright.indexes.approximate import Approximate
from tagwright.indexes.base import Positions, Vectors
from tagwright.indexes.rows import Rows

_FILE = "milvus.db"
_KEY, _VECTOR = "position", "vector"
# Rows that are sent at once: 3 MB at a width of 384, far below the 64 MB that a server takes.
_SENT = 2000
# Milvus cuts a collection into segments, each with cells of its own.
_SEGMENT, _MOST_CELLS = 100_000, 65_536


@dataclass
class Milvus(Approximate):
    """Milvus names the rows that seem the nearest (IVF, SQ8; the ``probes`` nearest cells of each of its segments).

    ``probes`` 0: as many as training documents need, 128 before one has asked.
    ``uri``: "" = Milvus Lite, the engine in a file beside the rows, for one process at a time; else the address of a
    server or cluster. ``key``: the name of the environment variable that holds its token, never the token itself. A
    collection is called after the rows in it, made once, and never changed: rows that came at run time are compared
    here, as are the rows that decide. So many processes may share it, and what one left half done when it was killed
    is completed by the next. A collection that no project uses any more is dropped by hand. Needs the extra ``milvus``.
    """

    uri: str = ""
    key: str = ""
    probes: int = 0
    timeout: float = 120.0
    kind: ClassVar[str] = "milvus"
    _usual: ClassVar[int] = 128
    _steps: ClassVar[tuple[int, ...]] = (32, 64, 128, 256, 512)
    _client: Any = field(default=None, init=False, repr=False)
    _place: Path | None = field(default=None, init=False, repr=False)
    _made: tempfile.TemporaryDirectory[str] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.uri and "://" not in self.uri:
            raise ConfigError(
                f"'index.uri' is {self.uri!r}, but must be the address of a server, or left out for a file here",
                hint="for example 'http://localhost:19530'",
            )
        if self.key and not os.environ.get(self.key):
            raise ConfigError(f"the environment variable {self.key} is not set", hint=f"export {self.key}=…")

    def __getstate__(self) -> dict[str, Any]:
        if self._structured and not self.uri:
            raise TypeError("Milvus Lite is an engine of one process (index.uri names a server)")
        return super().__getstate__()

    def _learn(self, vectors: Vectors) -> None:
        if len(vectors) < max(self.least, 1):
            return
        if not self.uri:
            made = self._made = tempfile.TemporaryDirectory(prefix="tagwright-milvus-", ignore_cleanup_errors=True)
            self._place = Path(made.name) / _FILE
        self._collection = _named(vectors)
        with self._asked() as client:
            self._send(client, vectors)
        self._ready = True

    def _send(self, client: Any, vectors: Vectors) -> None:
        """The collection has all rows, whatever it had before, and is ready to be searched."""
        name, n = self._collection, len(vectors)
        if self._whole(client, n):
            return
        if not client.has_collection(name):
            client.create_collection(name, schema=_schema(vectors.shape[1]))
        for low in range(0, n, _SENT):
            block = np.asarray(vectors[low : low + _SENT], dtype=np.float32)
            client.upsert(name, [{_KEY: low + row, _VECTOR: own} for row, own in enumerate(block)])
        client.flush(name)
        if not client.list_indexes(name):
            indexed = client.prepare_index_params()
            # 39 rows a cell is the least that its library learns a centre from.
            cells = 2 ** max(0, round(log2(max(1.0, min(2 * min(n, _SEGMENT) ** 0.5, n / 39)))))
            indexed.add_index(_VECTOR, index_type="IVF_SQ8", metric_type="IP", params={"nlist": cells})
            client.create_index(name, indexed)
        if not self._whole(client, n):
            raise ProjectError(f"Milvus at {self._where} has not kept all {n:,} rows", hint="look at its log")

    def _whole(self, client: Any, n: int) -> bool:
        """Whether the collection has ``n`` rows and can be searched, which it can from now on."""
        name = self._collection
        if not client.has_collection(name) or not client.list_indexes(name):
            return False
        client.load_collection(name)
        seen = {"consistency_level": "Strong"} if self.uri else {}  # a file is always up to date with itself
        counted = client.query(name, filter="", output_fields=["count(*)"], **seen)
        return int(counted[0]["count(*)"]) == n

    @property
    def _set(self) -> int:
        return self.probes

    @property
    def _structured(self) -> bool:
        return bool(self._collection)

    def _find(self, queries: Vectors, count: int) -> Sequence[Positions]:
        how = {"metric_type": "IP", "params": {"nprobe": self._reach}}
        with self._asked() as client:
            found = client.search(
                self._collection, data=list(queries), anns_field=_VECTOR, limit=count, search_params=how,
                output_fields=[_KEY], timeout=self.timeout,
            )  # fmt: skip
        return [np.unique(np.array([hit[_KEY] for hit in own], dtype=np.int64)) for own in found]

    def _write(self, folder: Path) -> dict[str, Any]:
        target = folder / _FILE
        if self._place is not None and self._place != target:
            self._close()  # what is copied is whole
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(self._place, target)
        return {**super()._write(folder), "collection": self._collection, "uri": self.uri}

    def _read(self, folder: Path, said: dict[str, Any]) -> None:
        super()._read(folder, said)
        self._collection, self.uri = str(said["collection"]), str(said["uri"])
        if not self._collection:
            return
        self._place = None if self.uri else folder / _FILE
        with self._asked() as client:
            if not self._whole(client, len(self.base_)):
                raise ProjectError(f"{self._where} does not have the rows of the index in {folder}", hint="train again")

    def _use(self, base: Rows, removed: NDArray[np.bool_]) -> None:
        super()._use(base, removed)
        self._collection, self._client, self._ready, self._place, self._made = "", None, False, None, None

    @property
    def _where(self) -> str:
        return self.uri or str(self._place)

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """A client; what goes wrong is a `ProjectError` that names the place, without the token."""
        client_of, failed = _pymilvus()
        try:
            if self._client is None:
                token = os.environ.get(self.key, "") if self.key else ""
                self._client = client_of(uri=self._where, token=token, timeout=self.timeout)
                if self._ready:
                    self._client.load_collection(self._collection)
            yield self._client
        except failed as error:
            raise ProjectError(
                f"Milvus at {self._where} does not answer as it should: {error}",
                hint="start it, or set index.kind; a file can be open in one process only",
            ) from error

    def _close(self) -> None:
        """Lets the file that was made here go; it is opened again when it is needed."""
        if self._made is not None and self._client is not None:
            from milvus_lite.server_manager import server_manager_instance

            self._client.close()
            self._client = None
            server_manager_instance.release_server(str(self._place))

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be on its way out
            self._close()


def _named(vectors: Vectors) -> str:
    """The name of the collection with these rows: the same ones, the same name."""
    content = hashlib.sha256(repr(vectors.shape).encode())
    content.update(np.ascontiguousarray(vectors, dtype=np.float32).data)
    return f"tagwright_{content.hexdigest()[:32]}"


def _schema(width: int) -> Any:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(_KEY, DataType.INT64, is_primary=True)
    schema.add_field(_VECTOR, DataType.FLOAT_VECTOR, dim=width)
    return schema


def _pymilvus() -> tuple[Any, Any]:
    """Its client and its error; raises `MissingExtraError`."""
    try:
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException
    except ImportError as error:
        raise MissingExtraError("pymilvus", "milvus") from error
    return MilvusClient, MilvusException
