"""Draws pictures with a QuickChart server."""

import json

import requests
from quickchart import QuickChart

from providers.cards.boards import check_picture
from providers.cards.chartjs import write_chartjs
from providers.cards.themes import choose_theme
from providers.charts import Chart
from providers.errors import ChartError

__all__ = ["QuickChartServer", "write_chartjs"]

SIDE, DENSITY = 540, 2  # 1080 pixels


class QuickChartServer:
    """Draws over HTTP. The hosted quickchart.io receives every name on the board; a server of the
    operator's own avoids that.
    """

    lacks: tuple[str, ...] = ()  # which fonts the server lacks is unknown

    def __init__(self, host: str, scheme: str, key: str | None = None, timeout: float = 10.0) -> None:
        if scheme not in ("http", "https") or not host:
            raise ValueError(f"not a QuickChart address: {scheme}://{host}")
        self._host, self._scheme, self._key, self._timeout = host, scheme, key, timeout

    def draw(self, chart: Chart) -> bytes:
        """Request a picture once. Raises ChartError, also for a `Wrapped`, which Chart.js cannot show."""
        drawing = json.dumps(write_chartjs(chart))
        client = QuickChart()
        client.scheme, client.host, client.key, client.timeout = self._scheme, self._host, self._key, self._timeout
        client.version, client.width, client.height, client.device_pixel_ratio = "4", SIDE, SIDE, DENSITY
        client.background_color = choose_theme(dark=chart.dark).paper
        # As a dict, the client would turn a member's name like "__BEGINFUNCTION__…" into JavaScript that the server
        # runs.
        client.config = drawing
        try:
            return check_picture(client.get_bytes())
        except (RuntimeError, requests.RequestException) as error:
            raise ChartError(f"QuickChart gave no picture: {str(error)[:200]}") from error
