"""By what suggestions were made, so that years later it can be told why somebody saw what they saw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from tagwright.project import Project
from tagwright.store.suggested import Shown
from tagwright.types import Suggestion


@dataclass(frozen=True)
class Provenance:
    """Names of the ``model``, the ``vocabulary`` and the ``settings``, and the last ``row`` of the growth log then."""

    model: str
    vocabulary: str
    settings: str
    row: int

    @classmethod
    def of(cls, project: Project) -> Provenance:
        """That of what the project suggests now."""
        tags = project.vocabulary
        said = json.dumps(project.settings.answers_with(), sort_keys=True)
        row = project.store.last() if project.store.path.exists() else 0
        settings = hashlib.sha256(said.encode()).hexdigest()
        return cls(project.manifest.fingerprint, tags.fingerprint, settings, row)

    def shown(self, document: str, suggestions: Sequence[Suggestion]) -> Shown:
        """What was shown for a document, for `SqliteStore.suggested`."""
        pairs = [(one.tag, one.confidence) for one in suggestions]
        return Shown(document, pairs, self.model, self.vocabulary, self.settings, self.row)
