"""The canary: what makes suggestions worse is seen and held back, what is as good as before is not."""

from __future__ import annotations

import hashlib
import json
import math
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tagwright.errors import DecisionError
from tagwright.feedback import ACCEPT, REJECT, Canary, Chosen, Decision, Feedback
from tagwright.project import Project
from tagwright.project.opened import Opened
from tagwright.project.replay import Replay
from tagwright.types import Document

from .conftest import plain

SETTINGS = "[fusion]\ntrees = 15\n\n[fitting]\nfew_folds = 3\n"
GUARDED = "\n[feedback]\ncanary_from = 20\ncanary_share = 0.3\ncheck_every = 5\n"
CONSONANTS = "bdfgklmnprst"


def words(tag: int) -> list[str]:
    """Twelve words that only the documents of one tag use."""
    return [f"{one}{CONSONANTS[tag]}o{one}{CONSONANTS[tag]}a" for one in CONSONANTS]


def document(number: int) -> Document:
    """One whose tag is told by its words, and by no name: only documents can teach it."""
    chance = random.Random(number)
    tag = number % len(CONSONANTS)
    said = [*chance.sample(words(tag), 4), *chance.sample(words(chance.randrange(12)), 2)]
    return Document(f"d{number}", f"{' '.join(said)}.", tags=(f"t:{tag}",))


@pytest.fixture(scope="module")
def others() -> list[Document]:
    return [document(number) for number in range(200, 240)]


@pytest.fixture(scope="module")
def guarded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that guards itself by a canary set although it is small; not to be written into."""
    folder = tmp_path_factory.mktemp("canary")
    tags = [{"id": f"t:{tag}", "name": f"Class {tag}"} for tag in range(12)]
    (folder / "tags.jsonl").write_text("".join(json.dumps(tag) + "\n" for tag in tags), encoding="utf-8")
    Project.create(folder / "project", folder / "tags.jsonl").close()
    with (folder / "project" / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS + GUARDED)
    with Project.open(folder / "project") as project:
        project.train([document(number) for number in range(90)])
    return folder / "project"


@pytest.fixture
def guarded(guarded_folder: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of it, to be changed."""
    with Project.open(shutil.copytree(guarded_folder, tmp_path / "guarded")) as opened:
        yield opened


def door(project: Project) -> Feedback:
    return Feedback(project.store, project.settings.feedback())


def canaries(project: Project) -> list[Document]:
    return Canary(project.folder).documents(Opened(project.folder))


def poison(project: Project, person: str = "Eve") -> None:
    """All documents get the tag after their own."""
    for one in list(project.store.documents()):
        (right,) = one.tags or ()
        wrong = f"t:{(int(right[2:]) + 1) % 12}"
        bad = [Decision(one.id, right, REJECT, person), Decision(one.id, wrong, ACCEPT, person)]
        door(project).submit(bad, project.vocabulary)


def test_the_canary_set_is_a_share_of_the_documents_chosen_by_a_hash_of_their_ids(guarded):
    kept = list(guarded.store.documents())
    chosen = canaries(guarded)
    assert len(chosen) == 27
    first = min(kept, key=lambda one: hashlib.sha256(one.id.encode()).hexdigest())
    assert chosen[0] == first
    guarded.store.keep_documents([*kept[::-1], Document("untagged", "No tags.")])
    assert canaries(guarded) == chosen
    guarded.store.keep_documents(kept[:19])
    assert canaries(guarded) == []


def test_without_documents_enough_or_new_rows_nothing_is_measured(guarded, others):
    assert not Canary(guarded.folder).due()
    assert Canary(guarded.folder).check() is None
    door(guarded).wait(others[:5])
    assert Canary(guarded.folder).due()
    assert Canary(guarded.folder, ["feedback.canary_from=500"]).check() is None


