"""Token vectors in the place of a sentence encoder: the mean of a text's tokens lies where the encoder has the text."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

import tagwright.corpus.disk as disk
from tagwright.encoders.base import Encoder, Vectors, unit_rows
from tagwright.encoders.folder import MODEL, TOKENIZER, Manifest, checked_bytes
from tagwright.encoders.onnx import Onnx, open_session, open_tokenizer
from tagwright.encoders.static import Tokens, safetensors, write
from tagwright.errors import InputError, OutputError
from tagwright.pipeline.fitting import Progress, quiet
from tagwright.pipeline.threads import one_thread

WIDTH = 256
# A token that is one of a thousand counts half at first (Arora et al. 2017).
_RARE = 1e-3
# How often the lengths of the means are taken anew, and the steps to the best vectors each time.
_ROUNDS, _STEPS = 3, 20
# How much a token's first vector counts: as much as ten texts that consist of this token.
_FAITH = 10.0
# Texts between two reports.
_BLOCK = 512


@dataclass(frozen=True)
class Distilled:
    """What was made: the folder, its size in bytes, the number of tokens, and how near the encoder it is.

    ``cosines``: of each group of texts, the mean cosine between a text's vector and that of the encoder, before the
    width was cut.
    """

    folder: Path
    source: str
    width: int
    tokens: int
    size: int
    cosines: tuple[float, ...]


def distil(
    model: Path,
    out: Path,
    groups: Sequence[Sequence[str]],
    *,
    width: int = WIDTH,
    teacher: Encoder | None = None,
    progress: Progress = quiet,
) -> Distilled:
    """The folder ``out`` for `tagwright.encoders.static.Static`, complete or not there at all.

    ``model`` is a folder of an exported encoder. Its tokens start where the encoder has each one alone, rare ones
    weighing more (SIF), and are moved until the means of the texts' tokens lie where the encoder has the texts
    (ridge regression). A group of texts (documents; names of tags) counts as much as any other, however many there are.
    ``teacher`` is the same encoder, where it remembers what it was asked before.
    Raises `OutputError` where ``out`` exists, `InputError` without a text, `MissingExtraError`, `ProjectError`.
    """
    if out.exists():
        raise OutputError("exists already", path=str(out), hint="name a folder that does not exist yet")
    safetensors()
    encoder, manifest = Onnx(str(model)), Manifest.read(model)
    tokens = Tokens(open_tokenizer(model / TOKENIZER, checked_bytes(model, TOKENIZER, manifest)), manifest.max_length)
    groups = [group for group in groups if group]
    texts = [text for group in groups for text in group]
    shares = _shares(tokens, texts)
    if not shares.nnz:
        raise InputError("there is no text to learn token vectors from", hint="tagwright train CORPUS first")
    weights = np.concatenate([np.full(len(one), (len(texts) / len(groups) / len(one)) ** 0.5) for one in groups])
    with one_thread():
        wanted = _asked(teacher or encoder, texts, progress)
        vectors = _alone(model, manifest, tokens, progress) * _rarity(shares)
        vectors = _pulled(vectors, shares, wanted, weights.astype(np.float32), progress)
        cosines = np.einsum("ij,ij->i", unit_rows(shares @ vectors), wanted)
        vectors = _narrowed(vectors, shares, weights, width)
    size = _publish(out, vectors, tokens, manifest.source, encoder)
    means = [float(part.mean()) for part in np.split(cosines, np.cumsum([len(one) for one in groups])[:-1])]
    return Distilled(out, manifest.source, vectors.shape[1], tokens.n, size, tuple(means))


def _shares(tokens: Tokens, texts: Sequence[str]) -> sp.csr_array:
    """(n_texts, n_tokens) float32: which share of a text each token is."""
    found = [tokens.of(text) for text in texts]
    lengths = np.array([len(ids) for ids in found], dtype=np.int64)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    values = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
    shares = sp.csr_array((values, np.concatenate([*found, []]).astype(np.int64), ends), shape=(len(texts), tokens.n))
    shares.sum_duplicates()
    return shares


def _asked(teacher: Encoder, texts: Sequence[str], progress: Progress) -> Vectors:
    """(n_texts, width): where the encoder has the texts."""
    rows = np.zeros((len(texts), teacher.width), dtype=np.float32)
    for start in range(0, len(texts), _BLOCK):
        progress("texts encoded", start, len(texts))
        rows[start : start + _BLOCK] = teacher.encode(texts[start : start + _BLOCK])
    progress("texts encoded", len(texts), len(texts))
    return rows


def _alone(model: Path, manifest: Manifest, tokens: Tokens, progress: Progress) -> Vectors:
    """(n_tokens, width): where the encoder has each token with nothing beside it but the frame, centred."""
    session = open_session(model / MODEL, checked_bytes(model, MODEL, manifest))
    sample = tokens.tokenizer.encode("a")
    inner = np.flatnonzero(np.array(sample.special_tokens_mask) == 0)
    first, last = (inner[0], inner[-1] + 1) if len(inner) else (len(sample.ids), len(sample.ids))
    rows = np.zeros((tokens.n, manifest.width), dtype=np.float32)
    for token, row in enumerate(rows):
        if token % _BLOCK == 0:
            progress("tokens encoded", token, tokens.n)
        ids = np.array([[*sample.ids[:first], token, *sample.ids[last:]]], dtype=np.int64)
        row[:] = session.run(None, {"input_ids": ids})[0][0]
    progress("tokens encoded", tokens.n, tokens.n)
    centred: Vectors = rows - rows.mean(axis=0)
    return centred


def _rarity(shares: sp.csr_array) -> NDArray[np.float32]:
    """(n_tokens, 1): a / (a + p), where the token is the share p of all texts (SIF)."""
    said = shares.sum(axis=0)
    counts: NDArray[np.float32] = (_RARE / (_RARE + said / said.sum())).astype(np.float32)[:, None]
    return counts


def _pulled(
    vectors: Vectors, shares: sp.csr_array, wanted: Vectors, weights: NDArray[np.float32], progress: Progress
) -> Vectors:
    """(n_tokens, width): the vectors, moved so that the mean of each text's tokens points to where it is wanted.

    How long a mean is does not matter, so each text is first scaled to length 1 as it stands.
    """
    for number in range(_ROUNDS):
        progress("token vectors", number, _ROUNDS)
        lengths = np.linalg.norm(shares @ vectors, axis=1)
        scales = np.divide(weights, lengths, out=np.zeros_like(weights), where=lengths > 0)
        vectors = _nearest(sp.diags_array(scales) @ shares, wanted * weights[:, None], vectors)
    progress("token vectors", _ROUNDS, _ROUNDS)
    return vectors


def _nearest(rows: sp.csr_array, wanted: Vectors, start: Vectors) -> Vectors:
    """The V with the least |rows V - wanted|² + _FAITH |V - start|², by conjugate gradients, each column by itself."""
    found = start.copy()
    left = rows.T @ (wanted - rows @ found)
    way, before = left.copy(), np.einsum("ij,ij->j", left, left)
    for _ in range(_STEPS):
        bent = rows.T @ (rows @ way) + np.float32(_FAITH) * way
        step = before / np.maximum(np.einsum("ij,ij->j", way, bent), 1e-30)
        found += step * way
        left -= step * bent
        now = np.einsum("ij,ij->j", left, left)
        way = left + now / np.maximum(before, 1e-30) * way
        before = now
    return found


def _narrowed(vectors: Vectors, shares: sp.csr_array, weights: NDArray[np.floating], width: int) -> Vectors:
    """(n_tokens, width): along the directions in which the texts have most of their lengths (PCA, not centred)."""
    if width >= vectors.shape[1]:
        return vectors
    texts = unit_rows(shares @ vectors).astype(np.float64) * weights[:, None]
    _, directions = np.linalg.eigh(texts.T @ texts)
    narrowed: Vectors = (vectors @ directions[:, : -width - 1 : -1]).astype(np.float32)
    return narrowed


def _publish(out: Path, vectors: Vectors, tokens: Tokens, source: str, encoder: Onnx) -> int:
    """The size of the folder in bytes, after it was written beside and renamed as a whole."""
    with disk.explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            write(work, vectors, tokens, source=source, seen=encoder.seen)
            size = sum(file.stat().st_size for file in work.iterdir())
            work.chmod(0o755)
            disk.replace(work, out)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return size
