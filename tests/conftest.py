"""What all tests share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tagwright.corpus import open_corpus
from tagwright.demo import library
from tagwright.project import Project
from tagwright.types import Document

# A busy machine takes ten times as long for one example, and that is no fault; and every run tries the same examples.
settings.register_profile("tagwright", deadline=None, derandomize=True)
settings.load_profile("tagwright")

# Few trees and folds: for tests of doors and of work done again, not of how good answers are.
QUICK = "[fusion]\ntrees = 15\n\n[fitting]\nfew_folds = 3\n"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ``shared`` beside the checkout, with the data sets for measuring; skips where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the data sets for measuring (folder 'shared' beside the checkout) are not here")
    return folder


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    """Ninety tagged documents to learn from."""
    return list(islice(open_corpus([library.train_path()]), 90))


@pytest.fixture(scope="session")
def others() -> list[Document]:
    """Other documents of the same library, with their tags."""
    return list(islice(open_corpus([library.dev_path()]), 40))


@pytest.fixture(scope="session")
def untrained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a vocabulary and nothing else; not to be written into."""
    folder = tmp_path_factory.mktemp("untrained") / "project"
    Project.create(folder, library.vocabulary_path(), language="en").close()
    with (folder / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write(QUICK)
    return folder


@pytest.fixture(scope="session")
def trained_folder(untrained_folder: Path, documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, trained; not to be written into."""
    folder = Path(shutil.copytree(untrained_folder, tmp_path_factory.mktemp("trained") / "project"))
    with Project.open(folder) as project:
        assert project.train(documents).calibrated
    return folder


@pytest.fixture(scope="session")
def make_sentences(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], Path]:
    """Makes folders of sentence-transformers with a BERT of one layer that knows these words, drawn by chance."""

    def make(words: list[str], width: int = 32) -> Path:
        sentence_transformers = pytest.importorskip(
            "sentence_transformers", reason="the extra 'train' is not installed"
        )
        import torch
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
        from transformers import BertConfig, BertModel, BertTokenizerFast

        folder = tmp_path_factory.mktemp("sentences")
        known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
        vocabulary = folder / "vocab.txt"
        vocabulary.write_text("\n".join(known), encoding="utf-8")
        torch.manual_seed(0)
        sizes = {"hidden_size": width, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 2 * width}
        config = BertConfig(vocab_size=len(known), max_position_embeddings=64, **sizes)
        BertModel(config).save_pretrained(folder / "bert")
        BertTokenizerFast(vocab=str(vocabulary)).save_pretrained(folder / "bert")
        modules = [Transformer(str(folder / "bert"), max_seq_length=24), Pooling(width)]
        model = sentence_transformers.SentenceTransformer(modules=modules, device="cpu")
        model.save_pretrained(str(folder / "model"), create_model_card=False)
        return folder / "model"

    return make


@pytest.fixture(scope="session")
def make_static(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes folders of token vectors as the library model2vec writes them.

    Row 0 is of unknown words, 1 and 2 of a sentence's frame, then come these words.
    """

    def make(words: list[str], vectors: Any, config: dict[str, Any] | None = None, **more: Any) -> Path:
        tokenizers = pytest.importorskip("tokenizers", reason="the extra 'encoder' is not installed")
        safetensors = pytest.importorskip("safetensors.numpy", reason="the extra 'encoder' is not installed")
        folder = tmp_path_factory.mktemp("static") / "model"
        folder.mkdir()
        known = {word: number for number, word in enumerate(["[UNK]", "[CLS]", "[SEP]", *words])}
        tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token="[UNK]"))
        tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        tokenizer.save(str(folder / "tokenizer.json"))
        safetensors.save_file({"embeddings": vectors, **more}, str(folder / "model.safetensors"))
        (folder / "config.json").write_text(json.dumps({"model_type": "model2vec", **(config or {})}))
        return folder

    return make


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """So small a model is slower on two cores; and sums of one thread, in float32, are the same everywhere."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def make_writer(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes folders of tiny models that write, drawn by chance, with a token a word: a T5, or a Llama."""

    def make(words: list[str], *, seq2seq: bool, width: int = 48) -> Path:
        import torch
        from tokenizers import Tokenizer, models, pre_tokenizers, processors
        from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, T5Config
        from transformers import T5ForConditionalGeneration as T5

        folder = tmp_path_factory.mktemp("writer") / "model"
        known = ["<pad>", "</s>", "<unk>", *words]
        own = Tokenizer(models.WordLevel({word: n for n, word in enumerate(known)}, unk_token="<unk>"))
        own.pre_tokenizer = pre_tokenizers.Whitespace()
        if seq2seq:
            own.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
        special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
        PreTrainedTokenizerFast(tokenizer_object=own, **special).save_pretrained(str(folder))
        torch.manual_seed(0)
        ends = {"vocab_size": len(known), "pad_token_id": 0, "eos_token_id": 1}
        if seq2seq:
            sizes = {"d_model": width, "d_kv": width // 4, "d_ff": 2 * width, "num_layers": 2, "num_heads": 4}
            T5(T5Config(**ends, **sizes, decoder_start_token_id=0, dropout_rate=0.0)).save_pretrained(str(folder))
        else:
            sizes = {"hidden_size": width, "intermediate_size": 2 * width, "num_hidden_layers": 2}
            heads = {"num_attention_heads": 4, "num_key_value_heads": 4, "max_position_embeddings": 96}
            LlamaForCausalLM(LlamaConfig(**ends, **sizes, **heads, initializer_range=0.1)).save_pretrained(str(folder))
        return folder

    return make


@pytest.fixture
def trained(trained_folder: Path, tmp_path: Path) -> Path:
    """A copy of the trained project, called ``library``, to be changed."""
    return Path(shutil.copytree(trained_folder, tmp_path / "library"))


@pytest.fixture
def untrained(untrained_folder: Path, tmp_path: Path) -> Path:
    """A copy of the untrained project, called ``names``, to be changed."""
    return Path(shutil.copytree(untrained_folder, tmp_path / "names"))
