"""Screenshots in a folder: each page in two widths, light and dark."""

from itertools import product
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize

SIZES = {"1280": (1280, 900), "360": (360, 800)}
DESK: ViewportSize = {"width": 1280, "height": 900}
POSTER: ViewportSize = {"width": 1280, "height": 1000}
SCHEMES = ("light", "dark")


class Album:
    """Saves pictures of pages. It restores what it changes for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Save the page in every size and colour scheme; with `whole`, also what is below the screen."""
        for (size, (width, height)), scheme in product(SIZES.items(), SCHEMES):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(100)  # the dark scheme may load another picture
            page.evaluate("Promise.all([...document.images].map(each => each.decode().catch(() => null)))")
            self.snap(page, f"{name}-{size}-{scheme}", whole=whole)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(DESK)

    def snap(self, page: Page, name: str, *, whole: bool = False) -> Path:
        """Save the page as it is."""
        path = self.folder / f"{name}.png"
        page.screenshot(path=path, full_page=whole)
        return path

    def poster(self, page: Page, name: str, *, from_top_of: Locator) -> Path:
        """Save a page for people to look at: tall enough for whole phones, without a pointer, one chat scrolled up."""
        page.set_viewport_size(POSTER)
        page.mouse.move(1, 1)
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(300)  # the chats scroll to their end
        from_top_of.evaluate("each => each.scrollIntoView({block: 'start'})")
        path = self.snap(page, name)
        page.set_viewport_size(DESK)
        return path
