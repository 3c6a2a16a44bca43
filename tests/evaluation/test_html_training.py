"""The page of a training run: what it says while the run goes on and after it, and that nothing in it can act."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tagwright.evaluation.html.colours import DARK, LIGHT, coloured
from tagwright.evaluation.html.training import training_page

EMPTY = {"meta", "link", "input", "br", "hr"}
EVIL = "</script><script>alert(1)</script>\u202e\u2028\x00\x1b[2J\ud800 \"'>&"
ABOUT = [("documents", "8,753"), ("loss", "decoupled")]
LOSSES = [4.0, 3.0, 2.0, 1.5, 1.0, 2.5]
SCORES = [(2, 0.25), (4, 0.5), (6, 0.5)]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Reader(HTMLParser):
    """What a browser would find: elements with their attributes, visible text, and that all of them are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        self.raw.get(inside, self.texts).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def pictures(self) -> dict:
        return json.loads(self.raw["script"][0], parse_constant=refuse)["pictures"]

    def meta(self, kind: str) -> list[str | None]:
        return [a["content"] for tag, a in self.elements if tag == "meta" and a.get("http-equiv") == kind]


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} stands in the data")


def read(losses=LOSSES, scores=SCORES, steps=8, **others) -> Reader:
    return Reader(training_page("An encoder", ABOUT, losses, scores, steps, **others))


def rows(found: Reader, name: str) -> list[list[float]]:
    """The numbers of a picture's CSV."""
    lines = list(csv.reader(io.StringIO(found.pictures[name]["csv"])))[1:]
    return [[float(cell) for cell in line] for line in lines]


def test_both_pictures_stand_there_with_their_sentence_their_table_and_their_data() -> None:
    found = read()
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert set(found.pictures) == {"loss", "score"}
    assert {"loss", "loss-0", "table-loss", "score", "score-0", "table-score"} <= set(ids)
    pointed = {a[key] for _, a in found.elements for key in ("aria-labelledby", "for") if key in a}
    pointed |= {(a["href"] or "").removeprefix("#") for tag, a in found.elements if tag == "a"}
    assert pointed <= set(ids)
    labels = [a["aria-label"] or "" for _, a in found.elements if a.get("role") == "img"]
    assert [label.split("?")[0] for label in labels] == ["Does the loss fall", "Does it get better"]
    assert ("h1", {}) in found.elements
    assert "documents 8,753 loss decoupled" in found.text


def test_the_best_score_is_named_in_words_and_of_equal_ones_it_is_the_earliest() -> None:
    found = read()
    best = "The best recall@10 on the dev part so far is 50.0 %, after 4 steps."
    assert found.text.count(best) == 2  # at the top, and below the picture
    assert f"{best} The latest look, after 6 steps, gave 50.0 %." in found.text
    marked = found.pictures["score"]["panels"][0]["layer"][1]["data"]["values"]
    assert marked == [{"step": 4, "score": 0.5, "said": "best: 50.0\u00a0%"}]
    only = read(scores=[(1, 0.25)], score_name="F1", finished=True)
    assert "The best F1 is 25.0 %, after 1 step. No look was later." in only.text


def test_the_loss_and_its_moving_average_are_those_computed_by_hand() -> None:
    found = read()
    assert rows(found, "loss") == [
        [1, 4.0, 4.0], [2, 3.0, 3.5], [3, 2.0, 3.0], [4, 1.5, 2.625], [5, 1.0, 2.3], [6, 2.5, 2.0],
    ]  # fmt: skip
    assert "The loss was 4.000 in step 1 and 2.500 in step 6; the lowest was 1.000 in step 5." in found.text
    assert "The mean of the last 5 steps is 2.000." in found.text
    assert rows(found, "score") == [[2, 0.25], [4, 0.5], [6, 0.5]]


@pytest.mark.parametrize(
    ("done", "steps", "finished", "said"),
    [
        (412, 1200, False, "412 of 1,200 steps"),
        (0, 1, False, "0 of 1 step"),
        (1200, 1200, False, "1,200 of 1,200 steps"),  # the model is being written
        (1200, 1200, True, "This run is done: 1,200 steps."),
        (412, 1200, True, "This run stopped early after 412 steps: nothing better came."),
    ],
)
def test_the_page_says_how_far_the_run_is_and_loads_itself_again_only_while_it_goes_on(
    done: int, steps: int, finished: bool, said: str
) -> None:
    found = read([1.0] * done, [], steps, finished=finished)
    assert said in found.text
    assert found.meta("refresh") == ([] if finished else ["30"])
    assert ("loads itself again every 30 seconds" in found.text) != finished


def test_a_run_that_has_not_begun_has_sentences_where_the_pictures_will_be() -> None:
    found = read([], [])
    assert found.pictures == {}
    assert "No step is done yet, so there is no loss." in found.text
    assert "Not measured yet: recall@10 on the dev part." in found.text
    assert "The best" not in found.text
    assert "Not measured in this run: recall@10" in read([1.0], [], 1, finished=True).text
    assert "What it works with" not in Reader(training_page("", [], [], [], 1)).text


