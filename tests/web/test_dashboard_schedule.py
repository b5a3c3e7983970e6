"""Changing when a group's digest comes, on the dashboard."""

import pytest

from models import Group, Invite
from tests.api.programs import member_of, rows
from tests.town import Person, Town
from tests.web.club import Club
from tests.web.visitor import Visitor

WEEKLY = {
    "rhythm": "weekly",
    "weekday": "0",
    "day": "1",
    "at": "08:15",
    "cron": "",
    "zone": "Europe/London",
    "form": "story",
}


def group_of(town: Town, club: Club) -> Group:
    return rows(town.world, Group, id=club.group)[0]


def test_the_form_shows_the_schedule_as_it_is(visitor: Visitor, club: Club) -> None:
    page = visitor.get(f"/groups/{club.group}/schedule")
    assert '<input type="radio" name="rhythm" value="weekly" checked>' in page
    assert '<option value="6" selected>Sunday</option>' in page
    assert 'value="18:00"' in page
    assert '<option value="Europe/Brussels" selected>' in page


def test_a_preview_stores_nothing_and_saving_does(town: Town, visitor: Visitor, club: Club) -> None:
    path, before = f"/groups/{club.group}/schedule", group_of(town, club)
    seen = visitor.post(path, **WEEKLY, preview="1")
    assert seen.status_code == 200
    assert "The next digest would come on Mon 23 Nov" in seen.text
    assert "about 16–22 Nov" in seen.text
    assert "Sunday Legends" in seen.text
    assert '<option value="0" selected>Monday</option>' in seen.text, "the form keeps what was chosen"
    assert group_of(town, club).digest_schedule == before.digest_schedule
    saved = visitor.follow(visitor.post(path, **WEEKLY))
    assert "Saved. This is when the digest comes from now on." in saved
    assert "It comes every Monday at 08:15 (Europe/London)." in saved
    after = group_of(town, club)
    assert (after.digest_schedule, after.timezone, after.settings["digest_form"]) == (
        "15 8 * * 1",
        "Europe/London",
        "story",
    )
    assert "changed when the digest comes" in saved


@pytest.mark.parametrize(
    ("change", "cron"),
    [
        ({"rhythm": "monthly", "day": "-1"}, "15 8 L * *"),
        ({"rhythm": "monthly", "day": "28"}, "15 8 28 * *"),
        ({"rhythm": "cron", "cron": "30 7 * * 1,4"}, "30 7 * * 1,4"),
        ({"rhythm": "never", "at": ""}, None),
    ],
)
def test_every_rhythm_can_be_chosen(
    town: Town, visitor: Visitor, club: Club, change: dict[str, str], cron: str | None
) -> None:
    path = f"/groups/{club.group}/schedule"
    assert visitor.post(path, **WEEKLY | change, preview="1").status_code == 200
    visitor.follow(visitor.post(path, **WEEKLY | change))
    assert group_of(town, club).digest_schedule == cron
    assert f'value="{change["rhythm"]}" checked' in visitor.get(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": ""}, "is not a time of day"),
        ({"at": "25:00"}, "“25:00” is not a time of day"),
        ({"rhythm": "cron", "cron": "<b>"}, "That is not a cron line."),
        ({"rhythm": "cron", "cron": "* * * * *"}, "That would come more than once a day."),
    ],
)
def test_what_is_impossible_is_said_and_nothing_changes(
    town: Town, visitor: Visitor, club: Club, change: dict[str, str], said: str
) -> None:
    before = group_of(town, club).digest_schedule
    answer = visitor.post(f"/groups/{club.group}/schedule", **WEEKLY | change)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'role="alert"' in answer.text
    assert "<b>" not in answer.text
    assert group_of(town, club).digest_schedule == before


@pytest.mark.parametrize(
    "change", [{"zone": "Moon/Base"}, {"weekday": "7"}, {"day": "31"}, {"rhythm": "hourly"}, {"form": "song"}]
)
def test_what_the_form_cannot_send_is_refused(visitor: Visitor, club: Club, change: dict[str, str]) -> None:
    assert visitor.post(f"/groups/{club.group}/schedule", **WEEKLY | change).status_code == 400


def test_only_those_who_run_the_group_change_it(town: Town, visitor: Visitor, club: Club) -> None:
    path = f"/groups/{club.group}/schedule"
    member, outsider = Visitor(town, club.member + 1), Visitor(town, member_of(town, "Rosa", 901).id)
    assert [each.client.get(f"/dashboard{path}").status_code for each in (member, outsider)] == [403, 404]
    assert [each.post(path, **WEEKLY).status_code for each in (member, outsider)] == [403, 404]
    assert member.post(path, **WEEKLY, preview="1").status_code == 403


def test_the_chat_and_the_page_change_the_same_schedule(town: Town, zoe: Person) -> None:
    zoe.says("new group Walkers")
    browser = town.browser()
    browser.open_dashboard(zoe.says("dashboard"))
    [group] = rows(town.world, Group)
    browser.get(f"/dashboard/groups/{group.id}/schedule")
    browser.submit(**WEEKLY)
    assert "every Monday at 08:15 (Europe/London), told as a story" in zoe.says("schedule")


def test_an_invite_is_good_for_as_many_days_and_people_as_chosen(town: Town, visitor: Visitor, club: Club) -> None:
    page = visitor.post(f"/groups/{club.group}/invites", days=7, uses=1).text
    assert "for 1 person" in page
    [made] = rows(town.world, Invite)
    assert (made.most_uses, (made.expires_at - town.clock()).days) == (1, 7)
    assert visitor.post(f"/groups/{club.group}/invites", days=4000, uses=1).status_code == 409
