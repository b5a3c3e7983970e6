"""/metrics: figures for Prometheus. The request needs METRICS_TOKEN; without that setting the address does not exist.

The web processes' own measurements use the files of prometheus-client, which gunicorn's processes share
(`ops/gunicorn.conf.py`). All others are read at the scrape. docs/metrics.md explains each; a test compares the two.
"""

import hmac
import os
import time
from collections.abc import Iterator
from itertools import accumulate
from threading import Lock

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from jobs import metering, metrics_look
from jobs.metrics_look import MetricsLook
from services.ground.counting import Count, Duration
from services.health.database import find_expected_schema
from version import release
from world import World

PREFIX = "gruppetto_"
SHARED_FILES = "PROMETHEUS_MULTIPROC_DIR"
GOOD_FOR = 5.0  # seconds; servers are queried no more often, however frequent the scrapes are
OURS = CollectorRegistry()
REQUESTS = Counter(
    f"{PREFIX}http_requests", "Requests that were answered, by page and status", ["page", "status"], registry=OURS
)
SECONDS = Histogram(
    f"{PREFIX}http_seconds",
    "How long an answer took, without the time the client took to send the request",
    ["page"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0),
    registry=OURS,
)
COUNTERS = {
    Count.LINES: "Lines and files that people sent, each once, by kind",
    Count.MESSAGES: "Steps of messages to people, by kind of message and the state that it came into",
    Count.ARRIVED: "Messages that reached the phone, by kind of message",
    Count.ERRORS: "Error codes of Twilio and WhatsApp, by code",
    Count.SYNCS: "Readings of a Garmin account, by result: read, refused, or what went wrong",
    Count.ACTIVITIES: "Activities that were new, changed or gone at Garmin",
    Count.DIGESTS: "Digests of groups, by what became of them",
    Count.OPT_OUTS: "People who want no more messages",
    Count.BROKEN_JOBS: "Jobs that ended by a bug, by job",
    Count.WEBHOOKS: "Attempts to send an event to a member's webhook, by result",
    Count.WEBHOOKS_OFF: "Webhooks that were switched off, by reason",
}
SPANS = {
    Duration.HANDED_OVER: "From hearing a line to Twilio's taking the reply",
    Duration.DELIVERED: "From Twilio's taking a message to its reaching the phone, by kind of message",
    Duration.DIGEST: "From when a group's digest was due until all its messages were written",
}
GAUGES = {
    "can_serve": "1 if a line can be answered, or at least kept",
    "degraded": "1 if this check of /health is degraded",
    "processes": "Processes that have been heard of in the last 45 seconds, by kind",
    "oldest_message_seconds": "How long the oldest message of a kind has waited",
    "tick_age_seconds": "How long ago the last tick ended",
    "backup_age_seconds": "How long ago the newest backup was made, if BACKUP_TO is set",
    "messages_waiting": "Messages that wait in a state, counted up to 1,000",
    "breaker_shut": "1 while a vendor is left alone",
    "contents": "Stored contents and templates, by status",
    "spent_messages": "Messages of the last 24 hours",
    "ceiling_messages": "Messages that may leave in 24 hours",
    "digests_due": "Digests that are due and not made, counted up to 1,000",
    "digests_late": "Of those, how many were due over 30 minutes ago",
    "syncs_due": "Garmin accounts that are due to be read, counted up to 1,000",
    "sync_lag_seconds": "How long ago the account that waits the longest was due to be read",
    "queue_jobs": "Jobs that wait for a worker, by queue",
    "queue_oldest_seconds": "How long the oldest job of a queue has waited",
    "failed_jobs": "Jobs that ended by a bug and are kept for a week",
    "members": "Members",
    "active_members": "Members who wrote within 1, 7 and 30 days",
    "groups": "Groups that are active",
    "garmin_accounts": "Garmin accounts, by status",
    "garmin_accounts_fresh": "Linked Garmin accounts that were read in the last 24 hours",
    "look_failed": "1 if this server could not be asked at this scrape: its figures are missing",
    "info": "1, with the version of the program and the schema that it needs",
}


