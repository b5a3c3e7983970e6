"""The dashboard in a real Chromium: from the link to each page and each form. Ends with 0 only if all of it went well.

python -m tests.browser.dashboard [FOLDER FOR THE SCREENSHOTS]
"""

import re
import sys

from playwright.sync_api import Browser, Page

from tests.browser.album import SIZES, Album
from tests.browser.evening import run, step
from tests.browser.people import Missed, Person
from tests.browser.running_demo import Place, running
from tests.browser.whose import Two

SCREENS = {
    "This week": "week",
    "My year": "year",
    "Records": "records",
    "Group": "group",
    "What’s on": "on",
    "My data": "me",
    "Run the group": "run",
}


def started(two: Two) -> None:
    """Zoë has a group, José is in it, and both have moved."""
    two.zoe.types("hi", "Zoë")
    said = two.zoe.types("new group Sunday Legends", "Sunday Legends").inner_text()
    invited = re.search(r"join ([A-Z2-9]{6})", said) or re.search(
        r"join(?:%20| )([A-Z2-9]{6})", two.zoe.types("invite", "wa.me").inner_text()
    )
    if invited is None:
        raise Missed(f"There should be a code to join with, and the answer is: {said}")
    two.jose.types(f"join {invited[1]} yes", "You're in")
    two.zoe.types("log run 40 min 8 km", "8.0 km")
    two.zoe.types("log yoga 45 min yesterday", "45 min")
    two.jose.types("log ride 2 h 50 km", "50.0 km")
    two.zoe.types("goal 120 km run month", "120 km")


def opened(two: Two, whose: Person) -> Page:
    """The dashboard of one of them, opened by the link from their chat in a new browser."""
    link = whose.types("dashboard", "Your dashboard").get_by_role("link").last.inner_text()
    tab = two.phone().new_page()
    tab.goto(link)
    tab.get_by_role("button", name="Open it in this browser").click()
    tab.get_by_role("heading", name="This week").first.wait_for()
    if "enter" in tab.url:
        raise Missed(f"The secret should have left the address, which is {tab.url}")
    return tab


def looked_at(tab: Page, album: Album) -> None:
    """Each page, in each size and light; none may be wider than the screen."""
    for name, short in SCREENS.items():
        tab.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        if (
            tab.get_by_role("navigation", name="Pages").get_by_role("link", name=name).get_attribute("aria-current")
            is None
        ):
            raise Missed(f"The menu should show that one is at “{name}”.")
        for width, height in SIZES.values():
            tab.set_viewport_size({"width": width, "height": height})
            over = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                raise Missed(f"“{name}” is {over} pixels too wide for a screen of {width}.")
        album.keep(tab, f"dashboard-{short}")


def switched_off(zoe: Page, jose: Page) -> None:
    """Zoë switches a field off; she is no longer on José's board by it, and still on the one by points."""
    jose.goto(f"{jose.url.split('/dashboard/')[0]}/dashboard/group?metric=distance")
    jose.get_by_role("row").filter(has_text="Zoë").wait_for()
    zoe.get_by_role("link", name="My data").click()
    zoe.get_by_label("Distance").uncheck()
    zoe.get_by_role("button", name="Save").click()
    zoe.get_by_role("status").filter(has_text="Saved").wait_for()
    jose.reload()
    if jose.get_by_role("row").filter(has_text="Zoë").count():
        raise Missed("Zoë should be on no board by distance any more.")
    jose.get_by_label("By").select_option("points")
    jose.get_by_role("button", name="Show").click()
    jose.get_by_role("row").filter(has_text="Zoë").wait_for()


def exported(tab: Page, zoe: Person) -> None:
    """The copy is asked for on the page; its link comes in the chat."""
    tab.get_by_role("link", name="My data").click()
    tab.get_by_role("button", name="Make a copy of my data").click()
    tab.get_by_role("status").filter(has_text="Its link comes in the chat").wait_for()
    zoe.hears("Your copy is ready", after=0)


def signed_out_everywhere(two: Two, tab: Page) -> None:
    """One button ends both browsers of Zoë's."""
    other = opened(two, two.zoe)
    tab.get_by_role("button", name="Sign out everywhere, here too").click()
    tab.get_by_role("heading", name="You are signed out").wait_for()
    other.reload()
    other.get_by_role("heading", name="You are not signed in").wait_for()


def erased(two: Two) -> None:
    """The code comes in the chat, and erases everything on the page."""
    tab = opened(two, two.zoe)
    tab.get_by_role("link", name="My data").click()
    tab.get_by_role("button", name="Send me the code").click()
    tab.get_by_label("Code from the chat").wait_for()
    code = re.search(r"DELETE (\d{4})", two.zoe.hears("DELETE", after=0).inner_text())
    tab.get_by_label("Code from the chat").fill(code[1] if code else "")
    tab.get_by_role("button", name="Erase everything about me").click()
    tab.get_by_role("heading", name="Everything is erased").wait_for()


def play(browser: Browser, place: Place, album: Album) -> None:
    """All of it, in one demo."""
    with running(place):
        two = Two(browser, place, album)
        with step("a group of two who have moved"):
            started(two)
        with step("the link opens the dashboard in one browser"):
            zoe, jose = opened(two, two.zoe), opened(two, two.jose)
        with step("each page, in two widths, light and dark"):
            looked_at(zoe, album)
        with step("a field switched off on the page leaves the group's board"):
            switched_off(zoe, jose)
        with step("a copy of all data, by the chat"):
            exported(zoe, two.zoe)
        with step("signed out everywhere"):
            signed_out_everywhere(two, zoe)
        with step("erased, with the code from the chat"):
            erased(two)


if __name__ == "__main__":
    sys.exit(run(play, sys.argv[1:]))
