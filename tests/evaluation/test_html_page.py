"""The page with pictures: what stands in it, that nothing from outside can act in it, and what bad input says."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from tagwright.evaluation.html import page
from tagwright.evaluation.html.confidence import wilson
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import Column, Table
from tagwright.evaluation.html.markup import script_data
from tagwright.evaluation.html.mistakes import confused
from tagwright.evaluation.html.page import figures
from tagwright.evaluation.html.worst import asked_for, worst
from tagwright.evaluation.saved import SavedCandidates, load_candidates, save_candidates
from tagwright.project.evaluating import report

NAMES = {
    "reliability", "calibration-by-band", "coverage-accuracy", "cuts", "bands", "languages", "tags", "channels",
    "overlap", "confusions", "co-occurrence",
}  # fmt: skip
EMPTY = {"meta", "link", "input", "br", "hr"}
EVIL = "</script><script>alert(1)</script>\u202e\u2028\x00\x1b[2J\ud800 \"'>&"


class Reader(HTMLParser):
    """What a browser would find: elements with their attributes, visible text, and whether all of them are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]].append(data)
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def data(self) -> dict:
        return json.loads(self.raw["script"][0], parse_constant=refuse)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} stands in the data")


def read(saved: SavedCandidates) -> Reader:
    return Reader(page(report(saved), saved))


def test_the_page_has_every_picture_with_its_sentence_its_table_and_its_data(make_saved) -> None:
    found = read(make_saved())
    assert found.open == []
    assert set(found.data["pictures"]) == NAMES
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for name in NAMES:
        assert {name, f"{name}-0", f"table-{name}"} <= set(ids)
        assert found.data["pictures"][name]["csv"].count("\r\n") > 1
    drawings = [attributes for _, attributes in found.elements if attributes.get("role") == "img"]
    assert len(drawings) == len(NAMES) + 3 + 1  # four bands, two heat maps
    assert all((attributes["aria-label"] or "").count(".") for attributes in drawings)


def test_names_that_are_pointed_to_are_there(make_saved) -> None:
    found = read(make_saved())
    ids = {attributes["id"] for _, attributes in found.elements if "id" in attributes}
    pointed = {a[key] for _, a in found.elements for key in ("aria-labelledby", "for") if key in a}
    pointed |= {(a["href"] or "").removeprefix("#") for tag, a in found.elements if tag == "a"}
    assert pointed <= ids
    assert ("html", {"lang": "en"}) in found.elements
    assert sum(tag == "h1" for tag, _ in found.elements) == 1
    tables = sum(tag == "table" for tag, _ in found.elements)
    assert tables == sum(tag == "caption" for tag, _ in found.elements) > len(NAMES)


def test_only_the_script_and_the_style_of_the_page_may_run_and_nothing_is_fetched(make_saved) -> None:
    found = read(make_saved())
    policy = next(a["content"] or "" for t, a in found.elements if t == "meta" and "http-equiv" in a)
    _, script = found.raw["script"]
    for kind, text in (("script-src", script), ("style-src", "".join(found.raw["style"]))):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    attributes = {key for _, a in found.elements for key in a}
    assert not {key for key in attributes if key.startswith("on")} | attributes & {"style", "src", "srcset"}
    assert all((a["href"] or "").startswith("#") for _, a in found.elements if "href" in a)
    assert "url(" not in "".join(found.raw["style"])


def test_titles_tags_and_reasons_cannot_act_in_the_page(make_saved) -> None:
    saved = make_saved()
    n = len(saved.ids)
    names = {key: f"{EVIL}{key}" for key in saved.settings["names"]}
    reasons = {str(row): {str(tag): [EVIL] for tag in range(40)} for row in range(n)}
    evil = replace(saved, ids=tuple(f"{EVIL}{row}" for row in range(n)))
    about = {"corpus": EVIL, "made": EVIL, "tagwright": EVIL, "settings": [[EVIL, EVIL, EVIL]]}
    changed = {"titles": [EVIL] * n, "languages": ['de" onload="x'] * n, "names": names, "reasons": reasons}
    channels = {EVIL: ["names.found"], "graph": ["graph.found"]}
    evil = replace(evil, settings={**saved.settings, **changed, "about": about, "channels": channels})
    # Where the report itself takes the ids for a fingerprint, it cannot take half a character.
    text = page(report(saved), evil)
    text.encode()
    found = Reader(text)
    assert sum(tag == "script" for tag, _ in found.elements) == 2
    assert "alert(1)" not in "".join(found.raw["script"][1:])
    assert "</script><script>alert(1)</script> [2J \"'>&" in found.text
    visible = text.replace(found.raw["script"][1], "")
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2028\ud800-\udfff]", visible)
    assert {key for _, a in found.elements for key in a} == {key for _, a in read(saved).elements for key in a}


