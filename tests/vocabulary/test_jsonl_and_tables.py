from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import ConfigError, VocabularyError
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary, open_vocabulary

Write = Callable[[str, str | bytes], Path]


def problems(vocabulary: Vocabulary) -> dict[str, int]:
    return {problem.code: problem.count for problem in vocabulary.problems}


def test_a_line_with_everything_is_read(write: Write) -> None:
    row = {
        "id": "s", "name": "Soil", "names": {"en": "Soil", "de": "Boden"}, "synonyms": {"en": ["earth"], "de": "Erde"},
        "hidden": ["soyl"], "description": {"en": "The upper layer."}, "notation": 7, "broader": ["n"], "narrower": "x",
        "related": None, "deprecated": True, "replaced_by": ["y"], "something": "else",
    }  # fmt: skip
    assert open_vocabulary(write("v.jsonl", json.dumps(row))).tag(0) == Tag(
        id="s", name="Soil", names={"en": "Soil", "de": "Boden"}, synonyms={"en": ("earth",), "de": ("Erde",)},
        hidden={"": ("soyl",)}, descriptions={"en": "The upper layer."}, notation="7", broader=("n",), narrower=("x",),
        deprecated=True, replaced_by=("y",),
    )  # fmt: skip


def test_synonyms_and_descriptions_may_state_no_language(write: Write) -> None:
    row = {"id": 5, "name": "Soil", "synonyms": ["earth", "ground"], "description": "The upper layer."}
    tag = open_vocabulary(write("v.jsonl", json.dumps(row))).tag(0)
    assert (tag.id, tag.synonyms, tag.description) == ("5", {"": ("earth", "ground")}, "The upper layer.")


def test_a_broken_line_is_counted_and_named_and_does_not_stop_the_rest(write: Write) -> None:
    lines = [
        '\ufeff{"id": "a", "name": "A"}',
        "",
        '{"id": "b", "name": ',
        "[1, 2]",
        '{"name": "without id"}',
        '{"id": "a", "name": "again"}',
        '{"id": "c", "name": ["C"], "synonyms": 5, "broader": {"x": 1}, "deprecated": "no"}',
        "[" * 100_000,
    ]
    vocabulary = open_vocabulary(
        write("v.jsonl", "\n".join(lines).encode() + b'\n{"id": "\xff"}\n{"id": "z", "name": "Z"}')
    )
    assert list(vocabulary.ids) == ["a", "c", "z"]
    assert problems(vocabulary) == {"broken-line": 4, "bad-field": 3, "no-id": 1, "duplicate-id": 1, "no-name": 1}
    places = [str(example).split(": ")[0] for problem in vocabulary.problems for example in problem.examples]
    assert places == [f"v.jsonl:{line}" for line in (3, 4, 8, 9, 7, 7, 7, 5, 6, 7)]
    assert vocabulary.name(1) == "5"


def test_half_a_surrogate_pair_is_dropped(write: Write) -> None:
    assert open_vocabulary(write("v.jsonl", r'{"id": "a", "name": "cut \ud83d"}')).name(0) == "cut"


def test_keys_of_another_name_are_mapped(write: Write) -> None:
    path = write("v.jsonl", '{"uri": "a", "title": "A"}')
    assert open_vocabulary(path, columns={"id": "uri", "name": "title"}).tag(0).name == "A"
    with pytest.raises(ConfigError, match="a tag has no part 'title'"):
        open_vocabulary(path, columns={"title": "title"})
    with pytest.raises(VocabularyError, match="there are no tags in this file; entries without an id"):
        open_vocabulary(path)


def test_a_table_names_its_columns_and_their_languages(write: Write) -> None:
    text = (
        "ID;name@en;Label (de);altLabel_en;Definition;notation;broader;deprecated;replaced by;remarks\r\n"
        's;Soil;Boden;"earth|ground";"The ""upper"" layer.";R1;n|m;no;;x\r\n'
        "n;Nature;;;;;;yes;<http://x/y>;\r\n"
    )
    vocabulary = open_vocabulary(write("v.csv", text))
    assert vocabulary.tag(0) == Tag(
        id="s", name="Soil", names={"en": "Soil", "de": "Boden"}, synonyms={"en": ("earth", "ground")},
        descriptions={"": 'The "upper" layer.'}, notation="R1", broader=("n", "m"),
    )  # fmt: skip
    assert (vocabulary.tag(1).deprecated, vocabulary.tag(1).replaced_by) == (True, ("http://x/y",))


