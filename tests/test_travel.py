"""What is sent to the processes of a cluster arrives as it was, without what belongs to one process alone."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from tagwright.encoders.cached import Cached
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.spread import Spread
from tagwright.executor import Threads
from tagwright.indexes.exact import Exact
from tagwright.indexes.ivf import Ivf
from tagwright.indexes.milvus import Milvus
from tagwright.indexes.usearch import Usearch
from tagwright.recall.base import Last
from tagwright.recall.trees import Trees
from tagwright.testing import Told, documents, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

TEXTS = [f"text {number}" for number in range(200)]


def sent(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


def test_an_analyzer_numbers_its_stems_as_before_and_goes_on_from_there() -> None:
    analyzer = Analyzer(("en", "de"))
    read = [Document("1", "Bees and their hives"), Document("2", "The keeping of bees")]
    before = analyzer.analyse(read)
    other = sent(analyzer)
    assert other.lexicon.stems == analyzer.lexicon.stems
    assert other.analyse(read).tokens.tolist() == before.tokens.tolist()
    more = [Document("3", "Wind erosion of the coasts, IT, hives", language="en")]
    assert sent(analyzer).analyse(more).tokens.tolist() == analyzer.analyse(more).tokens.tolist()


@pytest.mark.parametrize(("kind", "library"), [(Exact, "numpy"), (Ivf, "faiss"), (Usearch, "usearch")])
def test_an_index_answers_alike_with_what_came_and_went_since(kind: Any, library: str) -> None:
    pytest.importorskip(library)
    rows = np.random.default_rng(0).standard_normal((900, 16)).astype(np.float32)
    index = kind(**({} if kind is Exact else {"least": 0, "compared": 40})).build(rows[:800])
    index.tune(rows[:20])
    index.add(rows[800:])
    index.remove([3, 805])
    other = sent(index)
    assert len(other) == 898 and all(map(np.array_equal, other.search(rows[:30], 9), index.search(rows[:30], 9)))
    assert getattr(other, "tuned_", 0) == getattr(index, "tuned_", 0)
    assert other.add(rows[:1]).tolist() == [900] and len(sent(kind().build(rows[:5]))) == 5


def test_an_engine_of_one_process_does_not_travel_but_says_so() -> None:
    pytest.importorskip("milvus_lite")
    rows = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)
    with pytest.raises(TypeError, match="one process"):
        sent(Milvus(least=0).build(rows))
    assert len(sent(Milvus().build(rows))) == 200, "few rows have no engine"


def test_label_trees_score_alike() -> None:
    pytest.importorskip("omikuji")
    trees = Trees(tfidf=TfIdf(Analyzer(("en",))).fit(documents()), trees=1, min_df=1)
    trees.name = "trees"
    trees.fit(documents(), vocabulary())
    found, again = (one.recall(documents(), 9) for one in (trees, sent(trees)))
    assert found.tags.tolist() == again.tags.tolist()
    assert np.array_equal(found.column("trees.score"), again.column("trees.score"))


def test_an_encoder_comes_without_its_cache_its_helpers_and_its_open_model() -> None:
    told = Told({text: (n, 1, 0) for n, text in enumerate(TEXTS)})
    spread = Spread(told, Threads(3))
    assert (spread.width, spread.fingerprint) == (told.width, told.fingerprint)
    assert spread.encode(TEXTS).tobytes() == told.encode(TEXTS).tobytes()
    arrived = sent(Cached(spread, cache=None))  # type: ignore[arg-type]
    assert type(arrived) is Told and arrived.encode(TEXTS[:3]).tobytes() == told.encode(TEXTS[:3]).tobytes()
    onnx = Onnx("somewhere")
    onnx.__dict__["_model"] = "an open session"
    assert sent(onnx).model == "somewhere" and "_model" not in sent(onnx).__dict__


def test_what_a_channel_held_of_its_last_batch_stays_behind() -> None:
    last: Last[int] = Last()
    kept = documents()
    last.keep(kept, 1, 7)
    assert last.of(kept, 1) == 7 and sent(last).of(kept, 1) is None
