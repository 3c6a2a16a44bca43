"""Two small projects behind a server: one trained on ninety documents, one that knows names only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tagwright.server.app import create
from tagwright.server.house import House
from tagwright.server.served import Served


@pytest.fixture
def served(trained: Path) -> Iterator[Served]:
    """The trained project in a server, to be changed."""
    made = Served.open(trained)
    yield made
    made.close()


Client = Callable[..., TestClient]


@pytest.fixture
def serve() -> Iterator[Client]:
    """Makes a client of a server for these projects; what works in the background runs until the test ends."""
    with ExitStack() as stack:

        def made(*folders: Path, loopback: bool = True, overrides: Sequence[str] = (), **more: Any) -> TestClient:
            house = House([Served.open(folder, overrides=overrides) for folder in folders], loopback=loopback)
            return stack.enter_context(TestClient(create(house), base_url="http://localhost", **more))

        yield made


@pytest.fixture
def client(serve: Client, trained: Path) -> TestClient:
    """A client of a server for the trained project, ``library``, that needs no key."""
    return serve(trained)
