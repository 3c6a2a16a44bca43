"""llama.cpp, one prompt at a time: reads tokens, tells the probabilities of the next one, and writes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import ConfigError, MissingExtraError
from tagwright.llm.alphabet import Alphabet, log_probabilities
from tagwright.llm.base import Prompt
from tagwright.llm.chat import OPTIONS, Chat
from tagwright.llm.trie import Path as TokenPath

# Prompts are read in blocks, and only whole blocks are used again. Where a block ends depends on nothing but the tokens
# up to there, so each is always computed the same way, and an answer is the same to the last bit whatever was asked
# before. They end with lines, for it is after a line that prompts about one document part; and after so many tokens.
_BLOCK = 64
_SAMPLING = {"temp": 0.0, "reset": False}
_WAITING = "OMP_WAIT_POLICY"


class Engine:
    """A loaded model with one context of ``room`` tokens. Not for two threads at once.

    What a prompt has in common with the one before is not read again. Raises `MissingExtraError`, and `ConfigError`
    where the file is no model.
    """

    def __init__(self, path: Path, room: int, threads: int, seed: int) -> None:
        self._api = _library()
        try:
            self._llama = self._api.Llama(
                str(path), n_ctx=room, n_batch=_BLOCK, n_ubatch=_BLOCK, n_threads=threads, n_threads_batch=threads,
                seed=seed, verbose=False,
            )  # fmt: skip
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ConfigError(
                f"{path} cannot be loaded: {error}", hint="name a GGUF file of a language model"
            ) from error
        self.room = room
        self.alphabet = Alphabet(*_vocabulary(self._llama, self._api))
        self._chat = Chat(_renderer(self._llama))
        self._prompt: list[int] = []
        self._path: TokenPath = ()
        self._grammars: dict[str, Any] = {}

    def tokens(self, prompt: Prompt) -> list[int]:
        """What the model reads, as its tokens."""
        return [token for text, own in self._chat.pieces(prompt) for token in self.tokenized(text, own)]

    def tokenized(self, text: str, special: bool = False) -> list[int]:
        """The tokens of a text; ``special``: control tokens in it are what they say, else they are mere characters."""
        found: list[int] = self._llama.tokenize(text.encode("utf-8", "ignore"), add_bos=False, special=special)
        return found

    def read(self, tokens: list[int]) -> None:
        """Takes in a prompt (one token at least, no more than ``room``), from where it differs from the last one."""
        same = _in_common(self._prompt, tokens[:-1])
        ends = self._ends(tokens)
        kept = self._rewind(max((end for end in ends if end <= same), default=0))
        self._prompt = []  # should the reading fail, nothing of it is used
        for end in ends:
            if end > kept:
                self._llama.eval(tokens[self._llama.n_tokens : end])
        self._prompt, self._path = tokens, ()

    def next(self) -> NDArray[np.float64]:
        """(n_tokens,) log-probabilities of the token after all that was read."""
        pointer = self._api.llama_get_logits_ith(self._llama.ctx, -1)
        return log_probabilities(np.ctypeslib.as_array(pointer, shape=(self._llama.n_vocab(),)))

    def follow(self, paths: Sequence[TokenPath]) -> NDArray[np.float64]:
        """(n_paths, n_tokens) log-probabilities of the token after the prompt that was read and each path."""
        rows = np.empty((len(paths), self._llama.n_vocab()))
        for number in sorted(range(len(paths)), key=paths.__getitem__):  # neighbours have most in common
            path = paths[number]
            if path != self._path:
                same = _in_common(self._path, path[:-1])
                kept = self._rewind(len(self._prompt) + same)
                self._llama.eval([*self._prompt, *path][kept:])
                self._path = path
            rows[number] = self.next()
        return rows

    def write(self, most: int, schema: Mapping[str, Any] | None) -> list[int]:
        """The likeliest token each time, at most ``most`` of them; under a schema, the likeliest that it allows."""
        grammar = None if schema is None else self._grammar(json.dumps(schema))
        written: list[int] = []
        for token in self._llama.generate([], grammar=grammar, **_SAMPLING):
            if token in self.alphabet.stops:
                break
            written.append(token)
            if len(written) >= min(most, self.room - len(self._prompt)):
                break
        self._path = (-1,)  # no path, so that none seems to have been followed
        return written

    def text(self, tokens: list[int]) -> str:
        """What the tokens spell."""
        spelled: bytes = self._llama.detokenize(tokens)
        return spelled.decode("utf-8", "ignore")

    def _ends(self, tokens: list[int]) -> list[int]:
        """Where the blocks of a prompt end."""
        ends = [0]
        for place, token in enumerate(tokens, start=1):
            if token in self.alphabet.breaks or place - ends[-1] == _BLOCK:
                ends.append(place)
        return ends if ends[-1] == len(tokens) else [*ends, len(tokens)]

    def _rewind(self, place: int) -> int:
        """Forgets what was read after ``place`` tokens; all of it where the model cannot forget a part."""
        memory = self._api.llama_get_memory(self._llama.ctx)
        if not self._api.llama_memory_seq_rm(memory, 0, place, -1):
            self._api.llama_memory_clear(memory, True)
            place = 0
        self._llama.n_tokens = place
        return place

    def _grammar(self, schema: str) -> Any:
        if schema not in self._grammars:
            try:
                self._grammars[schema] = self._api.LlamaGrammar.from_json_schema(schema, verbose=False)
            except Exception as error:  # of many kinds, assertions among them
                raise ValueError(f"it cannot be held to the schema ({error})") from error
        return self._grammars[schema]


def _in_common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    shorter = min(len(one), len(other))
    differs = np.flatnonzero(np.asarray(one[:shorter]) != np.asarray(other[:shorter]))
    return int(differs[0]) if differs.size else shorter


def _library() -> Any:
    """llama.cpp, told to sleep and not to spin where its threads wait: beside other work that is ten times as quick."""
    before = os.environ.get(_WAITING)
    os.environ.setdefault(_WAITING, "PASSIVE")  # read once, when the library is loaded
    try:
        import llama_cpp
    except ImportError as error:
        raise MissingExtraError("llama-cpp-python", "llm") from error
    finally:
        if before is None:
            del os.environ[_WAITING]
    return llama_cpp


def _vocabulary(llama: Any, api: Any) -> tuple[list[str], list[int]]:
    """The text of every token, and those that end an answer."""
    numbers = range(llama.n_vocab())
    vocabulary = api.llama_model_get_vocab(llama.model)
    pieces = [llama.detokenize([token]).decode("utf-8", "replace") for token in numbers]
    return pieces, [token for token in numbers if api.llama_vocab_is_eog(vocabulary, token)]


def _renderer(llama: Any) -> Any:
    """Writes messages as the template in the file has it; without one it raises, which `Chat` takes for none."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata.get("tokenizer.chat_template", "{{ raise_exception('no template') }}")
    first, last = (llama.detokenize([token], special=True).decode() for token in (llama.token_bos(), llama.token_eos()))
    formatter = Jinja2ChatFormatter(template=template, bos_token=first, eos_token=last)
    return lambda messages: formatter(messages=messages, **OPTIONS).prompt