@settings(max_examples=20, deadline=None)
@given(n=some.integers(1, 4000), at=some.integers(0, 3999))
def test_a_long_run_is_thinned_but_its_first_its_last_and_its_lowest_step_stay_true(n: int, at: int) -> None:
    losses = [5.0 + (step * 7 % 11) / 11 for step in range(n)]
    losses[at % n] = 0.25
    found = read(losses, [], n)
    drawn = rows(found, "loss")
    assert len(drawn) == n if n <= 300 else 300 <= len(drawn) <= 301
    assert [row[0] for row in drawn] == sorted({row[0] for row in drawn})
    by_step = {int(step): loss for step, loss, _ in drawn}
    assert {1, n, at % n + 1} <= set(by_step)
    assert by_step == {step: pytest.approx(losses[step - 1], rel=1e-5) for step in by_step}
    window = min(max(n // 20, 5), 50)
    for step, _, mean in drawn[:: len(drawn) // 5 or 1]:
        of_these = losses[max(0, int(step) - window) : int(step)]
        assert mean == pytest.approx(sum(of_these) / len(of_these), rel=1e-4)
    assert len(found.pictures["loss"]["panels"][0]["data"]["values"]) == len(drawn)
    assert (f"Drawn are {len(drawn)} of {n:,} steps" in found.text) == (n > 300)


def test_what_is_no_number_is_left_out_and_told() -> None:
    nan, inf = float("nan"), float("inf")
    found = read([nan, 2.0, inf, 1.0], [(2, nan), (4, 0.5)])
    assert rows(found, "loss") == [[2, 2.0, 2.0], [4, 1.0, 1.5]]
    assert "Left out: 2 steps whose loss is not a number." in found.text
    assert rows(found, "score") == [[4, 0.5]]
    assert "The loss of no step is a number." in read([nan], []).text


@pytest.mark.parametrize("losses", [[0.0], [3.0] * 9, [-2.0, 1e-7], [1e12, 0.5], [5.0, 4.0]])
def test_every_axis_has_room_for_all_its_values(losses: list[float]) -> None:
    pictures = read(losses, [(1, 0.0), (7, 1.0)]).pictures
    for name, field in (("loss", "loss"), ("score", "score")):
        drawing = pictures[name]["panels"][0]
        encoding = drawing["layer"][0]["encoding"]
        (low, high), (first, last) = (encoding[axis]["scale"]["domain"] for axis in "yx")
        assert low < high
        assert all(low <= value[field] <= high for value in drawing["data"]["values"])
        assert all(first <= value["step"] <= last for value in drawing["data"]["values"])
    assert pictures["score"]["panels"][0]["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, 1]


def test_equal_scores_do_not_look_like_a_mountain() -> None:
    drawing = read(scores=[(1, 0.500), (2, 0.501)]).pictures["score"]["panels"][0]
    low, high = drawing["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert high - low == pytest.approx(0.1)


def test_titles_names_and_settings_cannot_act_in_the_page() -> None:
    text = training_page(EVIL, [(EVIL, EVIL)], LOSSES, SCORES, 8, score_name=EVIL)
    text.encode()
    found = Reader(text)
    assert sum(tag == "script" for tag, _ in found.elements) == 2
    assert "alert(1)" not in found.raw["script"][1]
    assert found.text.count("</script><script>alert(1)</script> [2J \"'>&") > 4
    visible = text.replace(found.raw["script"][1], "")
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2028\ud800-\udfff]", visible)
    assert {key for _, a in found.elements for key in a} == {key for _, a in read().elements for key in a}
    formula = read(score_name="=cmd()").pictures["score"]["csv"]
    assert not re.search("^[=+@-]", formula, re.MULTILINE)


@pytest.mark.parametrize("finished", [False, True])
def test_only_the_script_and_the_style_of_the_page_may_run_and_nothing_is_fetched(finished: bool) -> None:
    found = read(finished=finished)
    (policy,) = found.meta("Content-Security-Policy")
    assert policy is not None
    _, script = found.raw["script"]
    for kind, text in (("script-src", script), ("style-src", "".join(found.raw["style"]))):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    attributes = {key for _, a in found.elements for key in a}
    assert not {key for key in attributes if key.startswith("on")} | attributes & {"style", "src", "srcset"}
    assert all((a["href"] or "").startswith("#") for _, a in found.elements if "href" in a)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize("n", [1, 6, 1000])
def test_both_pictures_are_drawn_with_all_their_marks(n: int, colours: dict[str, str]) -> None:
    library = pytest.importorskip("vl_convert", reason="vl-convert-python is in the extra dev")
    losses, scores = [3 / (1 + step) for step in range(n)], [(1 + step, 0.5) for step in range(0, n, 100)]
    for name, picture in read(losses, scores, n).pictures.items():
        (drawing,) = picture["panels"]
        svg = library.vegalite_to_svg(coloured({**drawing, "width": 360}, colours))
        dots = re.findall('aria-roledescription="(?:point|circle)"', svg)
        assert len(dots) >= len(drawing["data"]["values"]), name
        assert colours["blue"] in svg, name
        assert colours["orange" if name == "score" else "grey"] in svg, name
        assert "NaN" not in svg, name
        assert "var(" not in svg, name
        assert ("best: 50.0" in "".join(ET.fromstring(svg).itertext())) == (name == "score")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed to draw the page with")
def test_a_browser_draws_both_pictures_under_the_pages_own_policy(tmp_path: Path) -> None:
    page = tmp_path / "run.html"
    page.write_text(training_page("An encoder", ABOUT, LOSSES, SCORES, 8), encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
        f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path)
    assert [line for line in done.stderr.splitlines() if ":CONSOLE" in line] == []
    assert 'data-ready="yes"' in done.stdout
    assert done.stdout.count('data-drawn="yes"') == done.stdout.count('<svg xmlns="http') == 2
