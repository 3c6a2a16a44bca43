"""A new edition of the vocabulary in the place of the old one."""

from __future__ import annotations

import tagwright.project.versions as versions
from tagwright.project.growing import changed_positions
from tagwright.project.opened import Opened
from tagwright.vocabulary import Vocabulary
from tagwright.vocabulary.changes import Changes


def update(opened: Opened, vocabulary: Vocabulary) -> Changes:
    """Publishes the edition; a trained model goes on with it, an untrained one learns its names anew."""
    with opened.alone():
        growth, now = opened.growth(), opened.manifest
        updated, changes = growth.vocabulary.updated(vocabulary)
        if now.documents:
            changed = growth.changed.union(now.changed, changed_positions(growth.vocabulary, updated))
            versions.republish(opened.folder, now, updated, changed=tuple(sorted(changed)), vocabulary_at=growth.seen)
        else:
            tagger = opened.new_tagger(updated).fit([])
            versions.publish(
                opened.folder, opened.settings, tagger, documents=0, folded=now.folded, vocabulary_at=growth.seen
            )
    return changes
