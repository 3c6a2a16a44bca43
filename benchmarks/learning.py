"""How decisions teach a project at run time: better suggestions without training, and taken back without trace.

python benchmarks/learning.py [--documents 2000] [--decided 1000] [--steps 10] [--dev 1000] [--latency 10000]

A project learns from the first documents of tibkat-en's train part; the next ones come as decisions, in steps: each
document's tags accepted by a person. After each step nDCG@10 on dev, with the paired interval to the start. Then all
is taken back, and the suggestions are compared byte by byte. ``--latency``: a second project of so many documents, in
which the time from sending a decision until an answer that knows it is measured.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Sequence

from common import SHARED, arguments, machine, measured, read, table, trained

from tagwright.evaluation.bootstrap import paired_bootstrap
from tagwright.feedback import ACCEPT, Canary, Chosen, Decision, Feedback
from tagwright.project import Project
from tagwright.types import Document, Suggestion

DATA = SHARED / "data" / "tibkat-en"
VOCABULARY = DATA / "vocab.jsonl.gz"
LATENCIES = 200


def main() -> None:
    options = arguments(
        __doc__ or "", documents={"type": int, "default": 2000}, decided={"type": int, "default": 1000},
        steps={"type": int, "default": 10}, dev={"type": int, "default": 1000},
        latency={"type": int, "default": 10_000},
    )  # fmt: skip
    documents = read(DATA / "train.jsonl.gz", options.documents + options.decided)
    dev = read(DATA / "dev.jsonl.gz", options.dev)
    print(f"{machine()}\n")
    project = trained(options.work / "learning", VOCABULARY, documents[: options.documents])
    learn(project, documents[options.documents :], dev, options.steps)
    if options.latency:
        every = read(DATA / "train.jsonl.gz", options.latency + LATENCIES)
        wait(trained(options.work / "learning-latency", VOCABULARY, every[: options.latency]), every[options.latency :])


def learn(project: Project, decided: Sequence[Document], dev: Sequence[Document], steps: int) -> None:
    """The table of the steps, and what is left after all is taken back."""
    feedback = Feedback(project.store, project.settings.feedback())
    asked = [Document(one.id, one.text, one.title, one.language) for one in dev]
    found = project.suggest(asked, k=10)
    start, first = fingerprint(found), measured(project, found, dev)
    rows, before = [[0, first.value, 0.0, "", 0.0]], first
    size = -(-len(decided) // steps)
    for step in range(0, len(decided), size):
        began = time.perf_counter()
        for document in decided[step : step + size]:
            accept(feedback, project, document)
        seconds = time.perf_counter() - began
        now = measured(project, project.suggest(asked, k=10), dev)
        gain = paired_bootstrap({"": now}, {"": first})[""]
        interval = f"{gain.low:+.4f} to {gain.high:+.4f}"
        rows.append([min(step + size, len(decided)), now.value, now.value - before.value, interval, seconds / size])
        before = now
    table(rows, ["decided documents", "nDCG@10 on dev", "step", "to the start, 95 %", "s a document"])
    print(f"\ncanary: {Canary(project.folder).check()}")
    began = time.perf_counter()
    back = feedback.revert(Chosen(since=0.0), person="benchmark")
    same = fingerprint(project.suggest(asked, k=10)) == start
    fresh = fingerprint(Project.open(project.folder).suggest(asked, k=10)) == start
    print(
        f"\n{len(back):,} decisions taken back in {time.perf_counter() - began:.1f} s: the suggestions are"
        f" {'' if same else 'NOT '}the start's bytes, opened anew {'' if fresh else 'NOT '}so\n"
    )


def wait(project: Project, documents: Sequence[Document]) -> None:
    """Milliseconds from sending a decision until an answer that knows it."""
    feedback = Feedback(project.store, project.settings.feedback())
    project.suggest(documents[0])
    taken, alone = [], []
    for document in documents[:LATENCIES]:
        asked = Document("asked", document.text, document.title, document.language)
        began = time.perf_counter()
        accept(feedback, project, document)
        project.suggest(asked)
        decided = time.perf_counter()
        project.suggest(asked)
        taken.append((decided - began) * 1000)
        alone.append((time.perf_counter() - decided) * 1000)
    ends = [statistics.quantiles(taken, n=100)[place - 1] for place in (50, 95, 99)]
    print(f"{project.manifest.documents:,} documents, {len(taken)} decisions, each followed by the next request:\n")
    table([[*ends, statistics.median(alone)]], ["p50 ms", "p95 ms", "p99 ms", "a request without a decision, p50 ms"])


def accept(feedback: Feedback, project: Project, document: Document) -> None:
    """A person accepts the document's tags, all at once."""
    vocabulary = project.vocabulary
    tags = [tag for tag in document.tags or () if tag in vocabulary]
    feedback.submit([Decision(document.id, tag, ACCEPT, "benchmark") for tag in tags], vocabulary, [document])


def fingerprint(found: list[list[Suggestion]]) -> str:
    """Of every tag and confidence."""
    rows = [[(one.tag, one.confidence) for one in row] for row in found]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


if __name__ == "__main__":
    main()
