"""Keys that open a project to other programs and people, and the sessions that pages begin with one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tagwright.errors import ConfigError
from tagwright.store.database import Database
from tagwright.store.table import Table

READ, REVIEW, ADMIN = "read", "review", "admin"
ROLES = (READ, REVIEW, ADMIN)
"""What a key may do: each role may do all that those before it may."""
PREFIX = "tw_"
_BYTES = 32
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the project knows it: ``name`` and ``role``, but not the key itself, only its ``hash``.

    ``time`` when it was added, ``revoked`` when it was taken back (0 = it is valid), in seconds since 1970.
    """

    name: str
    role: str
    hash: str
    time: float = 0.0
    revoked: float = 0.0
    number: int = 0

    def allows(self, role: str) -> bool:
        """Whether it may do what needs this role."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True)
class _Session:
    hash: str
    key: int
    time: float
    expires: float
    number: int = 0


def new_key() -> str:
    """A key that nobody can guess: 256 bits by chance."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


class Keys:
    """The keys in the project's own database, so that whoever has the project has its keys, and no other project does.

    Of a key its SHA-256 is kept. A password would need a slow hash with salt, as it can be guessed; a key of 256 bits
    by chance cannot, however quick the hash is, and no two are alike. All hashes are compared with all keys in constant
    time.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._keys = Table(database, "keys", Key)
        self._sessions = Table(database, "sessions", _Session)

    def add(self, name: str, role: str, secret: str = "") -> str:
        """The new key, which is shown this once; with ``secret`` that one (the same key for several projects).

        Raises `ConfigError` for a role that is not one of `ROLES`, and for a name that a valid key has.
        """
        if role not in ROLES:
            raise ConfigError(f"there is no role {role!r}", hint=f"known are: {', '.join(ROLES)}")
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise ConfigError(f"a key cannot be called {name!r}", hint="name the person or program that will use it")
        secret = secret or new_key()
        with self._database.writing() as connection:
            if any(self._keys.select(connection, "WHERE name = ? AND revoked = 0", (name,))):
                raise ConfigError(f"there is a key {name!r} already", hint=f"tagwright keys revoke {name}")
            self._keys.insert(connection, Key(name, role, _hash(secret), self._clock()))
        return secret

    def all(self) -> list[Key]:
        """All keys, the revoked ones too, in the order in which they came."""
        if not self._database.path.exists():
            return []
        with self._database.reading() as connection:
            return list(self._keys.select(connection, "ORDER BY number"))

    def valid(self) -> list[Key]:
        """The keys that are not revoked."""
        return [key for key in self.all() if not key.revoked]

    def revoke(self, name: str) -> Key:
        """The key of that name, which opens nothing any more, nor do its sessions.

        Raises `ConfigError` where no valid key is called so.
        """
        with self._database.writing() as connection:
            found = list(self._keys.select(connection, "WHERE name = ? AND revoked = 0", (name,)))
            if not found:
                raise ConfigError(f"there is no valid key {name!r}", hint="tagwright keys list")
            revoked = replace(found[0], revoked=self._clock())
            self._keys.update(connection, revoked)
            connection.execute("DELETE FROM sessions WHERE key = ?", (revoked.number,))
        return revoked

    def find(self, secret: str) -> Key | None:
        """The valid key that this is, or ``None``."""
        asked, found = _hash(secret), None
        for key in self.valid():  # to the end, whether one was found or not
            if hmac.compare_digest(key.hash, asked):
                found = key
        return found

    def begin_session(self, key: Key, seconds: float) -> str:
        """A token that stands for the key for so long; those that have expired are forgotten."""
        token, now = secrets.token_urlsafe(_BYTES), self._clock()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
            self._sessions.insert(connection, _Session(_hash(token), key.number, now, now + seconds))
        return token

    def session(self, token: str) -> Key | None:
        """The valid key that a token stands for, or ``None``."""
        if not token or not self._database.path.exists():
            return None
        asked = _hash(token)
        with self._database.reading() as connection:
            known = list(self._sessions.select(connection, "WHERE expires > ?", (self._clock(),)))
        numbers = [one.key for one in known if hmac.compare_digest(one.hash, asked)]
        return next((key for key in self.valid() if key.number in numbers), None)

    def end_session(self, token: str) -> None:
        """The token stands for nothing any more; quiet where it did not."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM sessions WHERE hash = ?", (_hash(token),))

    def check(self) -> None:
        """Every row is read; raises `StoreError` at the first whose checksum differs."""
        with self._database.snapshot() as connection:
            self._keys.check(connection)
            self._sessions.check(connection)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
