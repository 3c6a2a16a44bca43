"""Numbered steps by which a database file becomes what this version reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagwright.errors import FormatError, StoreError

# "tagw" in ASCII: stands in the file's header, so that somebody else's database is never altered.
APPLICATION_ID = 0x74616777


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: a name for people, and SQL statements that run together or not at all."""

    name: str
    statements: tuple[str, ...]


# The number of a step is its place, counted from 1. A step that was released is never changed: add one below.
STORE = (
    Migration(
        "documents, growth log, claims",
        (
            """CREATE TABLE documents (
                position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL,
                language TEXT, tags TEXT, metadata TEXT NOT NULL, checksum INTEGER NOT NULL)""",
            """CREATE TABLE growth (
                seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('add_document', 'remove_document', 'add_tag', 'remove_tag')),
                about TEXT NOT NULL CHECK (about IN ('document', 'tag')), subject TEXT NOT NULL,
                payload TEXT NOT NULL, before TEXT, reverts INTEGER REFERENCES growth (seq),
                checksum INTEGER NOT NULL)""",
            "CREATE INDEX growth_subject ON growth (about, subject, seq)",
            "CREATE TABLE marks (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID",
            """CREATE TABLE claims (
                name TEXT PRIMARY KEY, owner TEXT NOT NULL, token TEXT NOT NULL, host TEXT NOT NULL,
                pid INTEGER NOT NULL, expires REAL NOT NULL) WITHOUT ROWID""",
        ),
    ),
    Migration(
        "texts proposed for tags",
        (
            """CREATE TABLE texts (
                number INTEGER PRIMARY KEY AUTOINCREMENT, tag TEXT NOT NULL, kind TEXT NOT NULL,
                language TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, model TEXT NOT NULL,
                template TEXT NOT NULL, time REAL NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
                decided REAL NOT NULL, row INTEGER NOT NULL, checksum INTEGER NOT NULL,
                UNIQUE (tag, kind, language, text, source, model, template))""",
        ),
    ),
    Migration(
        "suggestions, decisions and what guards them, keys, jobs",
        (
            """CREATE TABLE suggestions (
                number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, shown TEXT NOT NULL,
                model TEXT NOT NULL, vocabulary TEXT NOT NULL, settings TEXT NOT NULL, row INTEGER NOT NULL,
                time REAL NOT NULL, checksum INTEGER NOT NULL)""",
            "CREATE INDEX suggestions_document ON suggestions (document, number)",
            """CREATE TABLE decisions (
                number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, tag TEXT NOT NULL,
                verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'reject', 'add', 'revert')),
                person TEXT NOT NULL, reason TEXT NOT NULL, machine INTEGER NOT NULL, seen INTEGER NOT NULL,
                id TEXT NOT NULL UNIQUE, time REAL NOT NULL, reverts INTEGER NOT NULL, conflict INTEGER NOT NULL,
                row INTEGER NOT NULL, checksum INTEGER NOT NULL)""",
            "CREATE INDEX decisions_document ON decisions (document, number)",
            "CREATE INDEX decisions_person ON decisions (person, number)",
            "CREATE INDEX decisions_reverts ON decisions (reverts) WHERE reverts > 0",
            """CREATE TABLE checks (
                number INTEGER PRIMARY KEY AUTOINCREMENT, good INTEGER NOT NULL, newest INTEGER NOT NULL,
                documents INTEGER NOT NULL, before REAL NOT NULL, after REAL NOT NULL, high REAL NOT NULL,
                held INTEGER NOT NULL, time REAL NOT NULL, checksum INTEGER NOT NULL)""",
            """CREATE TABLE keys (
                number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, role TEXT NOT NULL,
                hash TEXT NOT NULL, time REAL NOT NULL, revoked REAL NOT NULL, checksum INTEGER NOT NULL)""",
            "CREATE UNIQUE INDEX keys_name ON keys (name) WHERE revoked = 0",
            """CREATE TABLE sessions (
                number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, key INTEGER NOT NULL,
                time REAL NOT NULL, expires REAL NOT NULL, checksum INTEGER NOT NULL)""",
            """CREATE TABLE jobs (
                number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
                options TEXT NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL, cancelled INTEGER NOT NULL,
                done INTEGER NOT NULL, total INTEGER NOT NULL, said TEXT NOT NULL, result TEXT NOT NULL,
                time REAL NOT NULL, started REAL NOT NULL, ended REAL NOT NULL, checksum INTEGER NOT NULL)""",
            "CREATE INDEX jobs_state ON jobs (state, number)",
        ),
    ),
    Migration(
        "reviews, and the documents that wait for them",
        (
            """CREATE TABLE reviews (
                number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('open', 'done', 'skipped', 'flagged')), person TEXT NOT NULL,
                seconds REAL NOT NULL, id TEXT NOT NULL UNIQUE, time REAL NOT NULL, checksum INTEGER NOT NULL)""",
            "CREATE INDEX reviews_document ON reviews (document, number)",
            "CREATE INDEX reviews_person ON reviews (person, number)",
            """CREATE TABLE queued (
                number INTEGER PRIMARY KEY, document TEXT NOT NULL UNIQUE, title TEXT NOT NULL, folded TEXT NOT NULL,
                content INTEGER NOT NULL, state TEXT NOT NULL, shown TEXT NOT NULL, likely INTEGER NOT NULL,
                all_right REAL, effort REAL NOT NULL, gain REAL NOT NULL, lack REAL NOT NULL, near REAL NOT NULL,
                point BLOB NOT NULL, model TEXT NOT NULL, row INTEGER NOT NULL)""",
            "CREATE INDEX queued_gain ON queued (state, gain DESC, document)",
            "CREATE INDEX queued_made ON queued (state, model, row)",
            """CREATE TABLE proposed (
                tag TEXT NOT NULL, document TEXT NOT NULL, confidence REAL NOT NULL, likely INTEGER NOT NULL,
                open INTEGER NOT NULL, PRIMARY KEY (tag, document)) WITHOUT ROWID""",
            "CREATE INDEX proposed_document ON proposed (document)",
            "CREATE INDEX proposed_open ON proposed (tag, confidence) WHERE open AND likely",
        ),
    ),
)

