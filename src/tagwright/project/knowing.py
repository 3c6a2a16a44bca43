"""What a project can tell a language model beside the document: similar documents, rules, definitions, notes."""

from __future__ import annotations

from tagwright.encoders.base import LearningEncoder
from tagwright.generation.knowledge import Knowledge
from tagwright.generation.samples import Samples
from tagwright.generation.segments import Segments
from tagwright.project.opened import Opened
from tagwright.tagger import Tagger

FOLDER = "knowledge"


def knowledge(opened: Opened, tagger: Tagger) -> Knowledge:
    """The documents that the project has learned from, and the rules and texts in its folder ``knowledge``."""
    assembly, folder = tagger.assembly, opened.folder / FOLDER
    made = Knowledge(**opened.settings.options("knowledge"))
    made.vocabulary = tagger.vocabulary
    # By meaning only where the encoder knew words before: one that learned here does not know what came since.
    order = ("words", "meaning") if isinstance(assembly.encoder, LearningEncoder) else ("meaning", "words")
    spaces = [space for space in order if space in assembly.used_spaces()]
    if spaces and opened.manifest.documents:
        growth, kept = opened.growth(), opened.store.document
        made.samples = Samples(
            assembly.shelves[spaces[0]],
            lambda id: growth.document(id, kept),
            lambda: f"{opened.manifest.folded} {growth.fingerprint}",
        )
    made.sources = Segments(assembly.analyzer, assembly.tfidf, folder)
    return made