def test_columns_of_another_name_are_mapped_and_a_wrong_one_is_named(write: Write) -> None:
    path = write("v.tsv", 'Nr\tHeading of it\tSee also\n1\tSoil "humus"\ta, b\n')
    columns = {"id": "Nr", "name": "Heading of it", "synonyms": "See also"}
    tag = open_vocabulary(path, columns=columns, separator=",").tag(0)
    assert (tag.name, tag.synonyms) == ('Soil "humus"', {"": ("a", "b")})
    with pytest.raises(ConfigError, match=r"no column 'Nummer' for 'id'.*its columns are: Nr, Heading of it, See also"):
        open_vocabulary(path, columns={"id": "Nummer"})
    with pytest.raises(VocabularyError, match=r"v\.tsv:1: none of the columns 'Nr', .* holds ids or names"):
        open_vocabulary(path)


def test_a_list_of_names_is_a_vocabulary(write: Write) -> None:
    vocabulary = open_vocabulary(write("v.csv", "name\nSoil\n\nWater\n"), language="en")
    assert (list(vocabulary.ids), list(vocabulary.names), vocabulary.languages) == (
        ["Soil", "Water"],
        ["Soil", "Water"],
        ["en"],
    )


def test_bad_rows_are_counted_and_named(write: Write) -> None:
    content = b"id,name\na,A\nb,B,too,many\nc\n,Nameless\na,again\nd,\xff\ne," + b"x" * (1 << 21) + b"\nf,F\n"
    vocabulary = open_vocabulary(write("v.csv", content))
    assert list(vocabulary.ids) == ["a", "c", "Nameless", "f"]
    assert problems(vocabulary) == {"broken-line": 3, "duplicate-id": 1, "no-name": 1}
    places = {example.place for problem in vocabulary.problems for example in problem.examples}
    assert places == {"v.csv:3", "v.csv:7", "v.csv:8", "v.csv:6", "v.csv:4"}


def test_annifs_csv_is_read_and_a_row_without_labels_is_deprecated(write: Write) -> None:
    text = "uri,label_en,label_fi,notation\nhttp://x/1,Castle,Linna,42.42\nhttp://x/2,,,\nhttp://x/3,,Talo,\n"
    vocabulary = open_vocabulary(write("v.csv", text), language="en")
    assert vocabulary.tag(0) == Tag("http://x/1", "Castle", names={"en": "Castle", "fi": "Linna"}, notation="42.42")
    assert (vocabulary.active.tolist(), vocabulary.name(2)) == ([True, False, True], "Talo")
    assert problems(vocabulary) == {"untranslated": 1}


def test_annifs_tsv_is_read_without_a_first_row_of_names(write: Write) -> None:
    text = '<http://x/1>\tRoman "castle"\t42.42\n<http://x/2>\tHouse\n<http://x/3>\n'
    vocabulary = open_vocabulary(write("v.tsv.gz", gzip.compress(text.encode())), language="en")
    assert vocabulary.tag(0) == Tag("http://x/1", 'Roman "castle"', names={"en": 'Roman "castle"'}, notation="42.42")
    assert (list(vocabulary.ids)[1:], vocabulary.active.tolist()) == (["http://x/2", "http://x/3"], [True, True, False])


def test_utf_16_and_another_kind_are_explained(write: Write) -> None:
    with pytest.raises(VocabularyError, match=r"UTF-16, not UTF-8.*iconv"):
        open_vocabulary(write("v.csv", "id,name\n".encode("utf-16")))
    with pytest.raises(ConfigError, match="no kind of vocabulary file 'xls'"):
        open_vocabulary(write("v.csv", ""), kind="xls")
    assert len(open_vocabulary(write("v.txt", '{"id": "a", "name": "A"}'), kind="jsonl")) == 1
    assert len(open_vocabulary(write("v.json", '{"id": "a", "name": "A"}'))) == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["id", "name", "names", "synonyms", "hidden", "description", "notation", "broader", "deprecated", "replaced_by"]


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), values, max_size=6), max_size=5))
def test_fields_of_any_type_do_no_harm(tmp_path_factory: pytest.TempPathFactory, rows: list[dict]) -> None:
    path = tmp_path_factory.mktemp("rows") / "v.jsonl"
    path.write_text("\n".join(map(json.dumps, [*rows, {"id": "sure", "name": "Sure"}])), encoding="utf-8")
    vocabulary = open_vocabulary(path)
    assert all(vocabulary.ids) and all(vocabulary.names)
    assert "sure" in vocabulary


@given(st.binary(max_size=200), st.sampled_from(["", "id,name\n", "uri\tlabel_en\n", '{"id": "a", "name": "A"}\n']))
def test_any_bytes_are_tags_or_an_error_that_names_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, head: str
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("v.jsonl", "v.csv", "v.tsv"):
        path = folder / name
        path.write_bytes(head.encode() + content)
        try:
            vocabulary = open_vocabulary(path)
        except VocabularyError as error:
            assert error.path == str(path)
        else:
            assert all(vocabulary.ids) and all(vocabulary.names)
