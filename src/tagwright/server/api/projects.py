"""The projects of a server, as the caller may see them."""

from __future__ import annotations

from fastapi import APIRouter, Request

from tagwright.server.access import READ
from tagwright.server.api.strict import Strict
from tagwright.server.house import house_of, visit
from tagwright.server.models import ProjectOut, ProjectsOut
from tagwright.server.served import Served

router = APIRouter(tags=["projects"], route_class=Strict)


@router.get("/projects")
def projects(request: Request) -> ProjectsOut:
    """List the projects that the caller may read, in the server's order."""
    return ProjectsOut(projects=[_about(served) for served in house_of(request).access.visible(request)])


@router.get("/projects/{project}")
def project(request: Request, project: str) -> ProjectOut:
    """Tell what is known of one project and its model."""
    return _about(visit(request, project, READ).served)


def _about(served: Served) -> ProjectOut:
    state = served.state()
    return ProjectOut(
        id=served.id, name=served.name, trained=state.trained, calibrated=state.calibrated, cut=state.cut,
        documents=state.documents, tags=state.vocabulary.n_active, languages=state.vocabulary.languages,
        modified=state.modified, fingerprint=state.fingerprint, waiting=served.waiting(), learn=served.options.learn,
    )  # fmt: skip