CACHE = (
    Migration(
        "entries and their total",
        (
            """CREATE TABLE entries (
                number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL,
                checksum BLOB NOT NULL)""",
            """CREATE TABLE totals (
                one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL, bad INTEGER NOT NULL)""",
            "INSERT INTO totals VALUES (1, 0, 0)",
            """CREATE TRIGGER entry_added AFTER INSERT ON entries
                BEGIN UPDATE totals SET bytes = bytes + length(NEW.value); END""",
            """CREATE TRIGGER entry_removed AFTER DELETE ON entries
                BEGIN UPDATE totals SET bytes = bytes - length(OLD.value); END""",
        ),
    ),
)

CALLS = (
    Migration(
        "calls of language models, their totals, and proposed terms",
        (
            """CREATE TABLE calls (
                id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, template TEXT NOT NULL,
                document TEXT NOT NULL, model TEXT NOT NULL, system TEXT NOT NULL, user TEXT NOT NULL,
                options TEXT NOT NULL, text TEXT NOT NULL, probabilities TEXT NOT NULL, source TEXT NOT NULL,
                error TEXT NOT NULL,
                calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
                cost REAL NOT NULL)""",
            "CREATE INDEX calls_document ON calls (document, id)",
            """CREATE TABLE totals (
                one INTEGER PRIMARY KEY CHECK (one = 1), asked INTEGER NOT NULL, failed INTEGER NOT NULL,
                calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
                cost REAL NOT NULL)""",
            "INSERT INTO totals VALUES (1, 0, 0, 0, 0, 0, 0.0)",
            """CREATE TRIGGER call_logged AFTER INSERT ON calls
                BEGIN UPDATE totals SET asked = asked + 1, failed = failed + (NEW.error <> ''),
                    calls = calls + NEW.calls, prompt_tokens = prompt_tokens + NEW.prompt_tokens,
                    completion_tokens = completion_tokens + NEW.completion_tokens, cost = cost + NEW.cost; END""",
            """CREATE TABLE proposals (
                number INTEGER PRIMARY KEY AUTOINCREMENT, folded TEXT NOT NULL, document TEXT NOT NULL,
                term TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL, UNIQUE (folded, document))""",
        ),
    ),
)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration], path: Path) -> None:
    """The database is brought to the last of ``migrations``, in one transaction.

    Raises `FormatError` where a newer version of tagwright has written it, `StoreError` where somebody else has.
    """
    if _number(connection, migrations, path) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another process may have done it while this one waited for its turn.
        for migration in migrations[_number(connection, migrations, path) :]:
            for statement in migration.statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _number(connection: sqlite3.Connection, migrations: Sequence[Migration], path: Path) -> int:
    """The number of the last step that the file has seen."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if application != APPLICATION_ID:
        if found or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise StoreError(f"{path} is a database, but not one of tagwright's", hint="move it out of the project")
        return 0
    if found > len(migrations):
        raise FormatError(
            f"{path} has version {found}; this tagwright reads versions up to {len(migrations)}",
            hint="install the newer tagwright that wrote it",
        )
    return found
