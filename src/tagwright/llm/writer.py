"""A model that was taught to write short texts about a document, a mark between them, run by PyTorch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import redirect_stderr
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

from tagwright.errors import ConfigError, MissingExtraError

# A token of its own stands between two texts, so that a full stop within one ends nothing.
SEPARATOR = "<tag>"
# No token stands for more characters than this: what lies behind would be cut into tokens in vain.
_CHARACTERS = 64

Tokens = list[int]


class Form:
    """What a model reads of a document, and what it writes, as tokens.

    A model with an encoder (``seq2seq``) reads instruction and document and writes apart from them; a causal one goes
    on behind ``cue``. The document is cut to ``length`` tokens; instruction and what is written never are.
    """

    def __init__(self, tokenizer: Any, *, seq2seq: bool, instruction: str, cue: str, length: int) -> None:
        self.tokenizer, self.seq2seq, self.length = tokenizer, seq2seq, length
        before, after = _frame(tokenizer)
        self.separator, self.end = int(tokenizer.convert_tokens_to_ids(SEPARATOR)), int(tokenizer.eos_token_id)
        self._head = [*before, *self._tokens(instruction)]
        self._tail = _ended(after, self.end) if seq2seq else self._tokens(cue)
        self._opening, self._closing = (before, self._tail) if seq2seq else ([], [self.end])

    def prompt(self, text: str) -> Tokens:
        """What is read of a document."""
        return [*self._head, *self._tokens(text[: _CHARACTERS * self.length])[: self.length], *self._tail]

    def target(self, texts: Sequence[str]) -> tuple[Tokens, list[slice]]:
        """What is to be written, and where in it each of the texts stands."""
        found, places = list(self._opening), []
        for number, text in enumerate(texts):
            found += [self.separator] if number else []
            own = self._tokens(text)
            places.append(slice(len(found), len(found) + len(own)))
            found += own
        return [*found, *self._closing], places

    def said(self, written: Sequence[int]) -> str:
        """The texts that these tokens spell, `SEPARATOR` between them."""
        parts: list[Tokens] = [[]]
        for token in written:
            if token == self.separator:
                parts.append([])
            elif token == self.end and any(parts):
                break
            else:
                parts[-1].append(token)
        texts = [str(self.tokenizer.decode(part, skip_special_tokens=True)).strip() for part in parts]
        return SEPARATOR.join(text for text in texts if text)

    def most_read(self, limit: int) -> int:
        """The longest prompt that this form makes and a model of ``limit`` places would have to read."""
        return len(self._head) + len(self._tail) + min(self.length, limit)

    def _tokens(self, text: str) -> Tokens:
        """No word of a document is a control token, whatever it looks like."""
        plain = text.replace(SEPARATOR, " ").encode("utf-8", "replace").decode("utf-8")
        found = self.tokenizer(plain, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return [int(token) for token in found]


class ModelWriter:
    """Writes with a model: greedily, or the best of ``beams`` beams; at most ``most`` tokens, ``batch`` texts at once.

    A text about which nothing can be written, or whose writing fails, has "". Safe for threads: one writes at a time.
    """

    def __init__(self, model: Any, form: Form, *, beams: int = 1, most: int = 256, batch: int = 8) -> None:
        self.form, self._model, self._beams, self._batch = form, model, beams, batch
        self._most = min(most, room(model.config, form))
        self._lock = threading.Lock()

    def write(self, texts: Sequence[str]) -> list[str]:
        """One string a text, `SEPARATOR` between the descriptions in it; texts of about one length pass together."""
        prompts = {row: self.form.prompt(text) for row, text in enumerate(texts) if text.strip()}
        order = sorted(prompts, key=lambda row: (len(prompts[row]), row))
        found = [""] * len(texts)
        with self._lock:
            for start in range(0, len(order), self._batch):
                rows = order[start : start + self._batch]
                for row, written in zip(rows, self._written([prompts[row] for row in rows]), strict=True):
                    found[row] = written
        return found

    def _written(self, prompts: Sequence[Tokens]) -> list[str]:
        try:
            return [self.form.said(tokens) for tokens in self._generated(prompts)]
        except RuntimeError:  # PyTorch's own, such as no memory: fewer at once may do
            if len(prompts) == 1:
                return [""]
            half = len(prompts) // 2
            return self._written(prompts[:half]) + self._written(prompts[half:])

    def _generated(self, prompts: Sequence[Tokens]) -> list[Tokens]:
        import torch

        ids, mask = padded(prompts, int(self.form.tokenizer.pad_token_id or 0), left=not self.form.seq2seq)
        given = {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}
        with torch.inference_mode():
            found = self._model.generate(
                **{name: rows.to(self._model.device) for name, rows in given.items()}, max_new_tokens=self._most,
                num_beams=self._beams, do_sample=False, temperature=None, top_p=None, top_k=None,
                repetition_penalty=1.0, pad_token_id=int(self.form.tokenizer.pad_token_id or 0),
                eos_token_id=self.form.end, use_cache=True,
            )  # fmt: skip
        # A decoder begins with a token that nobody wrote, a causal model with what it has read.
        rows: list[Tokens] = found[:, 1 if self.form.seq2seq else len(ids[0]) :].tolist()
        return rows


def open_writer(
    folder: Path, *, instruction: str, cue: str, length: int, most: int, beams: int, batch: int, device: str
) -> ModelWriter:
    """The writer of a folder that transformers wrote; ``device`` "" = a GPU where there is one.

    Only safetensors are read, nothing in the folder is run, nothing is downloaded. Raises `MissingExtraError`, and
    `ConfigError` where it is no model.
    """
    need_libraries()
    import torch

    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model, tokenizer = open_model(folder, "auto" if where.startswith("cuda") else "float32")
    form = Form(
        tokenizer, seq2seq=bool(model.config.is_encoder_decoder), instruction=instruction, cue=cue, length=length
    )
    return ModelWriter(model.to(where).eval(), form, beams=beams, most=most, batch=batch)


def open_model(path: Path, number: str) -> tuple[Any, Any]:
    """(model, tokenizer) of a folder or GGUF file, seq2seq or causal, its weights as ``number`` says.

    Raises `ConfigError`, also where weights are missing, which would be drawn by chance.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    folder, file = (path, {}) if path.is_dir() else (path.parent, {"gguf_file": path.name})
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False, **file}
    try:
        with redirect_stderr(StringIO()):  # the bar of reading a GGUF file cannot be switched off in any other way
            config = AutoConfig.from_pretrained(str(folder), **options)
            kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            tokenizer = AutoTokenizer.from_pretrained(str(folder), **options)
            options |= {} if file else {"use_safetensors": True}
            model, report = kind.from_pretrained(str(folder), dtype=number, output_loading_info=True, **options)
    except Exception as error:  # files, formats and configuration each have errors of their own
        raise ConfigError(_cannot(path, str(error).strip().partition("\n")[0]), hint=_BASES) from error
    if report["missing_keys"]:
        raise ConfigError(_cannot(path, f"it has no weights {min(report['missing_keys'])}"), hint=_BASES)
    if file:  # its numbers were taken back to full ones, and can be saved
        model.hf_quantizer = None
        vars(model.config).pop("quantization_config", None)
    return model, tokenizer


