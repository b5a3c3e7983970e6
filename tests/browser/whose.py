"""Two phones and two Garmin accounts in a real Chromium: which account each chat gets. Exit code 0
only if all of it succeeded.

python -m tests.browser.whose [FOLDER FOR THE SCREENSHOTS]
"""

import re
import sys

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.album import DESK, Album
from tests.browser.evening import run, step
from tests.browser.link_page import code_line, ended, finished, sign_in, started
from tests.browser.people import PATIENCE, Missed, Person
from tests.browser.running_demo import Place, running

PREVIEWS = ("WhatsApp/2.26.1 A", "facebookexternalhit/1.1", "TwilioProxy/1.1")
UNLINKED = "I have no Garmin data from you yet"
# The steps of an honest member with one phone, before there was a code; sending it is the only additional step now.
BEFORE = ("open the link", "Continue", "Connect my Garmin", "Back to WhatsApp")
STEPS_MORE = 1


class Two:
    """Zoë and José: the page with both phones, and the browser on each of these phones."""

    def __init__(self, browser: Browser, place: Place, album: Album) -> None:
        self.browser, self.album = browser, album
        self.page = browser.new_context(viewport=DESK, locale="en-GB").new_page()
        self.page.goto(place.url)
        self.zoe, self.jose = Person(self.page, "Zoë 🚴"), Person(self.page, "José")

    def phone(self) -> BrowserContext:
        """Return a browser without cookies, as wide as a phone."""
        context = self.browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
        context.set_default_timeout(PATIENCE)
        return context

    def link(self, of: Person) -> str:
        """Return a new link for this person's chat."""
        return of.picks("link garmin", "Open this page within").get_by_role("link").last.inner_text()

    def signed_in(self, link: str, account: Person, album: Album | None = None) -> Page:
        """Open this link in a new browser, and sign in to `account`."""
        tab = self.phone().new_page()
        started(tab, link, album)
        sign_in(tab, account.credentials)
        return tab

    def sees_nothing(self, member: Person, friend: Person) -> None:
        """Assert that the member has no Garmin account, and was told nothing about the friend's."""
        member.types("status", UNLINKED)
        member.types("me", UNLINKED)
        heard = " ".join(member.heard.all_inner_texts())
        for each in (friend.credentials[0], friend.name):
            if each in heard:
                raise Missed(f"{member.name} should have heard nothing of {friend.name}, and heard {each}.")


def forwarded(two: Two) -> None:
    """The attack: Zoë sends her link to José, who signs in, and sends the code from his own chat as the page says."""
    tab = two.signed_in(two.link(two.zoe), two.jose)
    two.sees_nothing(two.zoe, two.jose)
    line = code_line(tab)
    said = tab.locator("main").inner_text()
    for expected in (
        "Zoë 🚴, number ending in 001",
        "did somebody send you this link?",
        "they would see your activities",
    ):
        if expected not in said:
            raise Missed(f"The page should say “{expected}”, and says: {said}")
    two.jose.types(line, "That code belongs to a link that somebody else asked for")
    two.zoe.hears("sent its code from another WhatsApp chat", after=0)
    tab.reload()
    ended(tab, two.album)
    two.zoe.types(line, "That isn't a code I'm waiting for")
    two.sees_nothing(two.zoe, two.jose)


def stopped(two: Two) -> None:
    """José reads the page before he sends anything, and ends the sign-in there."""
    tab = two.signed_in(two.link(two.zoe), two.jose)
    line = code_line(tab)
    tab.get_by_role("button", name="It isn't mine: delete it").click()
    ended(tab)
    two.zoe.types(line, "That isn't a code I'm waiting for")
    two.sees_nothing(two.zoe, two.jose)


def previewed(two: Two) -> str:
    """Machines open the link first. They learn no name, and the link can still be used."""
    link = two.link(two.zoe)
    for agent in PREVIEWS:
        seen = two.phone().request.get(link, headers={"User-Agent": agent})
        if not seen.ok or "Zoë" in seen.text() or "001" in seen.text().replace(link, ""):
            raise Missed(f"{agent} should see a page that names nobody, and saw: {seen.text()}")
    return link


def honest(two: Two, link: str) -> None:
    """Zoë on one phone: her steps are counted. Another browser that opens the same link afterwards is refused."""
    did, tab = ["open the link", "Continue", "Connect my Garmin"], two.signed_in(link, two.zoe, two.album)
    line = code_line(tab, two.album)
    other = two.phone().new_page()
    other.goto(link)
    other.get_by_role("button", name="Continue").click()
    other.get_by_role("heading", name="This link no longer works").wait_for()
    href = tab.get_by_role("link", name="Send it in WhatsApp").get_attribute("href") or ""
    if not re.fullmatch(rf"https://wa\.me/\d+\?text={line.replace(' ', '%20')}", href):
        raise Missed(f"The button should open WhatsApp with “{line}” typed in, and leads to {href}.")
    did += ["Send it in WhatsApp", "press send"]
    two.zoe.types(line, "That's the right code")
    two.zoe.hears("Your Garmin is connected", after=0)
    tab.reload()
    finished(tab, two.album)
    if len(did) - len(BEFORE) > STEPS_MORE:
        raise Missed(f"Connecting should take {STEPS_MORE} step more than before, and takes: {', '.join(did)}.")
    print(f"           {len(did)} steps: {', '.join(did)}; before there was a code: {len(BEFORE)}", flush=True)  # noqa: T201


def not_me(two: Two) -> None:
    """José signed in to Zoë's account by mistake: one tap disconnects it."""
    tab = two.signed_in(two.link(two.jose), two.zoe)
    two.jose.types(code_line(tab), "That's the right code")
    told = two.jose.hears("Name of the account: Zoë", after=0)
    two.jose.taps(told, "That's not me", "Everything that I read from that account is deleted")
    two.jose.types("status", UNLINKED)


def play(browser: Browser, place: Place, album: Album) -> None:
    """Play all of it, in one demo."""
    with running(place):
        two = Two(browser, place, album)
        with step("a forwarded link: the friend signs in, and the member sees nothing"):
            forwarded(two)
        with step("a forwarded link: the friend ends it on the page"):
            stopped(two)
        with step("previews look at a link and change nothing"):
            link = previewed(two)
        with step("the honest path, and the same link opened a second time"):
            honest(two, link)
        with step("That's not me"):
            not_me(two)
            album.keep(two.page, "whose-phones")


if __name__ == "__main__":
    sys.exit(run(play, sys.argv[1:]))