def test_decisions_as_good_as_those_before_pass_and_become_the_last_good_ones(guarded, others):
    for one in others[:12]:
        door(guarded).submit(
            [Decision(one.id, tag, ACCEPT, "Anna") for tag in one.tags or ()], guarded.vocabulary, [one]
        )
    found = Canary(guarded.folder).check()
    assert found is not None
    assert (found.good, found.newest, found.documents, found.held) == (0, guarded.store.last(), 27, False)
    assert guarded.store.checks.held() is None
    assert guarded.store.checks.good() == guarded.store.last()
    assert not Canary(guarded.folder).due()
    assert Canary(guarded.folder).check() is None
    assert guarded.store.checks.all() == [found]


def test_what_makes_suggestions_worse_is_held_back_and_taken_back_in_one_go(guarded, others):
    before = plain(guarded.suggest(others, k=30))
    poison(guarded)
    assert plain(guarded.suggest(others, k=30)) != before
    found = Canary(guarded.folder).check()
    assert found is not None
    assert found.held
    assert found.high < 0
    assert guarded.store.checks.held() == 0
    assert plain(guarded.suggest(others, k=30)) == before
    with pytest.raises(DecisionError, match="no document"):
        door(guarded).submit([Decision("", "x", ACCEPT)], guarded.vocabulary)
    assert len(door(guarded).back(person="Anna")) > 90
    assert plain(guarded.suggest(others, k=30)) == before
    with pytest.raises(DecisionError, match="no decisions are held back"):
        door(guarded).back()
    guarded.train()


def test_once_the_culprits_decisions_are_taken_back_the_next_check_lifts_the_hold(guarded, others):
    poison(guarded)
    assert Canary(guarded.folder).check().held
    good = others[0]
    door(guarded).submit([Decision(good.id, tag, ACCEPT, "Anna") for tag in good.tags], guarded.vocabulary, [good])
    assert Canary(guarded.folder).check().held
    door(guarded).revert(Chosen(person="Eve"))
    found = Canary(guarded.folder).check()
    assert not found.held
    assert guarded.store.checks.held() is None
    assert guarded.store.current(good.id).tags == good.tags


def test_decisions_about_the_canary_set_itself_cannot_change_what_is_measured(guarded):
    wrong = guarded.vocabulary.ids[0]
    for one in canaries(guarded):
        bad = [Decision(one.id, tag, REJECT, "Eve") for tag in one.tags or ()]
        machine = Decision(one.id, wrong, ACCEPT, "robot", machine=True)
        door(guarded).submit([*bad, machine], guarded.vocabulary)
    found = Canary(guarded.folder).check()
    assert found.before == found.after
    assert not found.held


def test_a_replay_has_forgotten_the_documents_left_out_and_what_is_said_of_them(guarded, others):
    kept = list(guarded.store.documents())
    out = {one.id for one in kept[:10]}
    guarded.add_documents([replace(kept[0], text="Another text."), others[0]])
    door(guarded).submit([Decision(kept[1].id, kept[30].tags[0], ACCEPT, machine=True)], guarded.vocabulary)
    replay = Replay(Opened(guarded.folder), out)
    alive = lambda tagger: {  # noqa: E731
        id for piece, mask in tagger.assembly.shelves["words"].pieces()
        for row, id in enumerate(piece.ids) if mask is None or mask[row]
    }  # fmt: skip
    assert alive(replay.at(0)) == {one.id for one in kept} - out
    assert alive(replay.at(guarded.store.last())) == {one.id for one in kept} - out | {others[0].id}
    assert plain(guarded.suggest(others[:3])) != []


def test_the_measure_is_the_mean_ndcg_of_a_tagger_that_has_forgotten_the_canary_set(guarded):
    poison(guarded)
    found = Canary(guarded.folder).check()
    assert found is not None
    with Project.open(guarded.folder, overrides=["feedback.canary=0"]) as alone:
        guarded.store.checks.lift(0)
        alone.tagger.remove([one.id for one in canaries(guarded)])
        gained, chosen = [], canaries(guarded)
        rows = alone.tagger.suggest([replace(one, tags=None) for one in chosen], k=10)
        for one, row in zip(chosen, rows, strict=True):
            shown = [suggestion.tag for suggestion in row]
            (right,) = one.tags or ()
            gained.append(1 / math.log2(shown.index(right) + 2) if right in shown else 0.0)
    assert found.after == pytest.approx(sum(gained) / len(gained))
    assert found.after < found.before <= 1
