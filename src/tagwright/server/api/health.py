"""Whether the server is there, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

import tagwright.server.metrics as metrics
from tagwright.server.access import READ
from tagwright.server.house import house_of
from tagwright.server.problems import Problem
from tagwright.version import VERSION

router = APIRouter(tags=["server"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Tell that the server is there."""
    return {"status": "up", "version": VERSION}


@router.get("/ready")
async def ready(request: Request) -> dict[str, int]:
    """Tell how many projects there are and how many can answer at once; 503 until all of them can."""
    house = house_of(request)
    if house.ready < len(house.served):
        raise Problem(503, f"{house.ready} of {len(house.served)} projects are ready", retry_after="2")
    return {"projects": len(house.served), "ready": house.ready}


counts = APIRouter(tags=["server"])


@counts.get("/metrics", include_in_schema=False)
def counted(request: Request) -> Response:
    """Give what was counted, for Prometheus; where projects need keys, for the bearer of one."""
    house = house_of(request)
    house.access.require(request, READ)
    return Response(house.metrics.shown(), media_type=metrics.MEDIA_TYPE)
