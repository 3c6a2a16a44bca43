"""A causal language model run by PyTorch, several prompts at a time: probabilities of the next token, and writing."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError, MissingExtraError
from tagwright.llm.alphabet import Alphabet, log_probabilities
from tagwright.llm.base import Prompt
from tagwright.llm.chat import OPTIONS, Chat
from tagwright.llm.trie import Path as TokenPath
from tagwright.llm.trie import Step

_WEIGHTS = "adapter_model.safetensors"
_WANTED = ["*.json", "*.jinja", "*.safetensors", "tokenizer.model", "*.txt"]


class Causal:
    """The model of a folder or GGUF file, with a LoRA adapter merged into it where one is named.

    Only safetensors and GGUF are read, and no code of the folder is run. Raises `MissingExtraError`, and `ConfigError`
    where a file is not what it should be.
    """

    def __init__(self, path: Path, adapter: str, threads: int, device: str) -> None:
        self._torch = _library()
        self._threads = threads
        self._device = device or ("cuda" if self._torch.cuda.is_available() else "cpu")
        self._tokenizer, model = _opened(path)
        if adapter:
            model = _adapted(model, Path(adapter))
        self._model = model.to(self._device).eval()
        size = int(model.get_output_embeddings().weight.shape[0])
        pieces = self._tokenizer.batch_decode([[token] for token in range(min(len(self._tokenizer), size))])
        self.alphabet = Alphabet(pieces, _stops(model, self._tokenizer))
        self._chat = Chat(self._rendered)
        self._control = set(self._tokenizer.all_special_ids) - {self._tokenizer.unk_token_id}

    def tokens(self, prompt: Prompt) -> list[int]:
        """What the model reads, as its tokens."""
        return [token for text, own in self._chat.pieces(prompt) for token in self.tokenized(text, own)]

    def tokenized(self, text: str, special: bool = False) -> list[int]:
        """The tokens of a text; ``special``: control tokens in it are what they say, else they are mere characters.

        Some tokenizers know no difference: for them control tokens are left out.
        """
        read = self._tokenizer(text, add_special_tokens=False, split_special_tokens=not special).input_ids
        return list(read) if special else [token for token in read if token not in self._control]

    def text(self, tokens: list[int]) -> str:
        """What the tokens spell."""
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def next(self, prompts: Sequence[list[int]]) -> NDArray[np.float64]:
        """(n_prompts, n_tokens) log-probabilities of the token after each; what all begin with is read once."""
        shared = _in_common(prompts) if len(prompts) > 1 else 0
        with self._at_work():
            cache = None
            if shared:
                cache = self._read([prompts[0][:shared]]).past_key_values
                cache.batch_repeat_interleave(len(prompts))
            return self._rows(self._read([tokens[shared:] for tokens in prompts], cache, shared))

    def follower(self, prompt: list[int]) -> Step:
        """Gives the log-probabilities of the token after the prompt and each path; the prompt is read once."""
        with self._at_work():
            read = self._read([prompt])
        first = self._rows(read)

        def step(paths: Sequence[TokenPath]) -> NDArray[np.float64]:
            if not paths[0]:
                return first
            with self._at_work():
                cache = copy.deepcopy(read.past_key_values)  # each step writes into it
                cache.batch_repeat_interleave(len(paths))
                return self._rows(self._read([list(path) for path in paths], cache, len(prompt)))

        return step

    def write(self, prompts: Sequence[list[int]], most: int) -> list[list[int]]:
        """The likeliest tokens after each prompt, one by one, at most ``most``."""
        ids, mask = self._padded(prompts)
        with self._at_work():
            written = self._model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=most, do_sample=False, temperature=None, top_p=None,
                top_k=None, repetition_penalty=1.0, pad_token_id=0, eos_token_id=sorted(self.alphabet.stops),
            )  # fmt: skip
        return [self._stopped(row) for row in written[:, ids.shape[1] :].tolist()]

    def _read(self, rows: Sequence[list[int]], cache: Any = None, known: int = 0) -> Any:
        """Runs the model on rows that stand behind ``known`` tokens in the cache."""
        ids, mask = self._padded(rows)
        mask = self._torch.cat([mask.new_ones(len(rows), known), mask], dim=1)
        places = (mask.cumsum(-1) - 1).clamp(min=0)[:, known:]
        return self._model(
            input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache, use_cache=True,
            logits_to_keep=1,
        )  # fmt: skip

    def _padded(self, rows: Sequence[list[int]]) -> tuple[Any, Any]:
        """Token ids and mask, (n_rows, longest) each; short ones begin later, so that all end at one place."""
        longest = max(len(row) for row in rows)
        ids = [[0] * (longest - len(row)) + row for row in rows]
        mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
        return self._torch.tensor(ids, device=self._device), self._torch.tensor(mask, device=self._device)

    def _rows(self, read: Any) -> NDArray[np.float64]:
        return log_probabilities(read.logits[:, -1].float().cpu().numpy())

    def _stopped(self, tokens: list[int]) -> list[int]:
        for place, token in enumerate(tokens):
            if token in self.alphabet.stops:
                return tokens[:place]
        return tokens

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **OPTIONS)
        return str(text)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        before = self._torch.get_num_threads()
        self._torch.set_num_threads(self._threads)
        try:
            with self._torch.inference_mode():
                yield
        finally:
            self._torch.set_num_threads(before)


def fetched(model: str) -> Path:
    """The folder of a model on the Hugging Face hub: its safetensors and settings. Raises `ConfigError`."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtraError("huggingface-hub", "train") from error
    try:
        return Path(snapshot_download(model, allow_patterns=_WANTED))
    except Exception as error:  # files, network and hub each have errors of their own
        raise ConfigError(
            f"'llm.model' is {model!r}, which is no folder or file here and cannot be had from the Hugging Face hub: "
            f"{str(error).partition(chr(10))[0]}",
            hint="name a folder with safetensors, or a GGUF file",
        ) from error


