"""The official client works as it is."""

from __future__ import annotations

import io
from typing import Any

import pytest

annif_client = pytest.importorskip("annif_client", reason="annif-client is not installed")

BEES = "http://example.org/shelf/bees"
TEXT = "the queen of the hive and its honey, on a train track at the station"


@pytest.fixture
def annif(address: str) -> Any:
    return annif_client.AnnifClient(address)


def test_the_client_learns_what_answers_and_which_projects_there_are(annif: Any) -> None:
    assert annif.api_info == {"title": "Annif REST API", "version": "1.4.3"}
    assert [one["project_id"] for one in annif.projects] == ["shelf-tfidf-en", "dummy-en"]
    assert annif.get_project("dummy-en")["name"] == "Dummy English"
    with pytest.raises(ValueError, match="Project 'none' not found"):
        annif.get_project("none")


def test_the_client_gets_suggestions_for_texts_and_files(annif: Any) -> None:
    found = annif.suggest("shelf-tfidf-en", TEXT, limit=2)
    assert {one["label"] for one in found} == {"Beekeeping", "Railways"}
    assert [one["notation"] for one in found if one["label"] == "Railways"] == ["385"]
    assert annif.suggest("shelf-tfidf-en", io.StringIO(TEXT), limit=2) == found
    assert annif.analyze("shelf-tfidf-en", TEXT, threshold=1.0) == []
    with pytest.raises(ValueError, match="Project 'none' not found"):
        annif.suggest("none", TEXT)


def test_the_client_gets_suggestions_for_a_batch_in_its_order(annif: Any) -> None:
    documents = [{"text": TEXT, "document_id": "b"}, {"text": ""}, {"text": "dough in the oven", "document_id": "a"}]
    found = annif.suggest_batch("shelf-tfidf-en", documents, limit=1, threshold=0.01)
    assert [one["document_id"] for one in found] == ["b", None, "a"]
    assert [len(one["results"]) for one in found] == [1, 0, 1]
    assert found[2]["results"][0]["label"] == "Baking"
    assert found[0]["results"] == annif.suggest("shelf-tfidf-en", TEXT, limit=1)


def test_the_client_asks_for_the_language(annif: Any) -> None:
    found = annif.detect_language("The quick brown fox jumped over the lazy dog", ["en", "fi", "sv"])["results"]
    assert found[0] == {"language": "en", "score": 1.0}
    assert {one["language"] for one in found} == {"en", "fi", "sv", None}


def test_what_the_client_teaches_is_used_by_the_next_request(annif: Any, own: Any) -> None:
    text = "a small town, its common house and the long story of its early years"

    def score() -> float:
        return sum(one["score"] for one in annif.suggest("shelf-tfidf-en", text) if one["uri"] == BEES)

    before = score()
    documents = [{"text": f"{text} {n}", "subjects": [{"uri": BEES, "label": "Beekeeping"}]} for n in range(3)]
    assert annif.learn("shelf-tfidf-en", documents).status_code == 204
    assert score() > before
    made = own.projects["shelf-tfidf-en"].store.decisions.find()
    assert [(one.tag, one.verdict, one.person) for one in made] == [(BEES, "accept", "annif")] * 3


def test_the_client_is_told_where_it_may_not_teach(annif: Any) -> None:
    requests = pytest.importorskip("requests")
    with pytest.raises(requests.HTTPError, match="403"):
        annif.learn("dummy-en", [{"text": TEXT, "subjects": []}])
    with pytest.raises(ValueError, match="Project 'none' not found"):
        annif.learn("none", [])


def test_the_client_sends_a_key_as_the_password_of_its_address(annif: Any, own: Any) -> None:
    requests = pytest.importorskip("requests")
    keys = {role: own.projects["shelf-tfidf-en"].store.keys.add(role, role) for role in ("read", "review")}
    own.projects["dummy-en"].store.keys.add("somebody else", "admin")
    with pytest.raises(requests.HTTPError, match="401"):
        annif.suggest("shelf-tfidf-en", TEXT)
    reader, reviewer = (
        annif_client.AnnifClient(annif.api_base.replace("http://", f"http://key:{keys[role]}@")) for role in keys
    )
    assert [one["project_id"] for one in reader.projects] == ["shelf-tfidf-en"]
    assert reader.suggest("shelf-tfidf-en", TEXT)
    with pytest.raises(requests.HTTPError, match="403"):
        reader.learn("shelf-tfidf-en", [])
    assert reviewer.learn("shelf-tfidf-en", [{"text": TEXT, "subjects": [{"uri": BEES}]}]).status_code == 204
    with pytest.raises(ValueError, match="not found"):
        reader.suggest("dummy-en", TEXT)
