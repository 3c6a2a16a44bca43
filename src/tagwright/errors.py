"""One tree of errors; each says what, which value, and (``hint``) the next step.

::

    TagwrightError
    ├── ConfigError            a setting or option is unknown, missing or out of range
    ├── MissingExtraError      an optional library is not installed
    ├── NotFittedError         work was asked of something that has not learned yet
    ├── InputError             a file from outside cannot be read as what it should be
    │   ├── CorpusError        … as documents
    │   └── VocabularyError    … as tags
    ├── OutputError            a file cannot be written, or must not be replaced
    ├── UnknownTagError        a tag id that the vocabulary does not have
    ├── UnknownDocumentError   a document id that the project does not have
    ├── DecisionError          a decision that cannot be recorded, or is not there
    ├── StoreError             the project's database cannot be used
    ├── JobError               a job of many shards cannot begin or go on
    └── ProjectError           a project folder cannot be opened or written
        ├── IntegrityError     a file is not the one that was saved (checksum, fingerprint)
        └── FormatError        a file was written in a format that this version does not read

The core raises; the doors (command line, REST) print message and hint.
"""

from __future__ import annotations


class TagwrightError(Exception):
    """Anything that a user can mend; ``hint`` is the next step ("" where there is none)."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(TagwrightError):
    """A setting or option is unknown, missing or out of range."""


class MissingExtraError(TagwrightError):
    """An optional library is not installed; the hint names the extra that brings it."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f"this needs the library {library!r}, which is not installed", hint=f"pip install 'tagwright[{extra}]'"
        )
        self.extra = extra


class NotFittedError(TagwrightError):
    """Work was asked of something that has not learned yet."""


class InputError(TagwrightError):
    """A file from outside cannot be read; ``path`` and ``line`` (from 1; 0 = the whole file) say where."""

    def __init__(self, message: str, *, path: str = "", line: int = 0, hint: str = "") -> None:
        place = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        super().__init__(place + message, hint=hint)
        self.path = path
        self.line = line


class CorpusError(InputError):
    """A file cannot be read as documents."""


class VocabularyError(InputError):
    """A file cannot be read as tags."""


class OutputError(TagwrightError):
    """A file cannot be written, or must not be replaced; ``path`` says which."""

    def __init__(self, message: str, *, path: str, hint: str = "") -> None:
        super().__init__(f"{path}: {message}", hint=hint)
        self.path = path


class UnknownTagError(TagwrightError):
    """A tag id that the vocabulary does not have."""


class UnknownDocumentError(TagwrightError):
    """A document id that the project does not have."""


class DecisionError(TagwrightError):
    """A decision that cannot be recorded, or is not there."""


class StoreError(TagwrightError):
    """The project's database cannot be used."""


class JobError(TagwrightError):
    """A job of many shards cannot begin or go on."""


class ProjectError(TagwrightError):
    """A project folder cannot be opened or written."""


class IntegrityError(ProjectError):
    """A file is not the one that was saved: its checksum or fingerprint differs."""


class FormatError(ProjectError):
    """A file was written in a format that this version does not read."""
