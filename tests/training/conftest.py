"""A small vocabulary and an out-of-fold table by hand; documents whose words nobody knows untaught; a tiny Llama."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.llm.prompts import Template, load
from tagwright.pipeline.assembly import gold_of
from tagwright.pipeline.table import OutOfFold
from tagwright.training.lessons import Lessons
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

NAMES = ["Bees", "Soil", "Trains", "Taxes", "Birds", "Glass"]


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """Tags t:0 … t:5, and t:old, which is deprecated."""
    tags = [Tag(f"t:{n}", name) for n, name in enumerate(NAMES)]
    return Vocabulary.from_tags([*tags, Tag("t:old", "Old", deprecated=True)])


@pytest.fixture(scope="session")
def templates() -> dict[str, Template]:
    return {name: load(name) for name in ("select", "judge")}


@pytest.fixture(scope="session")
def known(vocabulary: Vocabulary) -> Callable[..., OutOfFold]:
    """The table of these documents: ``lists`` of (tag position, confidence) a document."""

    def make(documents: list[Document], lists: list[list[tuple[int, float]]]) -> OutOfFold:
        rows = np.repeat(np.arange(len(lists)), [len(own) for own in lists])
        tags = np.array([tag for own in lists for tag, _ in own], dtype=np.int32)
        values = np.array([value for own in lists for _, value in own], dtype=np.float32)
        columns: dict[str, Any] = {"confidence": values, "fused": values}
        table = Candidates.from_pairs(len(lists), rows, tags, columns)
        gold = gold_of(documents, vocabulary)
        sizes = np.array([len(document.tags or ()) for document in documents])
        return OutOfFold(table, table.right(gold), sizes, [document.id for document in documents])

    return make


@pytest.fixture(scope="session")
def spoken() -> Callable[..., list[Document]]:
    """Documents of one or two of the tags t:0, t:1 … each, spoken of by words that no name tells untaught.

    Of tag n they say word(``ways`` n) … word(``ways`` n + ``ways`` - 1), one of them, and ``noise`` of noise0, noise1 …
    """

    def make(documents: int, tags: int, *, ways: int, noise: int, noises: int) -> list[Document]:
        random, found = np.random.default_rng(0), []
        for number in range(documents):
            own = random.choice(tags, random.integers(1, 3), replace=False)
            words = [f"word{ways * tag + (random.integers(ways) if ways > 1 else 0)}" for tag in own]
            words += [f"noise{n}" for n in random.choice(noises, noise)]
            text = " ".join(random.permutation(words))
            found.append(Document(f"d{number}", text, tags=tuple(f"t:{tag}" for tag in own)))
        return found

    return make


@pytest.fixture(scope="session")
def lessons_of() -> Callable[..., Lessons]:
    """Lessons of documents; likely wrong are the first ``wrong`` of the tags that a document does not have."""

    def make(documents: list[Document], vocabulary: Vocabulary, wrong: int | None = None) -> Lessons:
        gold = [np.unique(vocabulary.positions(one.tags or ())).astype(np.int32) for one in documents]
        every = np.arange(len(vocabulary), dtype=np.int32)
        return Lessons(documents, gold, [np.setdiff1d(every, own)[:wrong] for own in gold], vocabulary)

    return make


@pytest.fixture(scope="session")
def speakers(make_sentences: Callable[[list[str]], Path]) -> str:
    """A sentence encoder that knows twelve names, two words for each, and twenty noises, but not what they mean."""
    kinds = (("name", 12), ("word", 24), ("noise", 20))
    return str(make_sentences([f"{kind}{n}" for kind, many in kinds for n in range(many)]))


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a language model of two layers, as transformers saves one."""
    return make_tiny(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 questions whose answer is told by their last word."""
    path = tmp_path_factory.mktemp("data") / "data.jsonl"
    lines = []
    for number in range(24):
        animal, answer = [("cat", "Yes"), ("dog", "No")][number % 2]
        asked = {"role": "user", "content": f"Is number {number} a {animal}"}
        lines.append(json.dumps({"messages": [asked, {"role": "assistant", "content": answer}]}) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def make_tiny(folder: Path) -> Path:
    """The folder of a model of two layers, as transformers saves one."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<|im_end|>", "<|im_start|>", *alphabet]
    own = Tokenizer(models.BPE(vocab={token: n for n, token in enumerate(tokens)}, merges=[]))
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own, eos_token="<|im_end|>", bos_token="<|im_start|>", pad_token="<|im_end|>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(str(folder))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokens), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, bos_token_id=1, eos_token_id=0, pad_token_id=0,
        initializer_range=0.3,  # with the usual 0.02 no adapter could make such a narrow model sure of anything
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(str(folder))
    return folder
