"""A descent that learns from lessons: what it is given, and what names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tagwright.encoders.seen import Seen
from tagwright.training.lessons import Lessons
from tagwright.training.schedule import Scheduled, Watch
from tagwright.version import VERSION as __version__


class LessonsRun(Scheduled):
    """``lessons`` are learned from, ``dev`` (may be empty) chooses the best moment.

    ``seen``: ids of all documents that had a part in it. ``settings``: a dataclass, and a `Schedule`.
    """

    def __init__(
        self, lessons: Lessons, dev: Lessons, seen: Iterable[str], out: Path, settings: Any, watch: Watch | None = None
    ) -> None:
        super().__init__(out, settings, watch)
        self.lessons, self.dev = lessons, dev
        self._seen = Seen.from_ids(seen)

    def named(self, settings: Any, *bases: str, apart: tuple[str, ...]) -> str:
        """Names what the outcome depends on: settings but for those set ``apart``, data, and the ``bases``' contents.

        How often it is saved, and where a base lies, changes nothing.
        """
        kept = {key: value for key, value in asdict(settings).items() if key not in ("save_minutes", *apart)}
        said = [kept, __version__, *bases, self.lessons.vocabulary.fingerprint, *filter(None, [self.lessons.light])]
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode() + self._seen.hashes.tobytes())
        for part in (self.lessons, self.dev):
            for document, gold, wrong in zip(part.documents, part.gold, part.wrong, strict=True):
                row = [document.id, document.title, document.text, gold.tolist(), wrong.tolist()]
                digest.update(json.dumps(row).encode())
            digest.update(b"\n")
        return digest.hexdigest()
