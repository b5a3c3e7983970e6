"""Draws pictures, each once for all people who see it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from threading import Lock
from typing import Any

import structlog

from jobs import stopping
from jobs.queue import job
from jobs.work import transaction
from models import Share
from providers.charts import read_chart
from providers.errors import ChartError
from services.digest import media, shares
from services.ground.bells import Bell
from world import World

log = structlog.get_logger()

drawing = Lock()


def draw_once(world: World, chart: Mapping[str, Any]) -> str:
    """Return the path of the picture of these facts, and draw it if it does not exist yet. Raises `ChartError`.

    Only one thread draws at a time: drawing blocks the other threads anyway, and those that have waited for the same
    picture then find it drawn.
    """
    facts = json.dumps(chart, sort_keys=True)
    with drawing:
        with world.sessions() as session:
            if media.is_drawn(session, facts, world.now()):
                return media.find_path(session, facts)
        png = world.charts.draw(read_chart(chart))
        with transaction(world) as session:
            path = media.keep_drawn(session, facts, png, world.now(), chart.get("shows", ()))
    stopping.die_at("after_picture")
    return path


@job("work", timeout=120, answers=Bell.SHARES)
def draw_shares(world: World) -> None:
    """Draw the pictures of share pages that are waited for, because the web process does not draw."""
    with world.sessions() as session:
        waiting = shares.find_waiting_pages(session)
        charts = {share.id: shares.find_charts(shares.make_shared_page(session, share)) for share in waiting}
    for share_id, both in charts.items():
        stopping.check()
        for chart in both:
            try:
                draw_once(world, asdict(chart))
            except ChartError as error:
                log.warning("picture not drawn", why=str(error))
        with transaction(world) as session:
            session.get_one(Share, share_id).wants_picture = False
