"""What a project can tell a language model beside the document: similar documents, rules, definitions, notes."""

from __future__ import annotations

from tagwright.generation.knowledge import Knowledge
from tagwright.generation.samples import Samples
from tagwright.generation.segments import Segments
from tagwright.project.opened import Opened
from tagwright.tagger import Tagger

FOLDER = "knowledge"
# Where documents are compared: by meaning where the encoder speaks, else by words.
_SPACES = ("meaning", "words")


def knowledge(opened: Opened, tagger: Tagger) -> Knowledge:
    """The documents that the project has learned from, and the rules and texts in its folder ``knowledge``."""
    assembly, folder = tagger.assembly, opened.folder / FOLDER
    made = Knowledge(**opened.settings.options("knowledge"))
    made.vocabulary = tagger.vocabulary
    used = assembly.used_spaces()
    spaces = [space for space in _SPACES if space in used]
    if spaces and opened.manifest.documents:
        shelf = assembly.shelves[spaces[0]]
        made.samples = Samples(shelf, opened.store.document, lambda: str(opened.manifest.folded))
    made.sources = Segments(assembly.analyzer, assembly.tfidf, folder)
    return made
