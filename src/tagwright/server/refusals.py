"""What a server refuses because of the moment, not because of what was asked."""

from __future__ import annotations

from tagwright.errors import TagwrightError


class Busy(TagwrightError):
    """Too much waits already; ``retry_after`` seconds later there may be room."""

    def __init__(self, what: str, *, retry_after: float) -> None:
        super().__init__(what, hint=f"ask again in {retry_after:.0f} seconds")
        self.retry_after = retry_after


class TooLate(Busy):
    """The answer was not there in time; the work for it is dropped where it had not begun."""


class Stopping(Busy):
    """The server is on its way out, or not ready yet."""
