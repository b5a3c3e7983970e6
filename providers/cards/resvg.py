"""Draws pictures on this machine, from the chart's SVG with resvg."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import resvg_py

from providers.cards.boards import check_picture
from providers.cards.drawing import draw_svg
from providers.cards.fonts import FOLDERS, find_missing_scripts, list_font_files
from providers.cards.rewording import reword_chart
from providers.charts import Chart
from providers.errors import ChartError

_EMOJI = re.compile("[\U0001f000-\U0001faff]")


class Resvg:
    """Draws without a network. It holds the interpreter lock for about 0.2 s, so it should run in a worker."""

    def __init__(
        self, rasterise: Callable[..., bytes] = resvg_py.svg_to_bytes, folders: Iterable[Path] = FOLDERS
    ) -> None:
        folders = tuple(folders)
        self._rasterise = rasterise
        self._fonts = list_font_files(folders)
        self.lacks = tuple(find_missing_scripts(folders))
        self._has_emoji = "emoji" not in self.lacks

    def draw(self, chart: Chart) -> bytes:
        """Draw a chart; if the renderer fails on a name, draw it again with texts in ASCII."""
        try:
            return self._png(draw_svg(chart if self._has_emoji else reword_chart(chart, _without_emoji)))
        except ChartError:
            return self._png(draw_svg(reword_chart(chart, _in_ascii)))

    def _png(self, picture: str) -> bytes:
        try:
            png = self._rasterise(svg_string=picture, skip_system_fonts=True, font_files=self._fonts)
        except ValueError as error:
            raise ChartError(f"resvg refused the picture: {error}") from error
        except BaseException as error:
            # A panic in Rust arrives as pyo3's PanicException, which is no Exception and cannot be imported.
            if type(error).__name__ != "PanicException":
                raise
            raise ChartError("resvg panicked") from error
        return check_picture(png)


def _without_emoji(text: str) -> str:
    return _EMOJI.sub("", text).strip()


def _in_ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().strip()
