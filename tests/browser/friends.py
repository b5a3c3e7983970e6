"""What three friends do on an evening at the page of phones, part by part."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import Error, Locator, Page, expect

from tests.browser.album import Album
from tests.browser.link_page import connect, connect_by_key, finished
from tests.browser.people import CARD_WIDTH, Missed, Person

GROUP, DIGEST = "Sunday Legends", "🏁 Sunday Legends"
SATURDAY, EVENING = 5, 19  # the digest is on the next day: everybody who writes now is still in WhatsApp's 24 hours


class Evening:
    """Three friends at one page of phones."""

    def __init__(self, page: Page, album: Album) -> None:
        self.page, self.album = page, album
        self.zoe, self.jose, self.sara = (Person(page, name) for name in ("Zoë 🚴", "José", "سارة"))
        self.everybody = (self.zoe, self.jose, self.sara)

    def saturday(self) -> None:
        """Set the clock of the page to the coming Saturday evening."""
        clock = self.page.get_by_label("Clock UTC")
        now = datetime.fromisoformat(clock.input_value())
        then = (now + timedelta(days=(SATURDAY - now.weekday()) % 7)).replace(hour=EVENING, minute=30)
        then += timedelta(days=7 if then < now else 0)
        clock.fill(then.isoformat(timespec="minutes"))
        self.page.get_by_role("button", name="Set").click()
        self.page.locator(".status-bar .time", has_text="19:3").first.wait_for()

    def group(self) -> None:
        self.zoe.picks("hi", "I'm Gruppetto")
        self.zoe.types(f"new group {GROUP}", f"{GROUP} is ready")

    def invited(self, friend: Person) -> None:
        """Forward Zoë's invite link to a friend: it opens a chat with the line already typed."""
        self.zoe.heard.filter(has_text="is ready").get_by_role("link", name="https://wa.me/").first.click()
        dialog = self.page.get_by_role("dialog", name="Open this link on …")
        if friend is self.jose:
            self.album.keep(self.page, "forwarding")
        dialog.get_by_role("button", name=f"{friend.name}'s phone").click()
        asked = friend.sends_what_is_typed("join", "You're asking to join")
        friend.taps(asked, "Yes, join", f"You're in {GROUP}")

    def connected(self, friend: Person, *, slip: bool = False, album: Album | None = None, key: bool = False) -> str:
        """Use the page of `link garmin` in a tab of its own. Returns its address, which cannot be used again."""
        found = friend.count("Your Garmin is connected")
        link = friend.picks("link garmin", "Open this page within").get_by_role("link")
        with self.page.expect_popup() as opened:
            link.click()
        if key:
            line = connect_by_key(opened.value, friend.key)
        else:
            line = connect(opened.value, friend.credentials, slip=slip, album=album)
        friend.types(line, "That's the right code")
        finished(opened.value, album)
        opened.value.close()
        friend.hears("Your Garmin is connected", after=found)
        return link.inner_text()

    def board(self) -> None:
        text = self.zoe.picks("leaderboard last week", "Together").inner_text()
        for name in ("Zoë", "José", "سارة"):
            if name not in text:
                raise Missed(f"{name} should be on the board of last week, which says: {text}")

    def digest(self) -> None:
        """Press the lever a day after everybody wrote: text and picture come without a line."""
        before = [friend.count(DIGEST) for friend in self.everybody]
        self.page.get_by_role("button", name="Send weekly digest").click()
        for friend, after in zip(self.everybody, before, strict=True):
            text = friend.hears(DIGEST, after=after, picture=True).inner_text()
            if any(name not in text for name in ("Zoë", "José", "سارة")):
                raise Missed(f"All three should be in {friend.name}'s digest, which says: {text}")
        self._told("the digest is out")

    def shared(self) -> None:
        """Check Zoë's page for the real group: the picture in the colours of the phone, the button,
        and the text to send.
        """
        link = self.zoe.types("share digest", "Whoever has the address").get_by_role("link")
        with self.page.expect_popup() as opened:
            link.click()
        tab = opened.value
        expect(tab.locator("img.card")).to_have_js_property("naturalWidth", CARD_WIDTH)
        expect(tab.get_by_role("link", name="Share the text in WhatsApp")).to_have_attribute(
            "href", re.compile(r"^https://wa\.me/\?text=")
        )
        tab.emulate_media(color_scheme="dark")
        dark = tab.locator("source").evaluate("each => new URL(each.srcset, location).href")
        expect(tab.locator("img.card")).to_have_js_property("currentSrc", dark)
        wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            raise Missed(f"The page to share should be as wide as the phone, and is {wide} pixels wider.")
        self.album.keep(tab, "share")
        tab.close()

    @property
    def newest_picture(self) -> Locator:
        """Return the digest's picture on Zoë's phone, with its message."""
        return self.zoe.heard.filter(has=self.page.locator("img")).last

    def look_further(self) -> None:
        """Let one ask for another board and one for a new Garmin page, while the third still reads the digest."""
        self.jose.types("leaderboard last 4 weeks", "pts")
        self.sara.picks("link garmin", "Your history stays")

    def digest_a_week_later(self) -> None:
        """Press the lever a week after the last line: the approved message comes, and a tap brings the digest."""
        before = [friend.count("digest for") for friend in self.everybody]
        self.page.get_by_role("button", name="Send weekly digest").click()
        for friend, after in zip(self.everybody, before, strict=True):
            friend.taps(friend.hears("digest for", after=after), "Show digest", DIGEST, picture=True)
        self._told("“Show digest” brings the picture")

    def _told(self, sentence: str) -> None:
        """Check what the page says about the lever, below its buttons."""
        said = self.page.get_by_role("status")
        try:
            said.filter(has_text=sentence).wait_for()
        except Error:
            raise Missed(f"The page should say “{sentence}”, and says “{said.inner_text()}”.") from None

    def went_on(self) -> None:
        """Check after a restart: the chat, its pictures, and the connected accounts."""
        for friend in self.everybody:
            friend.hears(DIGEST, after=1, picture=True)
        self.zoe.hears(f"{GROUP} is ready", after=0)
        self.zoe.types("members", "All 3 are connected to Garmin")
