"""Tiny encoders of every kind, made on the spot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tagwright.encoders.base import Encoder
from tagwright.encoders.folder import MODEL, TOKENIZER, Manifest
from tagwright.encoders.lsa import Lsa
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.static import Static
from tagwright.encoders.transformer import Transformer
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

WORDS = "bees soil erosion wind railways tea station hive honey the of and in imker haus".split()
TAGS = [
    Tag("t:bees", "Beekeeping", synonyms={"en": ("Apiculture",)}),
    Tag("t:soil", "Soil erosion"),
    Tag("t:rail", "Railways"),
]
DOCUMENTS = [
    Document("1", "Honey bees leave the hive in spring; a beekeeping year.", "The hive", tags=("t:bees",)),
    Document("2", "Wind erosion of soils on loess, and soil erosion by water.", "Loess", tags=("t:soil",)),
    Document("3", "Railways and stations of the north; the railway station.", tags=("t:rail",)),
    Document("4", "Bees, hives, honey and the beekeeping of towns.", tags=None),
]


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary.from_tags(TAGS)


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    return list(DOCUMENTS)


@pytest.fixture(scope="session")
def onnx_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder folder with a model of a few numbers; needs the library onnx to write it."""
    for library in ("onnx", "onnxruntime", "tokenizers"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    folder = tmp_path_factory.mktemp("tiny") / "model"
    folder.mkdir()
    write_tokenizer(folder / TOKENIZER)
    write_model(folder / MODEL)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (MODEL, TOKENIZER)}
    Manifest(source="tiny", width=8, max_length=16, pooling="mean", precision="float32", files=files).write(folder)
    return folder


@pytest.fixture(scope="session")
def static_folder(make_static: Callable[..., Path]) -> Path:
    """A folder as the library model2vec writes it: a row of numbers for each of a few words."""
    words = [*WORDS, "beekeeping"]
    return make_static(words, np.random.default_rng(0).standard_normal((len(words) + 3, 8)).astype(np.float32))


@pytest.fixture(scope="session")
def sentences_folder(make_sentences: Callable[[list[str]], Path]) -> Path:
    """A folder of sentence-transformers."""
    return make_sentences(WORDS)


@pytest.fixture(scope="session")
def encoder_of(request: pytest.FixtureRequest, vocabulary: Vocabulary) -> Callable[[str], Encoder]:
    """A working encoder of a registered kind; a new kind adds its line here."""
    makers: dict[str, Callable[[], Encoder]] = {
        "lsa": lambda: Lsa(width=6).fit(DOCUMENTS, vocabulary),
        "onnx": lambda: Onnx(str(request.getfixturevalue("onnx_folder"))),
        "static": lambda: Static(str(request.getfixturevalue("static_folder"))),
        "transformer": lambda: Transformer(str(request.getfixturevalue("sentences_folder"))),
    }
    return lambda kind: makers[kind]()


def write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {word: number for number, word in enumerate(["[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 1), ("[SEP]", 2)])
    tokenizer.save(str(path))


def write_model(path: Path) -> None:
    """The mean of a row of numbers a word, at length 1: input_ids (1, n) to vector (1, 8)."""
    import onnx
    from onnx import helper, numpy_helper

    table = np.random.default_rng(0).standard_normal((len(WORDS) + 3, 8)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("ReduceMean", ["words"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], ["vector"], axis=-1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info("vector", onnx.TensorProto.FLOAT, [1, 8])],
        [numpy_helper.from_array(table, "table")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