def test_data_in_a_script_cannot_end_it() -> None:
    text = script_data({"<!--": "</script>", "lines": "\u2028\u2029&"})
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"<!--": "</script>", "lines": "\u2028\u2029&"}
    with pytest.raises(ValueError, match="Out of range"):
        script_data([float("nan")])


def test_no_cell_of_the_csv_is_a_formula_and_numbers_are_whole() -> None:
    columns = (Column("tag"), Column("share", "share"), Column("n", "count"))
    rows = [("=cmd()", 1 / 3, 7), ('a "b", c', float("nan"), -1), ("@x", None, 0)]
    found = list(csv.reader(io.StringIO(Table("t", columns, rows).csv())))
    assert found == [
        ["tag", "share", "n"], ["'=cmd()", "0.333333", "7"], ['a "b", c', "", "-1"], ["'@x", "", "0"],
    ]  # fmt: skip


def test_the_summary_says_what_the_numbers_say(make_saved) -> None:
    saved = make_saved()
    found, metrics = read(saved), report(saved).metrics
    right = f"{100 * metrics['microP']:.0f}\u00a0% of them are right"
    assert f"{metrics['tags/doc']:.1f} tags on average: {right}" in "".join(found.texts)
    facts = Facts.of(report(saved), saved)
    near = (np.abs(facts.judged.confidences - 0.45) < 0.1) & (facts.judged.ranks < 20)
    assert near.sum() > 30
    assert re.search(r"Of the \d+ tags with about \d0 % confidence, \d+ % were right\.", found.text)
    assert "test.jsonl" in found.text
    assert "1.2.3" in found.text
    assert "not in the vocabulary" in found.text


def test_every_number_of_the_bands_and_languages_can_be_counted_by_hand(make_saved) -> None:
    saved = make_saved()
    facts = Facts.of(report(saved), saved)
    by_name = {figure.name: figure for figure in figures(facts)}
    judged, given = facts.judged, facts.judged.confidences >= 0.4
    languages = by_name["languages"].table
    assert languages is not None
    assert {row[0]: row[1] for row in languages.rows} == {
        code: sum(1 for row in judged.documents if (row % 3 > 0) == (code == "de")) for code in ("de", "en")
    }
    bands = by_name["bands"].table
    assert bands is not None
    assert sum(int(row[1] or 0) for row in bands.rows) == len(judged.gold_tags)
    assert sum(int(row[2] or 0) for row in bands.rows) == given.sum()
    overlap = by_name["overlap"].table
    assert overlap is not None
    assert sum(int(row[1] or 0) for row in overlap.rows) == len(judged.gold_tags)
    coverage = by_name["coverage-accuracy"].table
    assert coverage is not None
    assert coverage.rows[-1][1:4] == (1.0, pytest.approx((judged.hits & given).sum() / given.sum()), given.sum())


def test_confusion_pairs_are_those_of_brute_force(make_saved) -> None:
    saved = make_saved()
    facts = Facts.of(report(saved), saved)
    counted: dict[tuple[int, int], int] = {}
    for row in range(facts.judged.n_documents):
        of_pairs, of_gold = facts.judged.rows == row, facts.judged.gold_rows == row
        wanted = set(facts.judged.gold_tags[of_gold].tolist())
        given = facts.judged.tags[of_pairs & facts.given].tolist()
        for pair in itertools.product(set(given[:20]) - wanted, {tag for tag in wanted if tag >= 0} - set(given)):
            counted[pair] = counted.get(pair, 0) + 1
    assert {(w, m): n for w, m, n in confused(facts)} == {pair: n for pair, n in counted.items() if n > 1}
    assert [n for _, _, n in confused(facts)] == sorted((n for n in counted.values() if n > 1), reverse=True)


def test_the_worst_documents_come_first_and_only_their_wrong_suggestions_are_asked_about(make_saved) -> None:
    saved = make_saved()
    facts = Facts.of(report(saved), saved)
    found = worst(facts)
    f1 = 2 * facts.n_right / (facts.n_given + facts.judged.sizes)
    assert [one.f1 for one in found] == sorted(f1.tolist())[: len(found)]
    missed = [len(one.missed) for one in found if one.f1 == 0]
    assert missed == sorted(missed, reverse=True)
    asked = dict(asked_for(report(saved), saved))
    row, tags = next(iter(asked.items()))
    explained = replace(saved, settings={**saved.settings, "reasons": {str(row): {str(tags[0]): ["a good reason"]}}})
    assert read(explained).text.count("a good reason") == 1


def test_a_saved_file_gives_the_same_page_without_the_project(make_saved, tmp_path) -> None:
    saved = make_saved(reasons={"0": {"1": ["why"]}})
    save_candidates(tmp_path / "saved.npz", saved)
    loaded = load_candidates(tmp_path / "saved.npz")
    assert page(report(loaded), loaded) == page(report(saved), saved)


def test_an_interval_of_a_share_stays_within_it() -> None:
    assert wilson(0.0, 1)[0] == 0
    assert wilson(1.0, 5)[1] == 1
    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
