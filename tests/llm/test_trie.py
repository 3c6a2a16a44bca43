"""Decoding along a trie says names of the list and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.llm.trie import NameTrie, chances, search

LETTERS = "abc"
END = len(LETTERS)
NAMES = st.lists(st.text(LETTERS, max_size=6), max_size=25)


def tokens(name):
    return [LETTERS.index(letter) for letter in name]


def model(seed):
    """A toy: what follows a path depends on the path alone."""

    def step(paths):
        assert len({len(path) for path in paths}) == 1, "all paths have one length"
        rows = []
        for path in paths:
            odds = np.random.default_rng([seed, *path, 99]).random(len(LETTERS) + 1) + 0.01
            rows.append(np.log(odds / odds.sum()))
        return np.array(rows)

    return step


def alone(name, seed):
    """What a name has when it is spelled by itself: its log-probability and how many tokens it takes."""
    path = [*tokens(name), END]
    return sum(float(model(seed)([tuple(path[:n])])[0][token]) for n, token in enumerate(path)), len(path)


@given(names=NAMES, seed=st.integers(0, 99), most=st.integers(1, 8))
def test_a_wide_beam_finds_the_best_names_as_trying_all_of_them_does(names, seed, most):
    found = search(NameTrie([tokens(name) for name in names]), model(seed), np.array([END]), most, width=10_000)
    said = {number: alone(name, seed) for number, name in enumerate(names) if name}
    best = sorted(said, key=lambda number: (-said[number][0] / said[number][1], number))[:most]
    assert sorted(one.name for one in found) == sorted(best) or [one.mean for one in found] == pytest.approx(
        [said[number][0] / said[number][1] for number in best]
    )
    for one in found:
        assert (one.log_probability, one.length) == (pytest.approx(said[one.name][0]), said[one.name][1])


@given(names=NAMES, seed=st.integers(0, 99), width=st.integers(1, 4), most=st.integers(1, 8))
def test_whatever_the_model_wants_only_names_come_out_and_each_once(names, seed, width, most):
    found = search(NameTrie([tokens(name) for name in names]), model(seed), np.array([END]), most, width)
    numbers = [one.name for one in found]
    assert len(numbers) == len(set(numbers)) <= most
    assert all(names[number] for number in numbers), "what has no tokens cannot be said"
    assert [one.mean for one in found] == sorted((one.mean for one in found), reverse=True)
    assert bool(found) == any(names), "if there is something to say, something is said"


@given(names=st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=12, unique=True), data=st.data())
def test_the_order_of_the_list_means_nothing(names, data):
    other = data.draw(st.permutations(names))
    first, second = (
        {order[one.name]: one.mean for one in search(NameTrie(list(map(tokens, order))), model(3), np.array([END]), 5)}
        for order in (names, other)
    )
    assert first == second


@given(names=NAMES)
def test_walking_down_the_trie_spells_every_name(names):
    trie, spelled = NameTrie([tokens(name) for name in names]), []

    def walk(node, path):
        spelled.extend((name, path) for name in trie.ending(node))
        following, nodes = trie.below(node)
        assert list(following) == sorted(set(following.tolist()))
        assert not len(following) or trie.longest(node) > node.depth + 1
        for token, below in zip(following.tolist(), nodes, strict=True):
            walk(below, [*path, token])

    walk(trie.root, [])
    assert sorted(spelled) == [(number, tokens(name)) for number, name in enumerate(names) if name]


def test_the_end_may_be_any_of_several_tokens_and_is_counted():
    row = np.log(np.array([0.5, 0.3, 0.2]))
    found = search(NameTrie([[0]]), lambda paths: np.tile(row, (len(paths), 1)), np.array([1, 2]), 3)
    assert found[0].log_probability == pytest.approx(np.log(0.5 * 0.5)) and found[0].length == 2
    assert search(NameTrie([]), lambda paths: row[None], np.array([1]), 3) == []


def test_shares_of_names_are_those_of_all_their_tokens():
    row = np.log(np.array([0.5, 0.3, 0.2]))
    found = search(NameTrie([[0], [1], [0, 1]]), lambda paths: np.tile(row, (len(paths), 1)), np.array([2]), 3)
    share = chances(found, ["a", "b", "ab"])
    assert share == pytest.approx({"a": 0.1 / 0.19, "b": 0.06 / 0.19, "ab": 0.03 / 0.19})


def test_80000_names_take_megabytes():
    count = 80_000
    chance = np.random.default_rng(0)
    sequences = [chance.integers(0, 49_152, size).tolist() for size in chance.integers(1, 12, count)]
    trie = NameTrie(sequences)
    assert trie.nbytes < 8e6 and len(trie) == count
    following, nodes = trie.below(trie.root)
    assert sum(node.end - node.first for node in nodes) == count and len(following) > 30_000
