"""The dashboard's link, and the browsers and programs that are signed in, as the chat tells of them."""

import re

from models import PersonalToken, Scope
from tests.api.programs import rows, script, signed_in
from tests.town import Person, Town


def test_programs_are_listed_and_all_of_them_ended(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    assert zoe.says("signed in").startswith(
        "No browser and no program is signed in as you, and you have no personal tokens."
    )
    assert zoe.buttons == []
    program, helper = signed_in(town.world, 1, device="laptop"), script(town.world, 1, Scope.PROFILE_READ)
    heard = zoe.says("devices")
    assert "• laptop, last used Wed 18 Nov" in heard
    assert "• a test, until Fri 18 Dec" in heard
    assert zoe.taps("Sign out all").startswith("This ends 1 session and 1 personal token at once.")
    assert zoe.taps("No, keep them")
    assert program.get("/me").status_code == 200
    assert zoe.says("sign out yes").startswith("✅ Ended 1 session and 1 personal token.")
    assert [program.get("/me").status_code, helper.get("/me").status_code] == [401, 401]
    assert rows(town.world, PersonalToken)[0].ended_at == town.clock()


def test_the_dashboard_is_one_tap_from_my_numbers(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    zoe.says("log run 40 min 8 km")
    zoe.says("me")
    assert zoe.buttons == ["Last week", "Leaderboard", "Dashboard"]
    heard = zoe.taps("Dashboard")
    assert heard.startswith("📊 Your dashboard, for your eyes only: http")
    assert "The link works once, within 15 minutes. The browser that opens it stays signed in for 30 days" in heard
    assert re.search(r"/dashboard/enter/[\w-]{43}(?=\s)", heard)


def test_a_browser_is_listed_beside_programs_and_signed_out_with_them(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    browser = town.browser()
    browser.open_dashboard(zoe.says("dashboard"))
    program = signed_in(town.world, 1, device="laptop")
    heard = zoe.says("signed in")
    assert "• Firefox on Linux, last used Wed 18 Nov" in heard
    assert "• laptop, last used Wed 18 Nov" in heard
    assert zoe.says("sign out yes").startswith("✅ Ended 2 sessions and 0 personal tokens.")
    assert program.get("/me").status_code == 401
    browser.get("/dashboard/")
    assert browser.answer.status_code == 401
    assert "Send <strong>dashboard</strong> in WhatsApp" in browser.answer.text