class Scrape(Collector):
    """Reads figures at the scrape. Threads may share it: one queries the servers, the others get its result."""

    def __init__(self, world: World) -> None:
        self._world, self._lock = world, Lock()
        self._seen: tuple[float, MetricsLook] | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield all families, also those without a value, so that their names always exist."""
        seen = self._look()
        gauges = {name: GaugeMetricFamily(f"{PREFIX}{name}", about) for name, about in GAUGES.items()}
        for each in seen.samples:
            _add(gauges[each.name], dict(each.labels), each.value)
        for server in ("database", "redis"):
            _add(gauges["look_failed"], {"server": server}, float(server in seen.failed))
        _add(gauges["info"], {"version": release(), "schema": find_expected_schema()}, 1.0)
        yield from gauges.values()
        yield from _counters(seen)
        yield from _histograms(seen)

    def describe(self) -> list[Metric]:
        """Return nothing, so that the registry does not query the servers when this is registered."""
        return []

    def _look(self) -> MetricsLook:
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > GOOD_FOR:
                report = current_app.extensions["watch"].report()
                self._seen = (time.monotonic(), metrics_look.look(self._world, report))
            return self._seen[1]


def make_metrics_pages(world: World) -> Blueprint:
    """Return the address for Prometheus."""
    routes = Blueprint("metrics", __name__)
    scrape = Scrape(world)

    @routes.get("/metrics")
    def show() -> Response:
        """Return all figures, if the request has the token, else 404."""
        _require_token(world)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(scrape)
        text = generate_latest(registry)
        shared = os.environ.get(SHARED_FILES)
        if shared:
            together = CollectorRegistry()
            MultiProcessCollector(together, path=shared)  # type: ignore[no-untyped-call]
            return Response(text + generate_latest(together), content_type=CONTENT_TYPE_LATEST)
        return Response(text + generate_latest(OURS), content_type=CONTENT_TYPE_LATEST)

    return routes


def measure(app: Flask) -> None:
    """Count every request and measure the time of its answer, by the page's name, because
    addresses may contain tokens.
    """

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(answer: Response) -> Response:
        page = request.endpoint or "none"
        REQUESTS.labels(page, str(answer.status_code)).inc()
        if "began" in g:
            SECONDS.labels(page).observe(time.perf_counter() - g.began)
        return answer


def _require_token(world: World) -> None:
    token = world.settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)


def _counters(seen: MetricsLook) -> Iterator[Metric]:
    for what, about in COUNTERS.items():
        family = CounterMetricFamily(f"{PREFIX}{what}", about)
        for (name, labels), amount in seen.meters.counts.items():
            if name == what:
                _add(family, dict(labels), float(amount))
        yield family


def _histograms(seen: MetricsLook) -> Iterator[Metric]:
    for what, about in SPANS.items():
        family = HistogramMetricFamily(f"{PREFIX}{what}", about)
        for (name, labels), each in seen.meters.spans.items():
            if name == what:
                _add_buckets(family, dict(labels), each)
        yield family


def _add_buckets(family: Metric, labels: dict[str, str], histogram: metering.Histogram) -> None:
    """Add one histogram with cumulative buckets, as Prometheus expects them."""
    counts = list(accumulate(histogram.buckets))
    for end, count in zip(metering.ENDS, counts, strict=True):
        family.add_sample(
            f"{family.name}_bucket", labels | {"le": "+Inf" if end == float("inf") else str(end)}, float(count)
        )
    family.add_sample(f"{family.name}_count", labels, float(counts[-1]))
    family.add_sample(f"{family.name}_sum", labels, histogram.total)


def _add(family: Metric, labels: dict[str, str], value: float) -> None:
    """Add one value with its own labels."""
    suffix = "_total" if family.type == "counter" else ""
    family.add_sample(f"{family.name}{suffix}", labels, value)
