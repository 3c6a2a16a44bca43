"""The cross-encoder, served: what it reads of a pair, by a model that adds up words, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.candidates import Candidates
from tagwright.encoders.folder import MODEL, TOKENIZER
from tagwright.encoders.onnx import open_tokenizer
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import ConfigError, IntegrityError, MissingExtraError, NotFittedError, ProjectError
from tagwright.rerank.cross import MANIFEST, Cross, Reader
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
tokenizers = pytest.importorskip("tokenizers")

# What a word adds to the logit where it stands in the document; in the tag it takes half of that away.
WORTH = {"[UNK]": 0, "[CLS]": 0, "[SEP]": 0, "oak": 4, "elm": 2, "ash": 1, "fir": -3, "tree": 0.5, "old": -8}
DOCUMENTS = [Document("a", "oak", "elm"), Document("b", "old tree"), Document("c", " \n"), Document("d", "ash ash")]


def tokenizer_file() -> bytes:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORTH)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 1), ("[SEP]", 2)]
    )
    made.enable_padding(length=12)
    made.enable_truncation(5)
    return str(made.to_str()).encode()


def graph(*, typed: bool = True) -> bytes:
    """The sum of the words' worth: times 1 in the document and -0.5 in the tag, or without types times 1."""
    from onnx import TensorProto, helper, numpy_helper

    values = {"worth": list(WORTH.values()), "factor": [-0.5, 1.0] if typed else [1.0]}
    nodes = [helper.make_node("Gather", ["worth", "input_ids"], ["each"])]
    if typed:
        nodes.append(helper.make_node("Gather", ["factor", "token_type_ids"], ["times"]))
        nodes.append(helper.make_node("Mul", ["each", "times"], ["said"]))
    else:
        nodes.append(helper.make_node("Mul", ["each", "factor"], ["said"]))
    nodes.append(helper.make_node("ReduceSum", ["said", "axes"], ["logit"], keepdims=0))
    names = ["input_ids", "token_type_ids"][: 1 + typed]
    made = helper.make_graph(
        nodes, "sum",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "tokens"]) for name in names],
        [helper.make_tensor_value_info("logit", TensorProto.FLOAT, [1])],
        [numpy_helper.from_array(np.array(row, dtype=np.float32), name) for name, row in values.items()]
        + [numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")],
    )  # fmt: skip
    model: bytes = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    return model


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """The folder of a cross-encoder: ``written(length=…, typed=…)``."""

    def write(*, typed: bool = True, **said: Any) -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / MODEL).write_bytes(graph(typed=typed))
        (folder / TOKENIZER).write_bytes(tokenizer_file())
        Seen.from_ids(["d1", "d2"]).write(folder)
        Folder.write(folder, MANIFEST, {"length": 16, **said})
        return folder

    return write


@pytest.fixture
def cross(written: Any, vocabulary: Vocabulary) -> Callable[..., Cross]:
    """A cross-encoder that knows the vocabulary (Oak, Elm, Ash, Fir): ``cross(k=2)``."""

    def make(folder: Path | None = None, **options: Any) -> Cross:
        made = Cross(name="cross", model=str(folder or written()), **options)
        made.know(vocabulary)
        return made

    return make


def every_pair(documents: list[Document], n_tags: int = 4) -> Candidates:
    owners, tags = np.divmod(np.arange(len(documents) * n_tags), n_tags)
    return Candidates.from_pairs(len(documents), owners, tags, {"fused": -tags.astype(np.float32)})


def sigmoid(logit: float) -> float:
    return 1 / (1 + exp(-logit))


def reader(length: int = 16) -> Reader:
    return Reader(open_tokenizer(Path(TOKENIZER), tokenizer_file()), length)


def read(made: Reader, tag: str, document: str) -> tuple[str, list[int]]:
    ids, types = made.pair(made.tag(tag), made.document(document))
    assert ids.dtype == types.dtype == np.int64
    return " ".join(list(WORTH)[number] for number in ids), types.tolist()


