"""Looks at a page as axe, a narrow screen, a keyboard and a printer would. What is wrong is told in a sentence."""

from itertools import product
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.album import DESK, SCHEMES, SIZES, Album
from tests.browser.people import Missed

GRAVE = {"serious", "critical"}
OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
STOPS = "a[href], button, input:not([type=hidden]), select, [tabindex='0']"
# All that Tab should reach: a group of radio buttons is one stop.
REACHABLE = f"""new Set([...document.querySelectorAll("{STOPS}")].map(
  (each, index) => each.type === "radio" ? each.form.action + each.name : index)).size"""
# What has the focus: its place among the stops, its name, whether it is on the screen, how thick the line around it is.
FOCUSED = f"""() => {{
  const each = document.activeElement, box = each.getBoundingClientRect(), style = getComputedStyle(each);
  const label = each.labels && each.labels.length ? each.labels[0].innerText : "";
  return {{
    place: [...document.querySelectorAll("{STOPS}")].indexOf(each),
    name: (each.getAttribute("aria-label") || each.innerText || label || each.name || each.tagName).trim().slice(0, 60),
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    line: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
  }};
}}"""
LEAST_LINE = 2.0  # pixels
MOST_PRESSES = 400


class Inspector:
    """Inspects pages. It notes what axe calls less than serious; that is told and does not fail."""

    def __init__(self, album: Album) -> None:
        self.album, self.axe = album, Axe()
        self.lesser: set[str] = set()
        self.pages = self.runs = 0

    def inspect(self, page: Page, name: str) -> None:
        """Look at a page in each size and light, and save it: axe finds nothing serious, nothing is too wide."""
        self.pages += 1
        for (width, height), scheme in product(SIZES.values(), SCHEMES):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": height})
            self.album.snap(page, f"{name}-{width}-{scheme}", whole=True)
            if (over := page.evaluate(WIDER)) > 0:
                raise Missed(f"“{name}” is {over} pixels too wide for a screen of {width}.")
            if page.evaluate("document.getAnimations().length"):
                raise Missed(f"Nothing should move on “{name}” for a person who wants no motion.")
            self._ask_axe(page, f"{name}, {width}, {scheme}")
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(DESK)

    def print_out(self, page: Page, name: str) -> None:
        """Save a page as it is printed: without the menu and buttons."""
        page.emulate_media(media="print")
        seen = [each for each in page.locator("nav, button").all() if each.is_visible()]
        if seen:
            raise Missed(f"“{name}” should be printed without this: {seen[0].inner_text()}")
        self.album.snap(page, f"{name}-print", whole=True)
        page.emulate_media(media="screen")

    def use_keyboard(self, page: Page, name: str) -> int:
        """Go through a page by Tab alone: each stop is on the screen, with a line around it. Returns how many stops."""
        page.reload()
        stops: list[dict[str, Any]] = []
        for _ in range(MOST_PRESSES):
            page.keyboard.press("Tab")
            stop = page.evaluate(FOCUSED)
            if stop["place"] < 0 or (len(stops) > 1 and stop["place"] == stops[0]["place"]):
                break  # once around
            if not stop["seen"] or stop["line"] < LEAST_LINE:
                raise Missed(f"On “{name}”, one should see that “{stop['name']}” has the focus: {stop}.")
            if not stops or stops[-1]["place"] != stop["place"]:  # the parts of a time are several stops in one
                stops.append(stop)
        if not stops or not stops[0]["name"].startswith("Skip"):
            raise Missed(f"On “{name}”, the first stop should lead past the menu, and is {stops[:1]}.")
        if len(stops) != (there := page.evaluate(REACHABLE)):
            raise Missed(f"“{name}” has {there} things to reach, and Tab reaches {len(stops)}.")
        return len(stops)

    def report(self) -> None:
        """Print how much was looked at, and what axe calls less than serious."""
        told = (
            f"and calls these less than serious: {', '.join(sorted(self.lesser))}"
            if self.lesser
            else "and nothing else"
        )
        print(f"           axe looked {self.runs} times at {self.pages} pages: nothing serious, {told}", flush=True)  # noqa: T201

    def _ask_axe(self, page: Page, where: str) -> None:
        self.runs += 1
        found = self.axe.run(page, options=OPTIONS).response["violations"]
        grave = [each for each in found if each["impact"] in GRAVE]
        self.lesser |= {each["id"] for each in found if each not in grave}
        if grave:
            told = "; ".join(f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in grave)
            raise Missed(f"axe finds on “{where}”: {told}")