def _library() -> Any:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError("transformers", "train") from error
    transformers.utils.logging.disable_progress_bar()
    return torch


def _opened(path: Path) -> tuple[Any, Any]:
    """(tokenizer, model in float32)."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place, file = (path, {}) if path.is_dir() else (path.parent, {"gguf_file": path.name})
    options = {"local_files_only": True, "trust_remote_code": False, **file}
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, **options)
        if not file:
            options["use_safetensors"] = True
        return tokenizer, AutoModelForCausalLM.from_pretrained(place, dtype="float32", **options)
    except Exception as error:  # each kind of file has errors of its own
        reason = str(error).strip().partition("\n")[0]
        raise ConfigError(
            f"{path} cannot be opened as a language model: {reason}",
            hint="name a folder with safetensors, or a GGUF file (which needs pip install gguf)",
        ) from error


def _adapted(model: Any, folder: Path) -> Any:
    """The model with the adapter's weights added to its own."""
    try:
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtraError("peft", "train") from error
    if not (folder / _WEIGHTS).is_file():
        raise ConfigError(f"'llm.adapter' is {str(folder)!r}, but there is no {_WEIGHTS}", hint="name a peft folder")
    try:
        return PeftModel.from_pretrained(model, str(folder), is_trainable=False).merge_and_unload()
    except Exception as error:  # it is of another model, or no adapter
        reason = str(error).strip().partition("\n")[0]
        raise ConfigError(f"the adapter {folder} does not fit the model: {reason}") from error


def _stops(model: Any, tokenizer: Any) -> set[int]:
    said = model.generation_config.eos_token_id
    stops = set(said if isinstance(said, list) else [said]) | {tokenizer.eos_token_id}
    return {int(token) for token in stops if token is not None}


def _in_common(prompts: Sequence[list[int]]) -> int:
    """How many tokens all begin with, so that each has one of its own left."""
    for place, tokens in enumerate(zip(*(tokens[:-1] for tokens in prompts), strict=False)):
        if len(set(tokens)) > 1:
            return place
    return min(len(tokens) for tokens in prompts) - 1
