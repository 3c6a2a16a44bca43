"""What a generator is to write: the descriptions of a document's tags in a fixed order, a mark between, none cut."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import ConfigError
from tagwright.llm.writer import SEPARATOR, Form, padded, room
from tagwright.recall.matcher import descriptions
from tagwright.training.described import ORDERS, Descriptions, GeneratorTraining, examples
from tagwright.training.lessons import Lessons
from tagwright.training.wordmatch import WordMatch
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

END, MARK = 0, 1


class Letters:
    """A tokenizer of letters: token 2 + code; it puts an end behind a text where it is ``framing``."""

    eos_token_id, pad_token_id = END, 0

    def __init__(self, framing: bool = False) -> None:
        self.framing = framing

    def convert_tokens_to_ids(self, token: str) -> int:
        return MARK if token == SEPARATOR else -1

    def __call__(self, text: str, add_special_tokens: bool, split_special_tokens: bool = False) -> dict[str, Any]:
        own = [2 + ord(letter) for letter in text]
        return {"input_ids": [*own, END] if add_special_tokens and self.framing else own}

    def decode(self, tokens: list[int], skip_special_tokens: bool) -> str:
        return "".join(chr(token - 2) for token in tokens if token > MARK)


def form(*, seq2seq: bool = True, length: int = 9) -> Form:
    return Form(Letters(seq2seq), seq2seq=seq2seq, instruction="I:", cue=">", length=length)


def spelled(tokens: list[int]) -> str:
    return "".join({END: "$", MARK: "|"}.get(token) or chr(token - 2) for token in tokens)


TAGS = [
    Tag("t:0", "Bees", {"en": "Bees"}, descriptions={"en": "They fly. They make honey."}),
    Tag("t:1", "Ships"),
    Tag("t:2", f"Odd{SEPARATOR}name", descriptions={"": "one\n two  three four"}),
    Tag("t:3", "Rails"),
]
VOCABULARY = Vocabulary.from_tags(TAGS, language="en")
# Bees once, Ships three times, the third tag twice, Rails once.
GOLD = [np.array(tags, dtype=np.int32) for tags in ([0, 1], [2, 1], [1, 2, 3])]


def told(order: str = "rare", words: int = 3) -> Descriptions:
    return Descriptions(VOCABULARY, GOLD, words=words, order=order)


@pytest.mark.parametrize(
    ("order", "expected"), [("rare", [3, 2, 1]), ("frequent", [1, 2, 3]), ("vocabulary", [1, 2, 3])]
)
def test_the_order_of_the_tags_is_the_one_that_was_chosen(order: str, expected: list[int]) -> None:
    assert told(order).ordered(np.array([2, 3, 1], dtype=np.int32)) == expected


@given(st.permutations([0, 1, 2, 3]), st.sampled_from(ORDERS))
def test_the_order_does_not_depend_on_that_of_the_gold(tags: list[int], order: str) -> None:
    assert told(order).ordered(np.array(tags, np.int32)) == told(order).ordered(np.arange(4, dtype=np.int32))


def test_a_tag_is_written_as_its_name_and_so_many_words_of_its_description() -> None:
    assert [told().text(tag) for tag in range(4)] == [
        "Bees. They fly. They",
        "Ships",
        "Odd name. one two three",
        "Rails",
    ]
    assert told(words=0).text(0) == "Bees"


def test_a_description_of_50_kb_is_cut() -> None:
    long = Vocabulary.from_tags([Tag("t:0", "Long", descriptions={"": "word " * 10_000})], language="")
    assert len(Descriptions(long, [], words=30, order="rare").text(0).split()) == 31


def test_what_is_to_be_written_has_a_mark_between_descriptions_and_says_where_each_stands() -> None:
    target, places = form().target(["a. b", "c"])
    assert spelled(target) == "a. b|c$"
    assert [spelled(target[place]) for place in places] == ["a. b", "c"]


def test_a_document_is_cut_to_its_budget_and_the_instruction_is_not() -> None:
    assert spelled(form().prompt("abcdefghijklmnop")) == "I:abcdefghi$"
    assert spelled(form(seq2seq=False).prompt("abcdefghijklmnop")) == "I:abcdefghi>"


def test_no_word_of_a_document_is_a_mark() -> None:
    assert MARK not in form(length=99).prompt(f"a{SEPARATOR}b")
    assert form().target([f"a{SEPARATOR}b"])[0].count(MARK) == 0


@given(st.lists(st.text(alphabet="abc. ", min_size=1, max_size=8).map(str.strip).filter(bool), max_size=4, unique=True))
def test_what_is_to_be_written_is_read_back_as_the_same_descriptions(texts: list[str]) -> None:
    for seq2seq in (True, False):
        own = form(seq2seq=seq2seq)
        assert descriptions(own.said(own.target(texts)[0])) == texts


def test_what_comes_behind_the_end_is_not_read() -> None:
    letters = [2 + ord(letter) for letter in "abc"]
    assert form().said([letters[0], MARK, letters[1], END, letters[2]]) == f"a{SEPARATOR}b"
    assert form().said([END, END]) == "" and form().said([]) == ""


def test_documents_are_learned_from_whole_or_left_out_and_counted() -> None:
    documents = [Document(f"d{n}", text) for n, text in enumerate(["abc", "def", "   "])]
    lessons = Lessons(documents, GOLD, [], VOCABULARY)
    found, too_long = examples(lessons, told(), form(), most=28)
    assert [one.tags for one in found] == [(0, 1)] and too_long == 2
    assert spelled(list(found[0].target)) == "Bees. They fly. They|Ships$"
    assert spelled(list(found[0].prompt)) == "I:abc$"
    assert found[0].texts == ("Bees. They fly. They", "Ships")
    everything, none = examples(lessons, told(), form(), most=99)
    assert len(everything) == 2 and none == 0, "a document without a word teaches nothing"


def test_rows_are_filled_up_on_the_side_that_is_asked_for() -> None:
    assert padded([[5, 6], [7]], 9, left=True) == ([[5, 6], [9, 7]], [[1, 1], [0, 1]])
    assert padded([[5, 6], [7]], 9, left=False) == ([[5, 6], [7, 9]], [[1, 1], [1, 0]])


def test_a_causal_model_reads_and_writes_in_the_same_places() -> None:
    config = SimpleNamespace(max_position_embeddings=20)
    assert room(config, form(seq2seq=False)) == 20 - (2 + 9 + 1)
    assert room(config, form()) == 20
    assert room(SimpleNamespace(), form()) > 10**6
    with pytest.raises(ConfigError, match="20 places"):
        room(config, form(seq2seq=False, length=18))


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ({"order": "any"}, "no order 'any'"), ({"balance": 1.5}, "balance"), ({"rank": -1}, "rank"),
        ({"length": 0}, "length"), ({"warmup": 1.0}, "warmup"), ({"negatives": -0.1}, "negatives"),
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_refused(option: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        GeneratorTraining(**option)


def test_without_an_encoder_descriptions_are_matched_by_their_words() -> None:
    match = WordMatch.over({3: "Bees. They make honey", 5: "Ships", 9: "…"})
    assert match.of([f"ships {SEPARATOR} honey of bees", "clouds", ""]) == [[5, 3], [], []]
    assert WordMatch.over({}).of(["bees"]) == [[]]
