"""A model that learns to write, whole or by a LoRA adapter: its base opened, its logits, and how it is saved."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tagwright.training.lora as lora
from tagwright.errors import ConfigError
from tagwright.llm.writer import SEPARATOR, Form, open_model, padded, room
from tagwright.training.described import Exercise, GeneratorTraining
from tagwright.training.device import need_extras
from tagwright.training.examples import IGNORED

Tensor = Any  # of PyTorch, which is not imported before it is used


@dataclass(frozen=True, eq=False)
class WriterModel:
    """A ``model`` and its ``form``; ``base`` is the SHA-256 of the weights that it began with."""

    model: Any
    form: Form
    base: str

    @classmethod
    def over(cls, settings: GeneratorTraining, device: str) -> WriterModel:
        """The base with a token for `SEPARATOR` and, at a rank above 0, a fresh adapter; raises `ConfigError`.

        The row of a new separator is learned with the adapter.
        """
        import torch

        place = lora.place(settings.base)
        if place.is_file():
            need_extras("gguf")
        small = device.startswith("cuda") and settings.rank > 0
        model, tokenizer = open_model(place, "bfloat16" if small else "float32")
        if tokenizer.eos_token_id is None:
            raise ConfigError(f"{place} has no token that ends a text", hint="name another base")
        base = _hash(model)
        torch.manual_seed(settings.seed)
        _separated(model, tokenizer)
        form = Form(
            tokenizer, seq2seq=bool(model.config.is_encoder_decoder), instruction=settings.instruction,
            cue=settings.cue, length=settings.length,
        )  # fmt: skip
        if room(model.config, form) < settings.most_tokens:
            raise ConfigError(
                f"{place} has too few places to read {settings.length:,} tokens and write {settings.most_tokens:,}",
                hint="a smaller length, or fewer most_tokens",
            )
        if settings.rank:
            model = _adapted(model, form, settings)
        return cls(model.to(device), form, base)

    @property
    def learned(self) -> list[Any]:
        """The parameters that are learned."""
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    @property
    def pieces(self) -> list[str]:
        """What each token spells, as many as the model has logits; "" where that is nothing that is said."""
        size, tokenizer = int(self.model.get_output_embeddings().weight.shape[0]), self.form.tokenizer
        known = min(len(tokenizer), size)
        control = {*tokenizer.all_special_ids, self.form.separator}
        texts = tokenizer.batch_decode([[token] for token in range(known)])
        said = ["" if token in control else str(text).strip() for token, text in enumerate(texts)]
        return said + [""] * (size - known)

    def logits(self, examples: Sequence[Exercise]) -> tuple[Tensor, Tensor, list[int]]:
        """(n, places, tokens) logits, (n, places) what is to be written there, and where each target begins."""
        import torch

        where = self.model.device
        targets = [list(one.target) for one in examples]
        prompts = [list(one.prompt) for one in examples]
        if not self.form.seq2seq:
            return self._continued(prompts, targets)
        ids, mask = padded(prompts, self._padding, left=False)
        wanted, _ = padded(targets, IGNORED, left=False)
        labels = torch.tensor(wanted, device=where)
        found = self.model(
            input_ids=torch.tensor(ids, device=where), attention_mask=torch.tensor(mask, device=where), labels=labels,
            use_cache=False,
        )  # fmt: skip
        return found.logits.float(), labels, [0] * len(targets)

    def cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The sum over all tokens that are to be written."""
        import torch

        return torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="sum")

    def save(self, folder: Path) -> None:
        """Writes model and tokenizer as transformers does, an adapter merged into the weights: it stands alone."""
        merged = self.model.merge_and_unload() if hasattr(self.model, "merge_and_unload") else self.model
        merged.config.use_cache = True
        # Some bases come with ways to draw words by chance, which are refused beside a greedy search.
        for key, value in {"do_sample": False, "temperature": 1.0, "top_p": 1.0, "top_k": 50}.items():
            setattr(merged.generation_config, key, value)
        merged.save_pretrained(str(folder))
        self.form.tokenizer.save_pretrained(str(folder))

    @property
    def _padding(self) -> int:
        return int(self.form.tokenizer.pad_token_id or 0)

    def _continued(self, prompts: list[list[int]], targets: list[list[int]]) -> tuple[Tensor, Tensor, list[int]]:
        """Of a causal model: all targets end at the last place, and the token before one tells its first."""
        import torch

        where, kept = self.model.device, max(map(len, targets))
        whole = [prompt + target for prompt, target in zip(prompts, targets, strict=True)]
        ids, mask = (torch.tensor(rows, device=where) for rows in padded(whole, self._padding, left=True))
        wanted, _ = padded(targets, IGNORED, left=True)
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        found = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=places,
            use_cache=False,
            **lora.last_only(self.model, kept + 1),
        )
        logits = found.logits[:, -kept - 1 : -1].float()
        return logits, torch.tensor(wanted, device=where), [kept - len(target) for target in targets]


def _separated(model: Any, tokenizer: Any) -> None:
    """Gives the tokenizer the separator, and the model a row for it, where they have none."""
    from transformers import AddedToken
    from transformers.utils import logging

    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.add_tokens([AddedToken(SEPARATOR, special=True, normalized=False)], special_tokens=True)
    if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        logging.set_verbosity_error()  # it would tell of how the new row is drawn
        model.resize_token_embeddings(len(tokenizer))
        logging.set_verbosity_warning()


def _adapted(model: Any, form: Form, settings: GeneratorTraining) -> Any:
    from peft import LoraConfig, get_peft_model

    options = LoraConfig(
        r=settings.rank, lora_alpha=settings.alpha, lora_dropout=settings.dropout, target_modules="all-linear",
        task_type="SEQ_2_SEQ_LM" if form.seq2seq else "CAUSAL_LM", trainable_token_indices=[form.separator],
    )  # fmt: skip
    return get_peft_model(model, options)


def _hash(model: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.float().cpu().numpy().tobytes())
    return digest.hexdigest()
