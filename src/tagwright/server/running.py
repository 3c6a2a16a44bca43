"""The server as a process: it listens, answers until it is told to stop, and lets what is under way be finished."""

from __future__ import annotations

import ctypes
import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn
from fastapi import APIRouter

import tagwright.server.logs as logs
from tagwright.errors import ConfigError
from tagwright.server.app import create
from tagwright.server.house import House

# What is under way when the server is told to stop may take so long still.
_GRACE_SECONDS = 30
_WAITING_CONNECTIONS = 2048
# malloc.h: how many heaps there are for all threads together.
_M_ARENA_MAX, _HEAPS = -8, 2


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there (``port`` 0: any free one); raises `ConfigError` where that cannot be."""
    plain = host.strip("[]")
    family = socket.AF_INET6 if ":" in plain else socket.AF_INET
    try:
        made = socket.create_server((plain, port), family=family, backlog=_WAITING_CONNECTIONS)
    except OSError as error:
        what = f"the server cannot listen on {host}:{port}: {error.strerror or error}"
        raise ConfigError(what, hint="name another one: --port 8001") from error
    # Connections take this over. Without it the second piece of every answer waits 40 ms for the first one's receipt,
    # for asyncio sets it only where a socket names its protocol, and this one does not.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def address(listening: socket.socket) -> str:
    """The address of a listening socket, as a browser takes it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    house: House, listening: socket.socket, *, pages: Sequence[APIRouter] = (), log_level: str = "info",
    began: Callable[[], None],
) -> None:  # fmt: skip
    """Answers until the process gets SIGINT or SIGTERM; what is under way then is finished, in half a minute at most.

    ``pages``: see `create`; ``began`` is called once the server is about to take requests. The log goes to standard
    error.
    """
    logs.to_standard_error(log_level)
    _few_heaps()
    config = uvicorn.Config(
        create(house, pages), log_config=None, access_log=False, server_header=False, lifespan="on",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )  # fmt: skip
    began()
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def _few_heaps() -> None:
    """Threads share their memory: with a heap each, as glibc has it, 2,000 requests left 100 MB more of holes."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _HEAPS)
