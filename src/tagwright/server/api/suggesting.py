"""Suggestions for texts: one, a batch, a stream; and why a tag fits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from tagwright.corpus.columns import Columns
from tagwright.corpus.jsonl import parsed
from tagwright.server.access import READ, Visit
from tagwright.server.api.about import NDJSON, NDJSON_BODY
from tagwright.server.api.strict import Strict
from tagwright.server.house import count, visit
from tagwright.server.models import (
    BatchIn,
    EvidenceOut,
    ExplainIn,
    HowMany,
    ReasonsOut,
    Share,
    SuggestIn,
    SuggestionOut,
    SuggestionsOut,
)
from tagwright.server.refusals import Busy
from tagwright.server.served import Answer
from tagwright.types import Document

router = APIRouter(prefix="/projects/{project}", tags=["suggestions"], route_class=Strict)


def shown(document: str, answer: Answer, least: float) -> SuggestionsOut:
    """The answer for a document, without what is less likely than ``least``."""
    kept = [SuggestionOut.model_validate(one) for one in answer.suggestions if one.confidence >= least]
    state = answer.state
    return SuggestionsOut(
        id=document, suggestions=kept, calibrated=state.calibrated, cut=state.cut, fingerprint=state.fingerprint
    )


@router.post("/suggest")
def suggest(request: Request, project: str, asked: SuggestIn) -> SuggestionsOut:
    """Suggest tags for one text."""
    here, document = visit(request, project, READ), asked.document()
    count(request, here, [document])
    answer = here.served.answer([document], k=asked.k, why=asked.why)[0]
    return shown(document.id, answer, asked.min_confidence)


@router.post("/suggest/batch")
def suggest_batch(request: Request, project: str, asked: BatchIn) -> list[SuggestionsOut]:
    """Suggest tags for several texts, in their order."""
    here = visit(request, project, READ)
    documents = [one.document(number) for number, one in enumerate(asked.documents, start=1)]
    count(request, here, documents)
    answers = here.served.answer(documents, k=asked.k, why=asked.why)
    return [shown(one.id, answer, asked.min_confidence) for one, answer in zip(documents, answers, strict=True)]


@router.post("/suggest/stream", response_class=StreamingResponse, responses=NDJSON, openapi_extra=NDJSON_BODY)
async def suggest_stream(
    request: Request, project: str, k: HowMany = 10, why: bool = False, min_confidence: Share = 0.0
) -> StreamingResponse:
    """Suggest tags for many texts, sent as JSON lines; the answers come as JSON lines, too, as soon as they are there.

    A line that is no document is answered with its number and an error; the others are answered all the same.
    """
    here = await run_in_threadpool(visit, request, project, READ)
    lines = [line for line in (await request.body()).splitlines() if line.strip()]
    rows = _Stream(here, k, why, min_confidence).rows(lines)
    return StreamingResponse(rows, media_type="application/x-ndjson")


@router.post("/explain")
def explain(request: Request, project: str, asked: ExplainIn) -> ReasonsOut:
    """Tell what speaks for a tag, whether it would be suggested or not: quotations with their places, and more."""
    here, document = visit(request, project, READ), asked.document()
    count(request, here, [document])
    with here.served.using() as opened:
        tagger = opened.tagger
        position = tagger.vocabulary.position(asked.tag)
        evidence = [EvidenceOut.model_validate(one) for one in tagger.explain(document, position)]
        return ReasonsOut(
            id=document.id,
            tag=tagger.vocabulary.ids[position],
            name=tagger.vocabulary.name(position),
            evidence=evidence,
        )


class _Stream:
    """Answers line by line."""

    def __init__(self, here: Visit, k: int, why: bool, least: float) -> None:
        self._served, self._k, self._why, self._least = here.served, k, why, least

    def rows(self, lines: Sequence[bytes]) -> Iterator[bytes]:
        """A line of JSON for each of these."""
        step = self._served.options.batch
        for start in range(0, len(lines), step):
            yield b"".join(self._block(lines[start : start + step], start + 1))

    def _block(self, lines: Sequence[bytes], first: int) -> Iterator[bytes]:
        read = [_document(line, number) for number, line in enumerate(lines, start=first)]
        documents = [one for one in read if isinstance(one, Document)]
        try:
            answers = iter(self._patiently(documents))
        except Busy as busy:
            yield from (_line({"line": first + n, "error": busy.message}) for n in range(len(lines)))
            return
        for number, one in enumerate(read, start=first):
            if isinstance(one, Document):
                yield shown(one.id, next(answers), self._least).model_dump_json().encode() + b"\n"
            else:
                yield _line({"line": number, "error": one})

    def _patiently(self, documents: Sequence[Document]) -> list[Answer]:
        """Who sends a stream can wait for its turn, as long as any request may."""
        end = time.monotonic() + self._served.options.most_seconds
        while True:
            try:
                return self._served.answer(documents, k=self._k, why=self._why)
            except Busy as busy:
                if time.monotonic() + busy.retry_after > end:
                    raise
                time.sleep(busy.retry_after)


def _document(line: bytes, number: int) -> Document | str:
    """The document in a line, as all JSON lines are read, or what is wrong with it."""
    try:
        record = Columns({}, "").record(parsed(line), line=number, default_id=f"line-{number}")
    except ValueError as error:
        return str(error)
    return record.document


def _line(said: dict[str, object]) -> bytes:
    return json.dumps(said).encode() + b"\n"
