"""The dashboard in a real Chromium: from the link to each page and each form. Ends with 0 only if all of it went well.

It is part of `make browser`, which a person runs: CI has no Chromium.

python -m tests.browser.dashboard [FOLDER FOR THE SCREENSHOTS]
"""

import re
import sys

from playwright.sync_api import Browser, Page

from tests.browser.album import Album
from tests.browser.evening import run, step
from tests.browser.friends import Evening
from tests.browser.inspecting import Inspector
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
CODE = re.compile(r"(\d{6}) confirms what was asked for")
MOST_TABS = 60


def started(two: Two) -> None:
    """On Saturday evening, Zoë has a group, José is in it, and both have moved."""
    Evening(two.page, two.album).saturday()  # in the night, notices would wait for the morning
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


def opened(two: Two, whose: Person, eyes: Inspector | None = None) -> Page:
    """The dashboard of one of them, opened by the link from their chat in a new browser."""
    link = whose.types("dashboard", "Your dashboard").get_by_role("link").last.inner_text()
    tab = two.phone().new_page()
    tab.goto(link)
    if eyes:
        eyes.inspect(tab, "dashboard-enter")
    tab.get_by_role("button", name="Open it in this browser").click()
    tab.get_by_role("heading", name="This week").first.wait_for()
    if "enter" in tab.url:
        raise Missed(f"The secret should have left the address, which is {tab.url}")
    return tab


def menu(tab: Page, name: str) -> None:
    """Go to a page by the menu, which shows that one is there."""
    link = tab.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True)
    link.click()
    if link.get_attribute("aria-current") is None:
        raise Missed(f"The menu should show that one is at “{name}”.")


def looked_at(tab: Page, eyes: Inspector) -> None:
    """Each page, in each size and light."""
    for name, short in SCREENS.items():
        menu(tab, name)
        eyes.inspect(tab, f"dashboard-{short}")


def by_keyboard(tab: Page, eyes: Inspector) -> None:
    """Each page by Tab alone; and one field switched off and on again without a mouse."""
    for name in SCREENS:
        menu(tab, name)
        eyes.use_keyboard(tab, name)
    menu(tab, "My data")
    for _ in range(2):
        tab.get_by_label("Distance").focus()
        tab.keyboard.press("Space")
        pressed_on(tab, "Save")
        tab.get_by_role("status").filter(has_text="Saved").wait_for()
    if not tab.get_by_label("Distance").is_checked():
        raise Missed("The field should be as it was.")


def pressed_on(tab: Page, button: str) -> None:
    """Press Tab until a button has the focus, and then Enter."""
    for _ in range(MOST_TABS):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.innerText").startswith(button):
            return tab.keyboard.press("Enter")
    raise Missed(f"Tab should lead to “{button}”.")


def printed(tab: Page, eyes: Inspector) -> None:
    """The week, the year and the board on paper."""
    for name in ("This week", "My year", "Group"):
        menu(tab, name)
        eyes.print_out(tab, f"dashboard-{SCREENS[name]}")


def run_the_group(two: Two, tab: Page, eyes: Inspector) -> None:
    """An invite, another time for the digest after its preview, and José becomes an admin by a code from the chat."""
    menu(tab, "Run the group")
    tab.get_by_role("button", name="New invite, with QR code").click()
    tab.get_by_role("img", name="QR code").wait_for()
    eyes.inspect(tab, "dashboard-invite")
    menu(tab, "Run the group")
    tab.get_by_role("link", name="Change when it comes").click()
    tab.get_by_label("Day of the week").select_option("Monday")
    tab.get_by_role("button", name="See the next digest").click()
    tab.get_by_role("status").filter(has_text="The next digest would come on Mon").wait_for()
    eyes.inspect(tab, "dashboard-schedule")
    tab.get_by_role("button", name="Save").click()
    tab.get_by_text("It comes every Monday").wait_for()
    tab.get_by_role("link", name="José").click()
    eyes.inspect(tab, "dashboard-member")
    tab.get_by_role("button", name="Make an admin").click()
    confirmed(two, tab, eyes, "becomes an admin", "They are an admin now")
    two.jose.hears("You're an admin of Sunday Legends now", after=0)


def made_a_token(two: Two, tab: Page, eyes: Inspector) -> None:
    """A personal token, with a name and a scope, by a code from the chat; what is missing is said beside the field."""
    menu(tab, "My data")
    tab.get_by_role("link", name="New token for a script").click()
    tab.get_by_label("What is it for?").fill("my plot")
    tab.get_by_role("button", name="Send me the code").click()
    tab.get_by_role("alert").filter(has_text="Tick at least one thing").wait_for()
    eyes.inspect(tab, "dashboard-new-token")
    tab.get_by_label("Read your activities").check()
    tab.get_by_role("button", name="Send me the code").click()
    confirmed(two, tab, None, "a new personal token", "only this page shows it")
    tab.get_by_text("gtp_").wait_for()
    eyes.inspect(tab, "dashboard-token")


