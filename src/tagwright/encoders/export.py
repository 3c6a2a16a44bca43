"""A sentence-transformers model into a folder that `Onnx` runs: pooling inside the graph, weights in int8."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tagwright.encoders.folder import MODEL, TOKENIZER, Manifest
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.seen import Seen
from tagwright.encoders.transformer import Transformer
from tagwright.errors import ConfigError, MissingExtraError, OutputError

Precision = Literal["int8", "float32"]

_OPSET = 17
# A vector of the exported model that points elsewhere is no rounding: int8 keeps the cosine above 0.98.
_LEAST_COSINE = 0.95
_SAMPLES = (
    "Airport construction",
    "Cats.",
    "The study examines which spelling rules require less grammar knowledge from writers.",
    "Die Arbeit untersucht den Aufenthalt von hochqualifizierten Fachkräften in der Europäischen Union.",
    "High-order harmonic generation, Fano resonance, tunnel ionization; 3.5 nm, 2009/50/EC.",
    "A reference model for manufacturing enterprises plans flexibility under volatile demand. " * 60,
)


@dataclass(frozen=True)
class Exported:
    """What was made: the folder, its size in bytes, and how near its vectors are to the original's.

    ``difference`` is the mean absolute difference of the cosines between all pairs of some sentences, ``cosine`` the
    lowest cosine between a sentence's two vectors.
    """

    folder: Path
    source: str
    width: int
    max_length: int
    size: int
    difference: float
    cosine: float


def export(model: str, out: Path, *, precision: Precision = "int8", seen: Seen | None = None) -> Exported:
    """The folder ``out`` for `Onnx`, complete or not there at all.

    ``model`` is a folder, a name on the Hugging Face hub, or ``minilm``. ``int8`` is dynamic and per channel (per
    tensor the ranking suffers: of the 50 nearest names 38 stay, not 45); ``float32`` is exact and half as quick.
    ``seen``: the documents that a fine-tuned model was taught with.
    Raises `OutputError` where ``out`` exists, `MissingExtraError`, `ConfigError`.
    """
    if out.exists():
        raise OutputError("exists already", path=str(out), hint="name a folder that does not exist yet")
    _need_extras()
    original = Transformer(model)
    sentences = original.sentences
    work = _work_folder(out)
    source = Path(model).name if Path(model).is_dir() else model
    try:
        _write(original, source, work, precision, seen)
        difference, cosine = _compared(Onnx().load(work), original)
        if cosine < _LEAST_COSINE:
            raise ConfigError(f"the exported model gives other vectors than {model!r}: cosine {cosine:.3f}")
        size = sum(file.stat().st_size for file in work.iterdir())
        _publish(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Exported(out, source, original.width, int(sentences.max_seq_length), size, difference, cosine)


def _work_folder(out: Path) -> Path:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=str(out)) from error


def _write(original: Transformer, model: str, folder: Path, precision: Precision, seen: Seen | None) -> None:
    sentences = original.sentences
    if not sentences.max_seq_length:
        raise ConfigError(f"{model!r} does not say how many tokens it reads", hint="set its max_seq_length")
    tokenizer = tokenizer_of(sentences, model)
    tokenizer.enable_truncation(int(sentences.max_seq_length))
    tokenizer.save(str(folder / TOKENIZER))
    graph = folder / "float32.onnx"
    _write_graph(sentences, graph)
    if precision == "int8":
        quantise(graph, folder / MODEL)
        graph.unlink()
    else:
        graph.rename(folder / MODEL)
    if seen is not None:
        seen.write(folder)
    Manifest(
        source=model,
        width=original.width,
        max_length=int(sentences.max_seq_length),
        pooling=", ".join(str(getattr(module, "pooling_mode", "")) for module in sentences if _pools(module)),
        precision="int8 per channel" if precision == "int8" else precision,
        files={file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())},
    ).write(folder)


def tokenizer_of(sentences: Any, model: str) -> Any:
    """The tokenizer of a sentence-transformers model, which neither pads nor cuts.

    Raises `ConfigError` where it has no form that the library tokenizers reads.
    """
    tokenizer = getattr(sentences.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise ConfigError(f"{model!r} has no tokenizer.json form of its tokenizer, which the exported folder needs")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _write_graph(sentences: Any, path: Path) -> None:
    """The whole model as one graph: token ids of one text (1, n) in, its vector (1, width) of length 1 out."""
    import torch

    class Graph(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.sentences = sentences

        def forward(self, input_ids: Any) -> Any:
            # One text is never padded, so every token counts.
            features = {"input_ids": input_ids, "attention_mask": torch.ones_like(input_ids)}
            for module in self.sentences:
                features = module(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

    ids = sentences.tokenizer("Any text of a few words will do.", return_tensors="pt")["input_ids"]
    trace(Graph(), {"input_ids": ids}, "vector", path)


def trace(module: Any, inputs: Mapping[str, Any], output: str, path: Path) -> None:
    """Writes a module of PyTorch as a graph; its ``inputs`` (1, n), in order, may have any number n of tokens."""
    import torch

    with _quiet(), torch.no_grad():
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: {1: "tokens"} for name in inputs},
            opset_version=_OPSET,
            dynamo=False,
        )


def quantise(source: Path, target: Path, *, narrow: bool = False) -> None:
    """Writes the graph of the file ``source`` as ``target``, its weights in int8 with one scale a channel.

    ``narrow``: in seven bits. Processors without VNNI add two products of eight bits in sixteen, where large ones are
    cut off: scores of a cross-encoder were wrong by up to 0.24, so by less than 0.1; vectors of MiniLM lose little.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet():
        quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8, reduce_range=narrow)


def _compared(made: Onnx, original: Transformer) -> tuple[float, float]:
    ours, theirs = made.encode(_SAMPLES), original.encode(_SAMPLES)
    difference = np.abs(ours @ ours.T - theirs @ theirs.T)[np.triu_indices(len(_SAMPLES), 1)]
    return float(difference.mean()), float(np.einsum("ij,ij->i", ours, theirs).min())


def _publish(work: Path, out: Path) -> None:
    for place in (*work.iterdir(), work):
        handle = os.open(place, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    work.chmod(0o755)
    os.rename(work, out)


def _pools(module: Any) -> bool:
    return hasattr(module, "pooling_mode")


def _need_extras() -> None:
    from importlib.util import find_spec

    needed = {
        "torch": "train", "sentence_transformers": "train", "onnx": "train", "onnxruntime": "encoder",
        "tokenizers": "encoder",
    }  # fmt: skip
    for library, extra in needed.items():
        if find_spec(library) is None:
            raise MissingExtraError(library.replace("_", "-"), extra)


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporters warn about what is meant here: one length is traced, and the result is compared afterwards."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