_BASES = "name a Hugging Face model that writes (seq2seq or causal): its folder with safetensors, or a GGUF file"


def _cannot(path: Path, reason: str) -> str:
    return f"{path} cannot be opened as a language model: {reason}"


def need_libraries() -> None:
    """Raises `MissingExtraError` where one of PyTorch and transformers is not installed."""
    for library in ("torch", "transformers"):
        if find_spec(library) is None:
            raise MissingExtraError(library, "train")


def padded(rows: Sequence[Tokens], padding: int, *, left: bool) -> tuple[list[Tokens], list[Tokens]]:
    """Tokens and mask, (n_rows, longest) each, filled up on the left or on the right."""
    longest = max(map(len, rows))
    gaps = [longest - len(row) for row in rows]
    ids, mask = [], []
    for row, gap in zip(rows, gaps, strict=True):
        ids.append([padding] * gap + row if left else row + [padding] * gap)
        mask.append([0] * gap + [1] * len(row) if left else [1] * len(row) + [0] * gap)
    return ids, mask


def room(config: Any, form: Form) -> int:
    """How many tokens a model of these settings can write beside what it has read; raises `ConfigError` for none."""
    limit = int(getattr(config, "max_position_embeddings", 0) or 0)
    if not limit:
        return 1 << 30
    left = limit if form.seq2seq else limit - form.most_read(limit)
    if left < 1 or form.most_read(limit) > limit:
        raise ConfigError(
            f"the model has {limit:,} places, too few for {form.length:,} tokens of a document and what it writes",
            hint="a smaller length",
        )
    return left


def _frame(tokenizer: Any) -> tuple[Tokens, Tokens]:
    """The control tokens that a tokenizer puts before and behind a text."""
    framed, plain = (
        [int(token) for token in tokenizer("a", add_special_tokens=own)["input_ids"]] for own in (True, False)
    )
    start = next((at for at in range(len(framed)) if framed[at : at + len(plain)] == plain), 0)
    return framed[:start], framed[start + len(plain) :]


def _ended(after: Tokens, end: int) -> Tokens:
    return after if end in after else [*after, end]
