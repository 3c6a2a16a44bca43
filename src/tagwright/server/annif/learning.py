"""Documents with their subjects, learned: each subject is a decision that can be seen and taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

import tagwright.server.annif.asking as asking
from tagwright.feedback.decisions import Feedback
from tagwright.server.access import Visit
from tagwright.server.house import count
from tagwright.server.problems import Problem
from tagwright.store.decided import ACCEPT, Decision
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary

PERSON = "annif"
"""Who decides where no key says who it is."""
_NAMED = 3


def learn(request: Request, visit: Visit, rows: Sequence[Mapping[str, Any]]) -> None:
    """Records that the subjects of these documents are accepted, of all documents or of none.

    A document is known by its text: sent again, it gets further subjects, and what it has stays. One without text or
    subjects is passed over. Raises `Problem` 403 where the project's settings do not allow learning, 400 for a subject
    that the vocabulary does not have, and 413 for too long a text.
    """
    served = visit.served
    if not served.options.learn:
        what = f"Project '{served.id}' is not configured to allow learning via API"
        raise Problem(403, what, title="Learning not allowed")
    given = [row for row in rows if row.get("text", "").strip() and "subjects" in row]
    documents = [_document(row) for row in given]
    count(request, visit, documents)
    served.state()  # a project that cannot answer learns nothing
    tags = served.vocabulary()
    with served.using() as project:
        feedback = Feedback(project.store, project.settings.feedback())
    _refuse(documents, given, tags, feedback.options.most_megabytes)
    person = visit.person() or PERSON
    made = [
        Decision(document.id, subject["uri"], ACCEPT, person=person)
        for document, row in zip(documents, given, strict=True)
        for subject in row["subjects"]
    ]
    if new := [one for one in dict.fromkeys(made) if not _stands(one, feedback)]:
        feedback.submit(new, tags, documents)


def _document(row: Mapping[str, Any]) -> Document:
    made = asking.document("", row["text"], row.get("metadata", {}))
    said = f"{made.title}\0{made.text}".encode()
    id = f"annif-{hashlib.sha256(said).hexdigest()[:32]}"
    return Document(id, made.text, title=made.title, metadata=made.metadata)


def _refuse(
    documents: Sequence[Document], rows: Sequence[Mapping[str, Any]], tags: Vocabulary, most_megabytes: float
) -> None:
    if any(len(document.text.encode()) > most_megabytes * 1e6 for document in documents):
        raise Problem(413, f"a document to learn from may have {most_megabytes:g} MB of text")
    uris = dict.fromkeys(subject["uri"] for row in rows for subject in row["subjects"])
    unknown = [uri for uri in uris if uri not in tags]
    if unknown:
        named = ", ".join(repr(uri[:200]) for uri in unknown[:_NAMED])
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        raise Problem(400, f"the vocabulary has no subject {named}{more}; nothing was learned")


def _stands(decision: Decision, feedback: Feedback) -> bool:
    """Whether the same was decided before and stands: it would change nothing, and only make the log longer."""
    standing = feedback.store.decisions.standing(decision.document)
    last = next((one for one in reversed(standing) if one.tag == decision.tag and not one.machine), None)
    return last is not None and last.wants
