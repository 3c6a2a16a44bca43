"""A Ray cluster (extra ``scale``): the connection, and ``map`` by its tasks, on whichever nodes there are."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits

from tagwright.errors import ConfigError, JobError, MissingExtraError, TagwrightError
from tagwright.executor import Executor, processes, threads

Part = TypeVar("Part")
Result = TypeVar("Result")

_HINT = (
    "ray status --address ADDRESS; where the cluster asks for a token, RAY_AUTH_MODE=token must be set, and the "
    "cluster's token must stand in ~/.ray/auth_token"
)
# How often a part is begun anew, elsewhere, whose process or node was killed.
_TRIES = 3


@dataclass(frozen=True)
class Tasks:
    """At most ``workers`` tasks of one core each at ``address`` ("" = a cluster of this machine alone).

    Function and parts are pickled; what a function holds is sent to each node once, its arrays being shared by the
    processes there and not to be written to. A part whose process or node dies is done again elsewhere. What a part
    raises is raised at its place; raises `JobError` where parts die again and again or no cluster answers,
    `ConfigError` for a function that cannot be sent.
    """

    workers: int
    address: str = ""

    def map(self, function: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """One result a part, in order."""
        with connected(self.address, self.workers) as ray:
            do = ray.remote(num_cpus=1, max_retries=_TRIES)(_work)
            given = [_sent(ray, function)]
            waiting, running, done, due = enumerate(parts), dict[Any, int](), dict[int, Callable[[], Any]](), 0
            try:
                while True:
                    for number, part in islice(waiting, self.workers - len(running)):
                        running[do.remote(given, part)] = number
                    if not running:
                        return
                    for ready in ray.wait(list(running), num_returns=1)[0]:
                        # Read when it is due: what a part raises must not come before the results of those before it.
                        done[running.pop(ready)] = partial(_answer, ray, ready)
                    while due in done:
                        yield done.pop(due)()
                        due += 1
            finally:
                for one in running:
                    ray.cancel(one, force=True)


def crew(kind: str, workers: int, address: str) -> Executor:
    """`Tasks` for the kind "ray", else processes of this machine."""
    return Tasks(workers, address) if kind == "ray" else processes(workers)


@contextmanager
def encoding(kind: str, workers: int, address: str) -> Iterator[Executor | None]:
    """Who encodes texts inside: threads of this process, or `Tasks`, for which the cluster stays connected; or none."""
    if kind != "ray":
        yield threads(workers) if workers > 1 else None
        return
    with connected(address, workers):
        yield Tasks(workers, address)


@contextmanager
def connected(address: str, cores: int | None = None) -> Iterator[Any]:
    """The library, connected inside, to a cluster of this machine with so many ``cores`` where there is no address.

    A connection that is there already is used, and stays. Raises `JobError`, `MissingExtraError`.
    """
    ray = library()
    mine = not ray.is_initialized()
    if mine:
        connect(ray, address, cores)
    try:
        yield ray
    finally:
        if mine:
            ray.shutdown()


def connect(ray: Any, address: str, cores: int | None) -> None:
    """Connects; raises `JobError` where no cluster answers."""
    given = {"address": address} if address else {"num_cpus": cores}
    try:
        ray.init(
            **given, include_dashboard=None if address else False, log_to_driver=False,
            logging_level=logging.ERROR, configure_logging=False,
        )  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError, errors().RayError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise JobError(f"no Ray cluster answers at {address!r}: {said}", hint=_HINT) from error


def library() -> Any:
    """Ray; raises `MissingExtraError`."""
    try:
        return import_module("ray")
    except ImportError as error:
        raise MissingExtraError("ray", "scale") from error


def errors() -> Any:
    """Ray's exceptions."""
    return import_module("ray.exceptions")


class Saved(Protocol):
    """What writes itself into a folder."""

    def save(self, folder: Path) -> None:
        """Writes all it needs."""
        ...


def packed(thing: Saved) -> dict[str, bytes]:
    """The files that it saves, by their paths: how something travels that a library keeps in memory of its own."""
    with tempfile.TemporaryDirectory(prefix="tagwright-packed-") as name:
        thing.save(Path(name))
        files = sorted(one for one in Path(name).rglob("*") if one.is_file())
        return {one.relative_to(name).as_posix(): one.read_bytes() for one in files}


@contextmanager
def unpacked(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with these files; what is mapped from them stays readable when it is gone."""
    with tempfile.TemporaryDirectory(prefix="tagwright-packed-") as name:
        for place, content in files.items():
            (Path(name) / place).parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / place).write_bytes(content)
        yield Path(name)


def _sent(ray: Any, function: Any) -> Any:
    try:
        return ray.put(function)
    except (TypeError, AttributeError) as error:  # as pickle says that it cannot
        said = str(error).splitlines()[0]
        raise ConfigError(f"what is to be done cannot be sent to a cluster: {said}", hint="executor local") from error


# The function that this process was given last: it is unpacked once, not once a part.
_HELD: dict[str, Any] = {}


def _work(given: list[Any], part: Any) -> tuple[bool, Any]:
    """Whether it worked, and what came of it; runs on a node."""
    place = given[0].hex()
    if place not in _HELD:
        _HELD.clear()
        _HELD[place] = library().get(given[0])
    with threadpool_limits(1):  # the same sums everywhere
        try:
            return True, _HELD[place](part)
        except TagwrightError as error:
            return False, error


def _answer(ray: Any, ready: Any) -> Any:
    try:
        worked, answer = ray.get(ready)
    except errors().RayTaskError as error:
        raise error.cause from error
    except errors().RayError as error:
        what = f"a part was lost on the cluster, and {_TRIES} times anew: {str(error).splitlines()[0]}"
        raise JobError(what, hint="look at ray status, and at the nodes' memory") from error
    if not worked:
        raise answer
    return answer
