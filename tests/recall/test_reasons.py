"""The reasons of every channel, for any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.encoders.lsa import Lsa
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.base import MOST_EVIDENCE, Channel
from tagwright.testing import TAGS, documents, vocabulary
from tagwright.types import Document

WORDS = "ship ships Boats honey BEES bee railway Küste birds coast soil erosion erodes bread IT the der zyx".split()
TEXTS = st.lists(st.sampled_from([*WORDS, ".", "!", "\n", "(", "—", "İ"]), max_size=25).map(" ".join)


@pytest.fixture(scope="module")
def channels() -> list[Channel]:
    made = Assembly(TaggerSettings(), Lsa(width=16), ("en", "de"))
    return made.prepare(documents(), vocabulary()).fit(documents(), vocabulary()).speaking


@settings(deadline=None, max_examples=40)
@given(title=TEXTS, text=TEXTS, language=st.sampled_from(["en", "de", None]))
def test_reasons_are_exact_quotations_or_none_at_most_three_and_strongest_first(
    channels: list[Channel], title: str, text: str, language: str | None
) -> None:
    document = Document("q", text, title, language)
    for channel in channels:
        found = set(channel.recall([document], 99).tags.tolist())
        for tag in range(len(TAGS)):
            reasons = channel.explain(document, tag)
            assert len(reasons) <= MOST_EVIDENCE
            assert [r.value for r in reasons] == sorted((r.value for r in reasons), reverse=True)
            assert all(r.channel == channel.name and r.text for r in reasons)
            for reason in reasons:
                if reason.start is not None:
                    assert getattr(document, reason.field)[reason.start : reason.end] == reason.text
            assert reasons or tag not in found, f"{channel.name} found {TAGS[tag].id} and cannot say why"
