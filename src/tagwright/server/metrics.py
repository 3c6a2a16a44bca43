"""What the server counts, for Prometheus: requests, times, documents, refusals; never a text, a key or a person."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tagwright.server.served import Served

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counters of one server, in a registry of its own."""

    def __init__(self, projects: Mapping[str, Served]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.requests = self._counter("requests", "Requests answered.", "method", "route", "status")
        self.documents = self._counter("documents", "Documents that suggestions were asked for.", "project")
        self.decisions = self._counter("decisions", "Decisions recorded.", "project")
        self.refused = self._counter("refused", "Requests refused before their work began.", "why")
        self.faults = self._counter("faults", "Requests that a fault of the server ended.", "kind")
        self.seconds = Histogram(
            "tagwright_request_seconds", "From the request to the end of the answer.", ["route"], buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.open = Gauge("tagwright_requests_open", "Requests that are being answered.", registry=self._registry)
        self._registry.register(_Waiting(projects))

    def shown(self) -> bytes:
        """All of them as Prometheus reads them."""
        return generate_latest(self._registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"tagwright_{name}", what, labels, registry=self._registry)


class _Waiting(Collector):
    """How many callers wait for each project, read when it is asked for."""

    def __init__(self, projects: Mapping[str, Served]) -> None:
        self._projects = projects

    def collect(self) -> list[GaugeMetricFamily]:
        made = GaugeMetricFamily("tagwright_waiting", "Callers that wait for suggestions.", labels=["project"])
        for name, served in self._projects.items():
            made.add_metric([name], served.waiting())
        return [made]
