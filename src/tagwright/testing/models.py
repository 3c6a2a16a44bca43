"""The promises of a language model."""

from __future__ import annotations

from collections.abc import Callable

from tagwright.llm.base import LLM, Prompt

_CHOICES = ("Yes", "No")


def check_llm(make: Callable[[], LLM]) -> None:
    """Fails with the promise of `LLM` that the model breaks; ``make`` gives one that answers something to anything."""
    llm = make()
    prompts = [Prompt(f"Say something about the number {number}.", "Be brief.") for number in range(5)]
    answers = llm.complete(prompts, most_tokens=8)
    assert len(answers) == len(prompts), "there is an answer a prompt"
    assert all(answer.error or answer.usage.calls >= 0 for answer in answers), "an answer has its usage"
    assert all(not answer.error for answer in answers), f"a model that works has no errors: {answers}"
    assert llm.complete([]) == [], "nothing asked is nothing answered"
    assert llm.fingerprint == make().fingerprint != "", "the same model has the same name"
    alone = [llm.complete([prompt], most_tokens=8)[0].text for prompt in prompts]
    assert alone == [answer.text for answer in answers], "an answer does not depend on what is asked beside it"
    judged = llm.complete(prompts, choices=_CHOICES)
    for answer in judged:
        if not answer.error:
            assert answer.text in _CHOICES and set(answer.probabilities) == set(_CHOICES), "one of the choices"
            assert abs(sum(answer.probabilities.values()) - 1) < 1e-6, "their probabilities are together 1"
            assert answer.source in ("logprobs", "answer"), "where they come from is said"
