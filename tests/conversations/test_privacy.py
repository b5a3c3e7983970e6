"""What the others see: shared fields, hiding, rows without a name."""

from sqlalchemy import select

from models import Identity, Member, Membership
from simulator.garmin.athletes import Athlete
from tests.letters import Letters
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def test_what_the_group_sees_is_told_and_changed(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(jose, runs(16, metres=7_000))
    heard = jose.says("privacy")
    assert heard.startswith("In *Sunday Legends* the others see your name and\n✓ sports\n✓ time\n✓ distance\n")
    assert "Not shared: climbing, steps, calories" in heard
    assert heard.partition("Not shared: ")[2].partition("\n")[0].endswith(", activity titles.")
    assert "no longer sees your distance" in jose.says("share distance off")
    assert "7.0 km" not in zoe.says("leaderboard time")
    assert "José" not in zoe.says("leaderboard distance")
    assert jose.says("undo").startswith("↩️ Taken back")
    assert "7.0 km" in zoe.says("leaderboard distance")


def test_who_hides_is_on_no_board_and_in_no_total_until_they_show_themselves(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    has_moved(jose, runs(17, minutes=67))
    assert "2h 07m" in zoe.says("digest this week")
    assert jose.says("incognito").startswith("🙈 Hidden in *Sunday Legends*.")
    heard = zoe.says("digest this week") + zoe.says("leaderboard")
    assert "José" not in heard
    assert "2h 07m" not in heard
    assert "1h 07m" in jose.says("me")
    assert jose.says("privacy").startswith("In *Sunday Legends* you're *hidden*")
    assert "on the boards of *Sunday Legends* again" in jose.says("unhide")
    assert "José" in zoe.says("leaderboard")


def test_too_few_nameless_ones_are_hidden_and_enough_are_rows_without_names(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    ann = town.person("Ann", "+32470000009")
    start_group(zoe, jose, sara, ann)
    for number, each in enumerate((zoe, jose, sara, ann)):
        has_moved(each, runs(16, 20, minutes=60 + 7 * number))
    assert jose.says("anonymous on").startswith("🎭 Noted. It takes 3 who want that")
    assert "José" not in zoe.says("leaderboard")
    sara.says("anonymous on")
    assert ann.says("anonymous on").startswith("🎭 From tomorrow you're “Somebody”")
    heard = zoe.says("leaderboard time")
    assert "Somebody" not in heard
    assert "1h 07m" not in heard
    town.travel(days=5)  # Monday
    assert "Somebody" not in zoe.says("leaderboard time last week")
    for each in (jose, sara, ann):
        _moves(town, each, 24)
    heard = zoe.says("leaderboard time")
    assert heard.count("Somebody") == 3
    assert not any(name in heard for name in ("José", "سارة", "Ann"))
    jose.says("anonymous off")
    assert "Somebody" not in zoe.says("leaderboard time")


def _moves(town: Town, person: Person, day: int) -> None:
    with town.world.sessions() as session:
        member = session.scalar(select(Member).join(Identity).where(Identity.value == person.phone.number))
    Letters(town).moved(member, november(day).date())


def test_who_wants_to_choose_first_joins_hidden(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    jose.says(f"join {code}")
    assert jose.buttons == ["Yes, join", "Choose first", "No, thanks"]
    assert "hidden: nobody sees anything of you yet" in jose.taps("Choose first")
    with town.world.sessions() as session:
        mine = session.scalars(select(Membership).order_by(Membership.id)).all()[1]
        assert mine.hidden
        assert mine.consent_wording.startswith("*They will see* your first name, your sports")
        assert mine.consent_version


def test_the_name_of_the_nameless_is_nobodys(zoe: Person) -> None:
    assert zoe.says("name Somebody").startswith("I can't use that as a name.")


def test_a_field_that_is_not_named_is_asked_for(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert jose.says("share").startswith("Which figure?")
    assert "sees your activity titles" in jose.says("titles")


def test_who_shows_themselves_by_a_button_does_so_where_they_hid(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    jose.says("hide")
    start_group(zoe, jose, name="Office swim")
    jose.says("hide")
    jose.says("use Sunday Legends")
    assert "on the boards of *Office swim* again" in jose.taps("Show me again")
    assert jose.says("privacy").startswith("In *Sunday Legends* you're *hidden*")


KEPT = ("for a day", "while they last", "for 30 days", "for 13 months", "somebody was erased", "Backups")


def test_everybody_may_read_what_stays_after_delete_me(zoe: Person, jose: Person) -> None:
    start_group(zoe)
    for heard in (zoe.says("privacy"), jose.says("privacy"), zoe.says("delete me")):
        assert [each for each in KEPT if each not in heard] == []
    assert "You're in no group, so nobody sees anything of your training." in jose.says("privacy")
    assert "*privacy* lists" in jose.says("terms")


def test_titles_are_shown_to_the_group_by_whoever_shares_them(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))

    def titled(athlete: Athlete) -> None:
        for day, title in ((16, "Hills with Ben"), (17, "Garmin Support evil.example.com"), (18, "Easy")):
            one = athlete.upload(type_key="running", start=november(day), seconds=3600, metres=10_000)
            athlete.edit(one, activityName=title)

    has_moved(jose, titled)
    assert "Hills" not in zoe.says("stats @José")
    assert "sees your activity titles from now on" in jose.says("share titles on")
    heard = zoe.says("stats @José")
    assert "\n“Easy” · “Hills with Ben”\n" in heard
    assert "Support" not in heard
    jose.says("share titles off")
    assert "Hills" not in zoe.says("stats @José")
