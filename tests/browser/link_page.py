"""The page behind `link garmin`, as a member uses it."""

from typing import Literal

from playwright.sync_api import Browser, Error, Page

from tests.browser.album import Album
from tests.browser.people import PATIENCE, Missed


def connect(tab: Page, credentials: tuple[str, str, str], *, slip: bool = False, album: Album | None = None) -> str:
    """Sign in; with `slip`, first with a wrong password. Returns the line to send; the album gets each page."""
    email, password, _ = credentials
    _keep(tab, album, "link-welcome", heading="Connect your Garmin")
    tab.get_by_role("button", name="Continue").click()
    _keep(tab, album, "link-form", heading="Sign in to Garmin")
    if slip:
        _sign_in(tab, email, f"{password}?")
        _await(tab, "alert", "Garmin doesn't know this e-mail and password together")
        _keep(tab, album, "link-wrong-password", heading="Sign in to Garmin")
    sign_in(tab, credentials, album)
    return code_line(tab, album)


def connect_by_key(tab: Page, key: str) -> str:
    """Paste a key, first one that is cut short, as happens when copying. Returns the line to send."""
    tab.get_by_role("button", name="Continue").click()
    _await(tab, "heading", "Sign in to Garmin")
    _paste(tab, key[:-3])
    _await(tab, "alert", "Garmin says that this key is not valid")
    _paste(tab, key)
    return code_line(tab)


def started(tab: Page, link: str, album: Album | None = None) -> None:
    """Open a link and press its button."""
    tab.goto(link)
    tab.get_by_role("button", name="Continue").click()
    _keep(tab, album, "link-form", heading="Sign in to Garmin")


def sign_in(tab: Page, credentials: tuple[str, str, str], album: Album | None = None) -> None:
    """Fill in e-mail address, password, and Garmin's code if it is asked for."""
    email, password, code = credentials
    _sign_in(tab, email, password)
    if code:
        _keep(tab, album, "link-code", heading="Enter the code")
        tab.get_by_label("Code").fill(code)
        tab.get_by_role("button", name="Send the code").click()


def code_line(tab: Page, album: Album | None = None) -> str:
    """Return the line that must be sent in the chat."""
    _keep(tab, album, "link-confirm", heading="One more step")
    return tab.locator(".line").inner_text()


def finished(tab: Page, album: Album | None = None) -> None:
    """Check that the code was received."""
    _keep(tab, album, "link-done", heading="Connected ✓")


def ended(tab: Page, album: Album | None = None) -> None:
    """Check that the sign-in was ended, here or in another chat."""
    _keep(tab, album, "link-stopped", heading="Nothing was connected")


def opened_elsewhere(browser: Browser, link: str, album: Album) -> None:
    """Check that a used link in another browser says so, and says how to get a new one."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(link)
    tab.get_by_role("button", name="Continue").click()
    _keep(tab, album, "link-over", heading="This link no longer works")
    context.close()


def _sign_in(tab: Page, email: str, password: str) -> None:
    tab.get_by_label("E-mail address at Garmin").fill(email)
    tab.get_by_label("Password at Garmin").fill(password)
    tab.get_by_role("button", name="Connect my Garmin").click()


def _paste(tab: Page, key: str) -> None:
    tab.get_by_label("Personal API key").fill(key)
    tab.get_by_label("It lasts").select_option("90")
    tab.get_by_role("button", name="Connect with this key").click()


def _keep(tab: Page, album: Album | None, name: str, *, heading: str) -> None:
    _await(tab, "heading", heading)
    if album:
        album.keep(tab, name)


def _await(tab: Page, role: Literal["heading", "alert"], text: str) -> None:
    try:
        tab.get_by_role(role).filter(has_text=text).wait_for(timeout=PATIENCE)
    except Error:
        shown = tab.locator("main").inner_text()
        raise Missed(f"The link page should say “{text}”, and says: {shown}") from None