# --- what is read ----------------------------------------------------------------------------------------------------


def test_a_pair_is_the_tag_and_the_document_with_their_types() -> None:
    said, types = read(reader(), "Oak tree", "elm")
    assert said == "[CLS] oak tree [SEP] elm [SEP]" and types == [0, 0, 0, 0, 1, 1]


def test_only_the_document_is_cut_unless_the_tag_takes_more_than_half() -> None:
    said, _ = read(reader(10), "oak tree", "elm " * 50)
    assert said == "[CLS] oak tree [SEP] elm elm elm elm elm [SEP]"
    said, types = read(reader(10), "oak " * 50, "elm " * 50)
    assert said == "[CLS] oak oak oak [SEP] elm elm elm elm [SEP]" and len(types) == 10


@given(st.lists(st.sampled_from(list(WORTH)[3:]), min_size=1), st.lists(st.sampled_from(list(WORTH)[3:]), min_size=1))
def test_what_is_not_cut_is_read_as_the_tokenizer_itself_would(tag: list[str], document: list[str]) -> None:
    made, own = reader(500), open_tokenizer(Path(TOKENIZER), tokenizer_file())
    pair = own.encode(" ".join(tag), " ".join(document))
    ids, types = made.pair(made.tag(" ".join(tag)), made.document(" ".join(document)))
    assert (ids.tolist(), types.tolist()) == (pair.ids, pair.type_ids)


# --- what is said ----------------------------------------------------------------------------------------------------


def test_a_score_is_the_sigmoid_of_what_the_model_says_of_the_pair(cross: Any) -> None:
    column = cross().score(DOCUMENTS, every_pair(DOCUMENTS)).column("cross.score")
    assert column.dtype == np.float32
    found = column.reshape(4, 4)
    assert found[0].tolist() == pytest.approx([sigmoid(6 - half) for half in (2, 1, 0.5, -1.5)])
    assert found[1].tolist() == pytest.approx([sigmoid(-7.5 - half) for half in (2, 1, 0.5, -1.5)])
    assert found[3].tolist() == pytest.approx([sigmoid(2 - half) for half in (2, 1, 0.5, -1.5)])


def test_a_document_without_text_and_an_unknown_tag_have_no_score(cross: Any) -> None:
    column = cross().score(DOCUMENTS, every_pair(DOCUMENTS, n_tags=5)).column("cross.score")
    assert np.isnan(column.reshape(4, 5)).tolist() == [[False] * 4 + [True]] * 2 + [[True] * 5, [False] * 4 + [True]]


def test_only_the_best_candidates_are_looked_at(cross: Any) -> None:
    scored = cross(k=2).score(DOCUMENTS[:2], every_pair(DOCUMENTS[:2])).column("cross.score")
    assert np.isnan(scored).tolist() == [False, False, True, True] * 2
    assert Cross(name="cross").k == 20


@pytest.mark.parametrize("threads", [1, 3])
def test_a_score_depends_neither_on_company_nor_on_threads(cross: Any, threads: int) -> None:
    made = cross(threads=threads)
    together = made.score(DOCUMENTS, every_pair(DOCUMENTS)).column("cross.score")
    alone = [made.score([one], every_pair([one])).column("cross.score") for one in DOCUMENTS]
    assert np.concatenate(alone).tobytes() == together.tobytes()


