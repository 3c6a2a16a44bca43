"""The pages of a server for one small trained project, asked for as a browser does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra server is not installed")

from fastapi.testclient import TestClient

import tagwright.web.pages as pages
from tagwright.server.app import create
from tagwright.server.house import House
from tagwright.server.served import Served

Browse = Callable[..., TestClient]


@pytest.fixture
def browse() -> Iterator[Browse]:
    """Makes a client of the pages of these projects."""
    with ExitStack() as stack:

        def made(*folders: Path, loopback: bool = True, overrides: Sequence[str] = (), **more: Any) -> TestClient:
            house = House([Served.open(folder, overrides=overrides) for folder in folders], loopback=loopback)
            app = create(house, pages.routers())
            return stack.enter_context(TestClient(app, base_url="http://localhost", **more))

        yield made
