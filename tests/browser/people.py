"""People at the page of phones: they see, click and type. What they miss is reported in a sentence."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Error, Locator, Page, expect

from tests.patience import AT_MOST

PATIENCE = 1000 * AT_MOST  # milliseconds
CARD_WIDTH = 1080
HINT = re.compile(r"Garmin: (\S+)\s+password (\S+?)(?: · code (\d+))?\s+or by key: (\S+)$")


class Missed(Exception):
    """Something that should have been on the screen was not. The message is the sentence to print."""


@dataclass(frozen=True)
class Person:
    """A person with a phone on the page."""

    page: Page
    name: str

    @property
    def phone(self) -> Locator:
        return self.page.locator(".phone").filter(has=self.page.locator("h2", has_text=self.name))

    @property
    def heard(self) -> Locator:
        """Return the rows of the bot's messages, the newest last."""
        return self.phone.locator(".row:not(.mine)")

    @property
    def credentials(self) -> tuple[str, str, str]:
        """Return the e-mail address, password and code at Garmin, from the lines below the name."""
        found = self._hint()
        return found[1], found[2], found[3] or ""

    @property
    def key(self) -> str:
        """Return a Personal API key, from the same lines."""
        return self._hint()[4]

    def _hint(self) -> re.Match[str]:
        line = self.phone.locator(".hint").inner_text().strip()
        found = HINT.search(line)
        if found is None:
            raise Missed(f"The line under {self.name}'s name should tell a Garmin account, and says “{line}”.")
        return found

    def types(self, line: str, expect_answer: str) -> Locator:
        """Type a line, press the round button, and wait for the answer."""
        return self._answer(lambda: self._send(line), expect_answer)

    def sends_what_is_typed(self, beginning: str, expect_answer: str) -> Locator:
        """Press the round button for a line that is already typed."""
        field = self.phone.get_by_label(f"Message as {self.name}")
        try:
            expect(field).to_have_value(re.compile(f"^{beginning} "))
        except AssertionError:
            typed = field.input_value()
            raise Missed(f"“{beginning} …” should be typed in on {self.name}'s phone, and “{typed}” is.") from None
        return self._answer(lambda: self.phone.get_by_label("Send", exact=True).click(), expect_answer)

    def picks(self, chip: str, expect_answer: str) -> Locator:
        """Press one of the suggested lines."""
        lines = self.phone.get_by_role("group", name="Lines to try")
        return self._answer(lambda: lines.get_by_role("button", name=chip, exact=True).click(), expect_answer)

    def taps(self, row: Locator, label: str, expect_answer: str, *, picture: bool = False) -> Locator:
        """Tap a button below a message."""
        button = row.get_by_role("button", name=label, exact=True)
        return self._answer(button.click, expect_answer, picture=picture)

    def hears(self, text: str, *, after: int, picture: bool = False) -> Locator:
        """Wait for a message with this text, later than the first `after` ones; with `picture`, for
        one with a visible picture.
        """
        fitting = self.heard.filter(has_text=text)
        if picture:
            fitting = fitting.filter(has=self.page.locator("img"))
        row = fitting.nth(after)
        try:
            row.wait_for(timeout=PATIENCE)
        except Error:
            newest = self.heard.last.inner_text() if self.heard.count() else "nothing"
            raise Missed(f"{self.name} should read “{text}”, and the newest is: {newest}") from None
        if picture:
            self._look_at(row.locator("img"))
        return row

    def count(self, text: str) -> int:
        """Return how many messages with this text are on the phone."""
        return self.heard.filter(has_text=text).count()

    def _send(self, line: str) -> None:
        self.phone.get_by_label(f"Message as {self.name}").fill(line)
        self.phone.get_by_label("Send", exact=True).click()

    def _answer(self, act: Callable[[], None], expect_answer: str, *, picture: bool = False) -> Locator:
        before = self.heard.filter(has_text=expect_answer)
        if picture:
            before = before.filter(has=self.page.locator("img"))
        after = before.count()
        act()
        return self.hears(expect_answer, after=after, picture=picture)

    def _look_at(self, picture: Locator) -> None:
        """Wait until the picture is loaded: then it has its natural width."""
        try:
            expect(picture).to_have_js_property("naturalWidth", CARD_WIDTH, timeout=PATIENCE)
        except AssertionError:
            width = picture.evaluate("each => each.naturalWidth")
            raise Missed(f"The picture on {self.name}'s phone should be 1080 wide, and is {width}.") from None
