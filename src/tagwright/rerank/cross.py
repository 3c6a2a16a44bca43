"""The cross-encoder: a transformer that reads a tag and a document together, run by onnxruntime on the CPU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tagwright.candidates import Candidates, Floats
from tagwright.encoders.base import readable
from tagwright.encoders.folder import MODEL, TOKENIZER
from tagwright.encoders.onnx import open_session, open_tokenizer
from tagwright.encoders.weights import Folder
from tagwright.errors import NotFittedError, ProjectError
from tagwright.executor import threads as executor_of
from tagwright.recall.spaces import tag_texts, text_of
from tagwright.rerank.base import Reranker
from tagwright.types import Document

MANIFEST = "cross.json"
# A pair that is shorter than this has hardly a document in it.
SHORTEST = 16

_INPUTS = ("input_ids", "token_type_ids")

Tokens = NDArray[np.int64]
# The tokens of a pair, and the type of each.
Pair = tuple[Tokens, Tokens]


class Reader:
    """Tokens of pairs: "[CLS] tag [SEP] document [SEP]" of a BERT, or what else the tokenizer puts around two texts.

    A pair has ``length`` tokens at most; what is too much is cut off the document. A tag is cut only where it would
    take more than half of them. ``tokenizer`` neither pads nor cuts.
    """

    def __init__(self, tokenizer: Any, length: int) -> None:
        self._tokenizer, self.length = tokenizer, length
        pair = tokenizer.encode("a", "b")
        ids, types = np.array([pair.ids, pair.type_ids], dtype=np.int64)
        of = np.array([-1 if text is None else text for text in pair.sequence_ids])
        tag, document = np.flatnonzero(of == 0), np.flatnonzero(of == 1)
        self._types = types[tag[0]], types[document[0]]
        frame = slice(tag[0]), slice(tag[-1] + 1, document[0]), slice(document[-1] + 1, None)
        self._frame = [(ids[part], types[part]) for part in frame]
        self._room = length - int((of < 0).sum())

    def tag(self, text: str) -> Tokens:
        """(n,) the tokens of a tag's text."""
        return self._tokens(text, self._room // 2)

    def document(self, text: str) -> Tokens:
        """(n,) the tokens of a document, beside whatever tag; none where it says nothing."""
        return self._tokens(text, self._room)

    def pair(self, tag: Tokens, document: Tokens) -> Pair:
        """(n,) tokens of the pair, and (n,) the type of each."""
        (before, types1), (between, types2), (after, types3) = self._frame
        document = document[: self._room - len(tag)]
        own, other = np.full(len(tag), self._types[0]), np.full(len(document), self._types[1])
        ids = np.concatenate([before, tag, between, document, after])
        return ids, np.concatenate([types1, own, types2, other, types3])

    def _tokens(self, text: str, most: int) -> Tokens:
        read = readable(text, self.length)
        return np.array(self._tokenizer.encode(read, add_special_tokens=False).ids[:most], dtype=np.int64)


class Served:
    """A graph that is run on the pairs that a reader makes; safe for threads."""

    def __init__(self, reader: Reader, session: Any) -> None:
        self.reader, self._session = reader, session
        self.inputs = tuple(one.name for one in session.get_inputs())

    @classmethod
    def read(cls, folder: Folder) -> Self:
        """That of a folder.

        Raises `IntegrityError` where a file is not the one that was saved, `ProjectError` where they do not fit
        together, `MissingExtraError`.
        """
        place, said = folder.path, folder.said.get("length")
        length = said if isinstance(said, int) else 0
        _ = folder.seen  # a changed file is refused before anything is scored, not when a training asks for it
        tokenizer = open_tokenizer(place / TOKENIZER, folder.content(TOKENIZER))
        session = open_session(place / MODEL, folder.content(MODEL))
        made = cls(Reader(tokenizer, length), session)
        if length < SHORTEST or made.inputs not in (_INPUTS, _INPUTS[:1]):
            raise ProjectError(f"{place / MANIFEST} does not describe its model", hint="teach it again")
        return made

    def logits(self, pairs: Iterable[Pair]) -> Floats:
        """(n_pairs,) float32, one call a pair: dynamic int8 takes one scale of activations a call, so that in a batch
        a pair's logit would depend on its company.
        """  # noqa: D205
        return np.array([self._logit(pair) for pair in pairs], dtype=np.float32)

    def _logit(self, pair: Pair) -> np.float32:
        given = {name: tokens[None] for name, tokens in zip(self.inputs, pair, strict=False)}
        logit: np.float32 = self._session.run(None, given)[0][0]
        return logit


@dataclass
class Cross(Reranker):
    """How likely a tag is right, by a transformer that reads it together with the document.

    It reads the title and the text, and of the tag name, synonyms and description, so that a tag is judged that came
    after the teaching. ``threads`` is the number of documents that are looked at at the same time. Costs what encoding
    an abstract costs, for each pair.
    """

    k: int = 20
    threads: int = 1
    manifest: ClassVar[str] = MANIFEST
    kind: ClassVar[str] = "cross-encoder"

    def open(self) -> Self:
        """The reranker, its weights read and found whole."""
        _ = self._served
        return self

    def _scores(self, documents: Sequence[Document], picked: Candidates) -> Floats:
        served, values = self.open()._served, np.full(picked.n_pairs, np.nan, dtype=np.float32)
        tags = self._tag_tokens(picked.tags)

        def look(row: int) -> tuple[list[int], Floats]:
            document = served.reader.document(text_of(documents[row]))
            low, high = picked.offsets[row : row + 2]
            pairs = [pair for pair in range(low, high) if len(document) and int(picked.tags[pair]) in tags]
            read = (served.reader.pair(tags[int(picked.tags[pair])], document) for pair in pairs)
            return pairs, served.logits(read)

        rows = np.flatnonzero(np.diff(picked.offsets)).tolist()
        for pairs, logits in executor_of(self.threads).map(look, rows):
            values[pairs] = expit(logits)
        return values

    def _tag_tokens(self, tags: NDArray[np.int32]) -> dict[int, Tokens]:
        """Tokens of each of these tags that the vocabulary knows."""
        vocabulary = getattr(self, "vocabulary_", None)
        if vocabulary is None:
            raise NotFittedError(f"the reranker {self.name!r} was not told the vocabulary", hint="know() tells it")
        different = np.unique(tags)
        known = different[(different >= 0) & (different < len(vocabulary))]
        texts = map(self._served.reader.tag, tag_texts(vocabulary, known))
        return dict(zip(known.tolist(), texts, strict=True))

    @cached_property
    def _served(self) -> Served:
        return Served.read(self.folder)