def made_addresses(tab: Page, eyes: Inspector) -> None:
    """An address for a calendar and one for a feed reader; both are in the list afterwards, and one is ended."""
    for button, name in (("for my calendar", "calendar"), ("for the digests of", "digests")):
        menu(tab, "My data")
        tab.get_by_role("button", name=f"Make an address {button}").click()
        tab.get_by_role("heading", name="A new address").wait_for()
        eyes.inspect(tab, f"dashboard-feed-{name}")
    tab.get_by_role("link", name="Back to my data").click()
    eyes.inspect(tab, "dashboard-me-full")
    tab.get_by_role("button", name="End the calendar").click()
    tab.get_by_role("status").filter(has_text="That address shows nothing any more").wait_for()


def read_acts(tab: Page, eyes: Inspector) -> None:
    """What was done with Zoë's data: what the walk has done so far is there."""
    menu(tab, "My data")
    tab.get_by_role("link", name="Who did what with my data").click()
    tab.get_by_role("heading", name="Who did what with my data").wait_for()
    if not tab.locator(".acts").count():
        raise Missed("The page should list what was done.")
    eyes.inspect(tab, "dashboard-acts")
    eyes.use_keyboard(tab, "dashboard-acts")


def confirmed(two: Two, tab: Page, eyes: Inspector | None, act: str, done: str) -> None:
    """Zoë types first a wrong code and then the one from her chat."""
    code = CODE.search(two.zoe.hears(act, after=0).inner_text())
    if code is None:
        raise Missed("There should be a code in the chat.")
    field = tab.get_by_label("Code from the chat")
    field.fill(f"{(int(code[1]) + 1) % 1_000_000:06}")
    tab.get_by_role("button", name="Confirm").click()
    tab.get_by_role("alert").filter(has_text="That is not the code").wait_for()
    if eyes:
        eyes.inspect(tab, "dashboard-confirm")
    field.fill(code[1])
    tab.get_by_role("button", name="Confirm").click()
    tab.get_by_role("status").filter(has_text=done).wait_for()


def switched_off(zoe: Page, jose: Page) -> None:
    """Zoë switches a field off; she is no longer on José's board by it, and still on the one by points."""
    jose.goto(f"{jose.url.split('/dashboard/')[0]}/dashboard/group?metric=distance")
    jose.get_by_role("row").filter(has_text="Zoë").wait_for()
    menu(zoe, "My data")
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
    menu(tab, "My data")
    tab.get_by_role("button", name="Make a copy of my data").click()
    tab.get_by_role("status").filter(has_text="Its link comes in the chat").wait_for()
    zoe.hears("Your copy is ready", after=0)


def signed_out_everywhere(two: Two, tab: Page, eyes: Inspector) -> None:
    """One button ends both browsers of Zoë's."""
    other = opened(two, two.zoe)
    tab.get_by_role("button", name="Sign out everywhere, here too").click()
    tab.get_by_role("heading", name="You are signed out").wait_for()
    eyes.inspect(tab, "dashboard-gone")
    other.reload()
    other.get_by_role("heading", name="You are not signed in").wait_for()
    eyes.inspect(other, "dashboard-signed-out")


def erased(two: Two, eyes: Inspector) -> None:
    """The code comes in the chat, and erases everything on the page."""
    tab = opened(two, two.zoe)
    menu(tab, "My data")
    tab.get_by_role("button", name="Send me the code").click()
    tab.get_by_label("Code from the chat").wait_for()
    eyes.inspect(tab, "dashboard-erase")
    code = re.search(r"DELETE (\d{4})", two.zoe.hears("DELETE", after=0).inner_text())
    tab.get_by_label("Code from the chat").fill(code[1] if code else "")
    tab.get_by_role("button", name="Erase everything about me").click()
    tab.get_by_role("heading", name="Everything is erased").wait_for()
    eyes.inspect(tab, "dashboard-erased")


def play(browser: Browser, place: Place, album: Album) -> None:
    """All of it, in one demo."""
    with running(place):
        two, eyes = Two(browser, place, album), Inspector(album)
        with step("a group of two who have moved"):
            started(two)
        with step("the link opens the dashboard in one browser"):
            zoe, jose = opened(two, two.zoe, eyes), opened(two, two.jose)
        with step("each page, in two widths, light and dark"):
            looked_at(zoe, eyes)
        with step("each page by keyboard alone"):
            by_keyboard(zoe, eyes)
        with step("pages on paper"):
            printed(zoe, eyes)
        with step("running the group: an invite, the schedule, an admin by a code from the chat"):
            run_the_group(two, zoe, eyes)
        with step("a token for a script, by a code from the chat"):
            made_a_token(two, zoe, eyes)
        with step("addresses for a calendar and a feed reader"):
            made_addresses(zoe, eyes)
        with step("what was done with one's data"):
            read_acts(zoe, eyes)
        with step("a field switched off on the page leaves the group's board"):
            switched_off(zoe, jose)
        with step("a copy of all data, by the chat"):
            exported(zoe, two.zoe)
        with step("signed out everywhere"):
            signed_out_everywhere(two, zoe, eyes)
        with step("erased, with the code from the chat"):
            erased(two, eyes)
        eyes.report()


if __name__ == "__main__":
    sys.exit(run(play, sys.argv[1:]))
