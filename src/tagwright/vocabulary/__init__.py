"""Tags in: vocabularies of every kind, their problems, a check and a search box."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagwright.vocabulary.base import Changes, Labels, Vocabulary
    from tagwright.vocabulary.checks import Finding, check
    from tagwright.vocabulary.open import open_vocabulary
    from tagwright.vocabulary.problems import Problem
    from tagwright.vocabulary.search import Hit, Search

__all__ = ["Changes", "Finding", "Hit", "Labels", "Problem", "Search", "Vocabulary", "check", "open_vocabulary"]

_PLACES = {
    **dict.fromkeys(("Changes", "Labels", "Vocabulary"), "base"),
    **dict.fromkeys(("Finding", "check"), "checks"),
    **dict.fromkeys(("Hit", "Search"), "search"),
    "Problem": "problems",
    "open_vocabulary": "open",
}


def __getattr__(name: str) -> Any:
    """Imports the room's names when they are used: the process that parses RDF needs none, and starts at once."""
    if name in _PLACES:
        return getattr(import_module(f"tagwright.vocabulary.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'tagwright.vocabulary' has no attribute {name!r}")
