"""What all tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ``shared`` beside the checkout, with the data sets for measuring; skips where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the data sets for measuring (folder 'shared' beside the checkout) are not here")
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
