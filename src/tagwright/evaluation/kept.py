"""The last measurements of a project, kept in its folder so that they can be looked into and compared."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from tagwright.candidates import Candidates
from tagwright.errors import InputError, IntegrityError, OutputError
from tagwright.evaluation.report import Report, plain
from tagwright.evaluation.saved import SavedCandidates, load_candidates, save_candidates

FOLDER = "evaluations"
KEPT = 5
"""So many stay, the newest: one of 2,000 documents takes about 8 MB."""

MEASURES = ("microP", "microR", "microF1", "R@10", "nDCG@10")
"""What a list of measurements tells of each."""

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_LENGTH = 24
_DAY = 24 * 3600.0


@dataclass(frozen=True)
class Run:
    """One measurement: ``made`` in seconds since 1970, ``corpus`` what people call the documents, how many had tags.

    ``gold``: fingerprint of documents and gold, the same where two runs can be compared; ``measures`` {name: value},
    ``None`` for what is undefined; ``sha256``: of the file with the candidates.
    """

    id: str
    made: float
    corpus: str
    documents: int
    gold: str
    cut: float
    measures: Mapping[str, float | None]
    sha256: str


class Runs:
    """The measurements in a project's folder: candidates and gold as plain arrays, a line of JSON about each."""

    def __init__(self, project: str | Path) -> None:
        self.folder = Path(project) / FOLDER

    def keep(self, report: Report, saved: SavedCandidates, *, made: datetime, corpus: str = "") -> Run:
        """The measurement is on the disk when this returns; the oldest beyond `KEPT` are gone.

        Raises `OutputError` where the folder cannot be written to.
        """
        id = f"{made:%Y%m%d-%H%M%S}-{os.urandom(4).hex()}"
        table = self.folder / f"{id}.npz"
        try:
            self.folder.mkdir(exist_ok=True)
            save_candidates(table, _needed(saved))
            metrics = report.metrics
            run = Run(
                id, made.timestamp(), corpus, len(report.documents), report.gold, report.cut,
                {name: plain(metrics[name]) for name in MEASURES if name in metrics}, _sha256(table),
            )  # fmt: skip
            _write(self._about(id), json.dumps(asdict(run), ensure_ascii=False, allow_nan=False))
            self._drop_old()
        except (OSError, InputError) as error:
            with suppress(OSError):
                table.unlink()
            raise OutputError("the measurement cannot be kept here", path=str(self.folder)) from error
        return run

    def all(self) -> list[Run]:
        """The newest first; what is no line about a measurement is passed over."""
        if not self.folder.is_dir():
            return []
        found = [run for path in self.folder.glob("*.json") if (run := self.find(path.stem)) is not None]
        return sorted(found, key=lambda run: (run.made, run.id), reverse=True)

    def find(self, id: str) -> Run | None:
        """The measurement of that id."""
        if not _ID.fullmatch(id):
            return None
        try:
            return Run(**json.loads(self._about(id).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def load(self, run: Run) -> SavedCandidates:
        """What the measurement was computed from; raises `InputError` or `IntegrityError` where it is damaged."""
        path = self.folder / f"{run.id}.npz"
        saved = load_candidates(path)
        if _sha256(path) != run.sha256:
            raise IntegrityError(f"{path} is not as it was written", hint="measure again: tagwright eval CORPUS")
        return saved

    def _about(self, id: str) -> Path:
        return self.folder / f"{id}.json"

    def _drop_old(self) -> None:
        """The oldest go, and what somebody left who was killed while he wrote it."""
        runs = self.all()
        kept, known = {run.id for run in runs[:KEPT]}, {run.id for run in runs}
        for path in self.folder.iterdir():
            id = path.name[:_LENGTH]
            # What is not known may just be being written.
            if id in known - kept or (_ID.fullmatch(id) and id not in known and _is_old(path)):
                path.unlink(missing_ok=True)


def _needed(saved: SavedCandidates) -> SavedCandidates:
    """Without the columns that neither a measure nor a picture looks at."""
    channels = saved.settings.get("channels", {})
    wanted = {"confidence", "fused", "given", *(column for columns in channels.values() for column in columns)}
    table = saved.candidates
    columns = {name: values for name, values in table.columns.items() if name in wanted}
    return replace(saved, candidates=Candidates(table.offsets, table.tags, columns))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _is_old(path: Path) -> bool:
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > _DAY
    return False


def _write(path: Path, text: str) -> None:
    """The file is there whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
