"""The server's log: a line of JSON an event, without document texts, keys or query strings."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

NAME = "tagwright.server"
_LOG = logging.getLogger(NAME)
_FIELDS = "fields"


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, event, and the fields that were given."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, Any] = {"time": time, "level": record.levelname.lower(), "event": record.getMessage()}
        said.update(getattr(record, _FIELDS, {}))
        if record.exc_info and record.exc_info[0] is not None:
            said["fault"] = record.exc_info[0].__name__  # its message may quote a document
        return json.dumps(said, default=str)


def request(*, status: int, **fields: Any) -> None:
    """One request was answered."""
    level = logging.ERROR if status >= 500 and status != 503 else logging.INFO
    _LOG.log(level, "request", extra={_FIELDS: {"status": status, **fields}})


def event(what: str, **fields: Any) -> None:
    """Something happened that whoever runs the server wants to know."""
    _LOG.info(what, extra={_FIELDS: fields})


def trouble(what: str, **fields: Any) -> None:
    """Something went wrong."""
    _LOG.error(what, extra={_FIELDS: fields})


def to_standard_error(level: str = "INFO") -> None:
    """From now on the log goes to standard error, those of the web server's own events included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in (NAME, "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level.upper())
