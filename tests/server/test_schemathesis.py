"""What the descriptions of both APIs promise is kept, for requests made up from them, right ones and wrong ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from tagwright.server.app import create
from tagwright.server.house import House
from tagwright.server.served import Served

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402

GenerationMode = schemathesis.GenerationMode
# A few examples an operation where time is short; with `make test-all` at least two hundred.
FEW, MANY = 8, 200
HOST = {"host": "127.0.0.1"}
# Of a document or tag made up by chance no description can say whether it is known; unknown ones are refused.
UNKNOWN = [positive_data_acceptance]
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True}


@pytest.fixture
def app(trained: Path) -> Any:
    """The application, with one project; schemathesis starts it, and stops it when the test ends."""
    return create(House([Served.open(trained)]))


@pytest.fixture
def annif_schema(app: Any) -> Any:
    return schemathesis.openapi.from_asgi("/v1/openapi.json", app, headers=HOST)


@pytest.fixture
def own_schema(app: Any) -> Any:
    config = schemathesis.Config.from_dict({"parameters": {"path.project": "library"}})
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=HOST, config=config)


@schemathesis.serializer("application/x-ndjson")
def lines(context: Any, value: Any) -> bytes:
    """What is sent as lines of JSON is made up as a text, or is none."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Here nobody needs a key; other tests show what each address says to whom."""
    raw_schema.get("components", {}).pop("securitySchemes", None)
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)


def faults(schema: Any, examples: int, left_out: Sequence[Any] = ()) -> str:
    """What is not as described, of so many requests for each operation: half of them right, half of them wrong."""
    found: list[str] = []
    for one in schema.get_all_operations():
        operation = one.ok()
        wrong = (examples + 1) // 2
        if operation.body or list(operation.iter_parameters()):
            said = _faults(operation, GenerationMode.NEGATIVE, wrong, left_out)
        else:
            said = None
        wrong = 0 if said is None else wrong  # where nothing can be wrong, all requests are right
        found += [*(said or []), *(_faults(operation, GenerationMode.POSITIVE, examples - wrong, left_out) or [])]
    return "\n\n".join(found)


def _faults(operation: Any, mode: Any, examples: int, left_out: Sequence[Any]) -> list[str] | None:
    """``None`` where no such request can be made up."""

    @settings(max_examples=examples, **QUIET)
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps(case: Any) -> None:
        case.call_and_validate(headers=HOST, excluded_checks=list(left_out))

    try:
        keeps()
    except Unsatisfiable:
        return None
    except (Exception, BaseExceptionGroup) as error:
        return [f"{operation.label} ({mode.value}): {error}"]
    return []


def test_annif_keeps_its_description(annif_schema: Any) -> None:
    said = faults(annif_schema, FEW)
    assert not said, said


def test_the_own_api_keeps_its_description(own_schema: Any) -> None:
    said = faults(own_schema, FEW, UNKNOWN)
    assert not said, said


@pytest.mark.slow
def test_annif_keeps_its_description_many_times(annif_schema: Any) -> None:
    said = faults(annif_schema, MANY)
    assert not said, said


@pytest.mark.slow
def test_the_own_api_keeps_its_description_many_times(own_schema: Any) -> None:
    said = faults(own_schema, MANY, UNKNOWN)
    assert not said, said
