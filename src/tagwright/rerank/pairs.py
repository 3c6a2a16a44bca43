"""The pair model: a small network over the vectors of a document and a tag, by plain matrix products."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tagwright.candidates import Candidates, Floats
from tagwright.encoders.base import LearningEncoder
from tagwright.errors import ConfigError, ProjectError
from tagwright.rerank.base import Reranker
from tagwright.types import Document

MANIFEST = "pairs.json"
# Vectors that stand side by side at the entrance of each head.
HEADS = {"concat": 2, "compared": 4}
LAST_HIDDEN = 1024
# Weight and bias of the three layers as torch.nn.Linear has them, (out, in) and (out,), each in a file NAME.npy.
ARRAYS = ("weight1", "bias1", "weight2", "bias2", "weight3", "bias3")

# Pairs that go through the layers together: 25 MB a hidden layer of an encoder with 384 numbers.
_CHUNK = 4096
# Tags that a scan takes at a time.
_TAGS = 256

Rows = NDArray[np.integer]


def sizes(head: str, width: int) -> tuple[int, int, int, int]:
    """Lengths of the entrance, of both hidden layers and of the way out, for vectors of this width."""
    return HEADS[head] * width, 4 * width, LAST_HIDDEN, 1


class Layers:
    """The network without PyTorch: entrance -> 4 h -> 1024 -> 1, ReLU after each hidden layer (no dropout here).

    The entrance of the head "concat" is [d; t] (LLMs4Subjects-Torino, section 2.3), that of "compared"
    [d; t; d - t; sqrt(h) d * t] (Text2Topic), where d and t are vectors of length 1: the factor makes the entries of
    the product as large as the others. The first layer is linear before its ReLU, so it falls into a part of the
    document and one of the tag, each computed once, and for "compared" a part of the product.
    """

    def __init__(self, head: str, arrays: Mapping[str, Floats]) -> None:
        blocks = np.split(arrays["weight1"], HEADS[head], axis=1)
        document, tag = blocks[:2]
        self._product: Floats | None = None
        if head == "compared":
            document, tag = document + blocks[2], tag - blocks[2]
            self._product = np.ascontiguousarray(blocks[3].T) * np.float32(np.sqrt(len(blocks[3].T)))
        self._document, self._tag = np.ascontiguousarray(document.T), np.ascontiguousarray(tag.T)
        self._second = np.ascontiguousarray(arrays["weight2"].T)
        self._last = arrays["weight3"][0]
        self._biases = arrays["bias1"], arrays["bias2"], arrays["bias3"][0]

    def logits(self, documents: Floats, tags: Floats, owners: Rows, rows: Rows) -> Floats:
        """(n_pairs,) float32: of row ``owners`` of ``documents`` (n, h) and row ``rows`` of ``tags`` (m, h).

        The tag part is computed once for each different tag; twice for one on the edge of two chunks.
        """
        found = np.empty(len(rows), dtype=np.float32)
        own = documents @ self._document + self._biases[0]
        order = np.argsort(rows, kind="stable")
        for start in range(0, len(order), _CHUNK):
            pairs = order[start : start + _CHUNK]
            different, places = np.unique(rows[pairs], return_inverse=True)
            hidden = (tags[different] @ self._tag)[places]
            hidden += own[owners[pairs]]
            if self._product is not None:
                hidden += (documents[owners[pairs]] * tags[rows[pairs]]) @ self._product
            found[pairs] = self._rest(hidden)
        return found

    def scan(self, documents: Floats, tags: Floats, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """(documents, tags, logits) of the ``k`` likeliest of all tags, document by document, the likeliest first.

        Ties to the lower row. Rows of ``documents`` (n, h) and ``tags`` (m, h). Looks at every pair, so that 100,000
        tags take some seconds a document; memory does not grow with the tags.
        """
        n, k = len(documents), min(k, len(tags))
        own = documents @ self._document + self._biases[0]
        best, places = np.empty((n, 0), dtype=np.float32), np.empty((n, 0), dtype=np.int64)
        for start in range(0, len(tags), _TAGS):
            block = self._block(documents, own, tags[start : start + _TAGS])
            numbers = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
            best, places = np.concatenate([best, block], axis=1), np.concatenate([places, numbers], axis=1)
            # What was there before stands first and has the lower rows: a stable sort keeps ties in their order.
            order = np.argsort(-best, axis=1, kind="stable")[:, :k]
            best, places = np.take_along_axis(best, order, axis=1), np.take_along_axis(places, order, axis=1)
        return np.repeat(np.arange(n), k), places.ravel(), best.ravel()

    def _block(self, documents: Floats, own: Floats, tags: Floats) -> Floats:
        """(n_documents, n_tags): all pairs of the documents and a few tags."""
        found = np.empty((len(own), len(tags)), dtype=np.float32)
        theirs = tags @ self._tag
        for part in _slices(len(own), max(_CHUNK // max(len(tags), 1), 1)):
            hidden = (own[part, None] + theirs).reshape(-1, theirs.shape[1])
            if self._product is not None:
                products = (documents[part, None] * tags).reshape(-1, tags.shape[1])
                hidden += products @ self._product
            found[part] = self._rest(hidden).reshape(-1, len(tags))
        return found

    def _rest(self, hidden: Floats) -> Floats:
        """(n,) logits of what came into the first hidden layer, which is written over."""
        np.maximum(hidden, 0, out=hidden)
        second = hidden @ self._second
        second += self._biases[1]
        np.maximum(second, 0, out=second)
        logits: Floats = second @ self._last + self._biases[2]
        return logits


@dataclass
class Pairs(Reranker):
    """How likely a tag is right, by a network over the vectors of document and tag that was taught with documents.

    ``score`` is the sigmoid of the network's logit: the learned fusion compares a candidate with the best of its
    document by their quotient, which says nothing of logits. `scan` gives the logits. The network was taught with the
    vectors of one encoder, and is refused beside another. Costs 1.6 million multiplications a pair for 384 numbers.
    """

    manifest: ClassVar[str] = MANIFEST
    kind: ClassVar[str] = "pair model"
    compares_tags: ClassVar[bool] = True

    def open(self) -> Self:
        """The reranker, its weights read and found whole, and taught with the encoder that is used here."""
        taught, encoder = self.folder.said.get("encoder"), self.meaning.encoder
        # One that learns anew with each training is another one each time.
        here = "lsa" if isinstance(encoder, LearningEncoder) else encoder.fingerprint
        if taught != here:
            raise ConfigError(
                f"the pair model {self.model!r} was taught with the encoder {taught!r}, not with {here!r}",
                hint="teach it again with the encoder of this project, or use the encoder it was taught with",
            )
        _ = self._layers
        return self

    def scan(self, documents: Floats, tags: Floats, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """What `Layers.scan` gives for these vectors: the ``k`` likeliest of all tags."""
        return self.open()._layers.scan(documents, tags, k)

    def _scores(self, documents: Sequence[Document], picked: Candidates) -> Floats:
        layers = self.open()._layers
        points, owners = self.meaning.documents(documents), picked.documents
        rows = self.tag_points.rows(picked.tags)
        values = np.full(picked.n_pairs, np.nan, dtype=np.float32)
        # A document without a word has no vector: the network would only say how frequent the tag is.
        said = np.flatnonzero((rows >= 0) & np.any(points, axis=1)[owners])
        different, places = np.unique(rows[said], return_inverse=True)
        values[said] = expit(layers.logits(points, self.tag_points.at(different), owners[said], places))
        return values

    @cached_property
    def _layers(self) -> Layers:
        _ = self.folder.seen  # a changed file is refused before anything is scored, not when a training asks for it
        head, width = str(self.folder.said.get("head")), self.folder.said.get("width")
        arrays = {name: self.folder.array(f"{name}.npy") for name in ARRAYS}
        if head not in HEADS or not isinstance(width, int) or not _fit(arrays, sizes(head, width)):
            raise ProjectError(f"{self.folder.path / MANIFEST} does not describe its weights", hint="teach it again")
        return Layers(head, arrays)


def _fit(arrays: Mapping[str, Floats], lengths: Sequence[int]) -> bool:
    shapes = [shape for before, after in pairwise(lengths) for shape in ((after, before), (after,))]
    found = [arrays[name] for name in ARRAYS]
    return [array.shape for array in found] == shapes and all(array.dtype == np.float32 for array in found)


def _slices(n: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, n, size))
