"""Programs that are signed in to the API, and what the chat says about them."""

from models import PersonalToken, Scope
from tests.api.programs import rows, script, signed_in
from tests.town import Person, Town


def test_programs_are_listed_and_all_of_them_ended(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    assert zoe.says("signed in").startswith(
        "No program is signed in to the API as you, and you have no personal tokens."
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
