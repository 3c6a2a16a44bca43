"""Ways to ask, from the best down to the plainest: which of them a server knows is found out by asking."""

from __future__ import annotations

import threading

# A server that fails three times in ten by chance falls over three questions in a row once in forty times.
_DOUBTS = 3


class Ladder:
    """``forms`` of one part of a question, the best first.

    One question that is refused climbs down by itself; the form that then works is where the next ones begin. A form
    that has worked once is known: what is refused after that is refused for another reason.
    """

    def __init__(self, forms: tuple[str, ...]) -> None:
        self.forms = forms
        self._start, self._known, self._doubts = 0, False, 0
        self._lock = threading.Lock()

    @property
    def start(self) -> int:
        """The number of the form to begin with."""
        return self._start

    def lower(self, form: int, tries: int = 0) -> int:
        """The number of the form in which a question that was refused is asked next; the same: not in another one.

        ``tries``: how many are left, where it may have been chance: while they are more than the forms, it is the same.
        """
        below = len(self.forms) - 1 - form
        with self._lock:
            known = self._known and form >= self._start
        return form if known or not below or tries > below else form + 1

    def worked(self, form: int, *, sure: bool = True) -> None:
        """A question of this form was answered.

        Not ``sure``: a better form was given up because the server fell over it, which may have been chance; so several
        questions have to say the same.
        """
        with self._lock:
            self._doubts += not sure
            if not sure and self._doubts < _DOUBTS:
                return
            if not self._known or form < self._start:
                self._start, self._known = form, True