def test_a_document_is_read_once_for_all_its_tags(cross: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, texts = cross().open(), []
    own = made._served.reader.document
    monkeypatch.setattr(made._served.reader, "document", lambda text: texts.append(text) or own(text))
    made.score(DOCUMENTS[:2], every_pair(DOCUMENTS[:2]))
    assert texts == ["elm. oak", "old tree"]


def test_of_a_tag_its_synonyms_and_description_are_read_and_one_that_came_later_is_scored(
    cross: Any, vocabulary: Vocabulary
) -> None:
    made = cross()
    new = Tag("t", "Tree", synonyms={"": ("Elm",)}, descriptions={"": "Old oak."})
    made.add_tags(vocabulary.extended([new]), np.array([4], dtype=np.int32))
    scored = made.score(DOCUMENTS[:1], every_pair(DOCUMENTS[:1], n_tags=5)).column("cross.score")
    assert scored[4] == pytest.approx(sigmoid(6 - (0.5 + 2 - 8 + 4) / 2))


def test_a_reason_is_given_where_the_model_speaks_for_the_tag(cross: Any) -> None:
    made = cross()
    (found,) = made.explain(Document("d", "ash ash"), 1)
    assert (found.channel, found.kind, found.text) == ("cross", "cross-encoder", "score 0.73")
    assert found.value == pytest.approx(sigmoid(1))
    assert made.explain(DOCUMENTS[1], 0) == made.explain(DOCUMENTS[2], 0) == made.explain(DOCUMENTS[0], 99) == []


def test_a_model_that_has_no_types_is_not_given_any(cross: Any, written: Any) -> None:
    found = cross(written(typed=False)).score(DOCUMENTS[:1], every_pair(DOCUMENTS[:1])).column("cross.score")
    assert found.tolist() == pytest.approx([sigmoid(6 + own) for own in (4, 2, 1, -3)])


def test_serving_loads_no_torch(written: Any) -> None:
    code = (
        "import sys, numpy as np\nfrom tagwright.candidates import Candidates\n"
        "from tagwright.rerank.cross import Cross\n"
        "from tagwright.types import Document, Tag\nfrom tagwright.vocabulary import Vocabulary\n"
        f"made = Cross(name='cross', model={str(written())!r})\nmade.know(Vocabulary.from_tags([Tag('t', 'Elm')]))\n"
        "table = Candidates.from_pairs(1, np.array([0]), np.array([0]), {'fused': np.array([1.0])})\n"
        "print(made.score([Document('a', 'elm')], table).column('cross.score')[0])\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout.splitlines()[0]) == pytest.approx(sigmoid(1))
    assert "'onnxruntime'" in done.stdout
    assert not any(f"'{name}'" in done.stdout for name in ("torch", "transformers", "sentence_transformers", "onnx"))


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [MODEL, TOKENIZER, "seen.npy"])
def test_a_changed_byte_is_refused_by_the_name_of_its_file(name: str, cross: Any, written: Any) -> None:
    folder = written()
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{name} is not the file that was saved: .*teach the model again"):
        cross(folder).score(DOCUMENTS, every_pair(DOCUMENTS))


@pytest.mark.parametrize("length", [None, "16", 3])
def test_a_manifest_that_does_not_fit_its_model_is_refused(length: Any, cross: Any, written: Any) -> None:
    with pytest.raises(ProjectError, match=r"cross\.json does not describe its model"):
        cross(written(length=length)).open()


def test_no_model_and_no_vocabulary_are_said(written: Any, vocabulary: Vocabulary) -> None:
    with pytest.raises(ConfigError, match=r"'cross' has no model .*'rerank.cross.model'"):
        Cross(name="cross").open()
    with pytest.raises(NotFittedError, match="'cross' was not told the vocabulary"):
        Cross(name="cross", model=str(written())).score(DOCUMENTS, every_pair(DOCUMENTS))


@pytest.mark.parametrize("library", ["onnxruntime", "tokenizers"])
def test_a_missing_library_names_the_extra(library: str, cross: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = cross()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=r"tagwright\[encoder\]"):
        made.open()


def test_it_tells_the_documents_that_it_was_taught_with_and_names_its_contents(cross: Any, written: Any) -> None:
    folder = written()
    made = cross(folder)
    assert made.seen.of(["d1", "d3"]).tolist() == [True, False]
    assert made.fingerprint.startswith("cross-")
    assert set(json.loads((folder / MANIFEST).read_text())["files"]) == {MODEL, TOKENIZER, "seen.npy"}
