"""/livez, /readyz and /health: is this process alive, what is wrong, and how is it repaired?"""

import hmac
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from jobs.health import Report
from jobs.knocks import count_proxies
from services.health.database import find_expected_schema
from services.health.findings import MENDS
from version import release
from web import probing
from web.watching import Watch
from world import World


def make_health_checks(world: World) -> Blueprint:
    """Return the addresses for a host's probes and for the operator."""
    routes = Blueprint("health", __name__)
    watch = Watch(world)
    routes.record_once(lambda state: state.app.extensions.update(watch=watch))

    @routes.get("/livez")
    def livez() -> Response:
        """Return that this process answers, its version, and the schema that it needs. It asks no other server."""
        said = f"alive\nversion {release()}\nschema {find_expected_schema()}\n"
        answer = Response(said, mimetype="text/plain")
        probe = probing.answer(
            world, request.headers.get(probing.HEADER, ""), count_proxies(request.headers.get("X-Forwarded-For", ""))
        )
        if probe is not None:
            answer.headers[probing.HEADER] = probe
        return answer

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """Return the status. It is 503 only if this process can neither answer a line nor keep it, because a
        load balancer must not stop it for a problem elsewhere. All other problems are named with 200. Remarks
        do not change the status.
        """
        report = watch.report()
        said = jsonify(status=report.status, degraded=report.degraded, remarks=report.remarks)
        return said, 200 if report.can_serve else 503

    @routes.get("/health")
    def health() -> Response:
        """Return everything that is known, if the request has the token, else 404."""
        _require_token(world)
        return jsonify(write_report(watch.report()))

    return routes


def _require_token(world: World) -> None:
    token = world.settings.health_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)


def write_report(report: Report) -> dict[str, Any]:
    """Return a report in the form of /health and `flask status --json`.

    `since` is when a problem was first noticed; `mend` is the command or setting that repairs it.
    """
    return {
        "status": report.status,
        "degraded": report.degraded,
        "remarks": report.remarks,
        "checks": [
            {
                "name": each.name,
                "state": each.state,
                **({"says": each.says, "mend": MENDS[each.name]} if each.says else {}),
                **({"since": report.since[each.name].isoformat()} if each.name in report.since else {}),
                "figures": dict(each.figures),
            }
            for each in report.findings
        ],
        "processes": [
            {
                "kind": each.pulse.kind,
                "instance": each.pulse.instance,
                "heard_seconds_ago": round(each.age, 1),
                "seconds_ahead": round(each.ahead, 1),
                "seals_with": each.pulse.writes_with,
            }
            for each in report.heard
        ],
    }
