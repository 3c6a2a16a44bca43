"""Which reasons are shown."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tagwright.encoders.lsa import Lsa
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.reasons import reasons
from tagwright.pipeline.settings import TaggerSettings
from tagwright.testing import documents, vocabulary
from tagwright.types import Document, Evidence

ASKED = Document("q", "honey")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Assembly(TaggerSettings(), Lsa(width=16), ("en",)).prepare(documents(), vocabulary())
    asked: list[str] = []

    def show(**said: list[str]) -> tuple[list[str], list[str]]:
        """(texts of the reasons, channels that were asked), where each channel says so much."""
        asked.clear()

        def explain(name: str, *_: object) -> list[Evidence]:
            asked.append(name)
            return [Evidence(name, "said", text) for text in said.get(name, [])]

        for channel in made.speaking:
            monkeypatch.setattr(channel, "explain", partial(explain, channel.name))
        return [one.text for one in reasons(made, ASKED, 0, ranked=False)], list(asked)

    return show


def test_reasons_of_different_channels_go_first_the_plainest_before(shown: Any) -> None:
    texts, _ = shown(names=["n"], lexical=["a", "b", "c"], centroids=["m"])
    assert texts == ["a", "m", "n"]


def test_more_reasons_of_one_channel_fill_up_and_none_is_told_twice(shown: Any) -> None:
    assert shown(lexical=["a", "b"], names=["a", "c", "b"])[0] == ["a", "b", "c"]
    assert shown(graph=["a"])[0] == ["a"] and shown()[0] == []


def test_who_comes_after_three_reasons_is_not_asked(shown: Any) -> None:
    texts, asked = shown(lexical=["a"], graph=["b"], centroids=["c"], names=["d"], dense=["e"])
    assert texts == ["a", "b", "c"]
    assert asked[0] == "lexical" and {"names", "dense"}.isdisjoint(asked)
