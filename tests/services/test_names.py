"""Deceptive names, and people with the same name."""

import pytest
from sqlalchemy import select, update

from jobs import housekeeping
from models import Group, Kudos, Member
from tests.scenes import code_in, has_moved, runs, start_group
from tests.town import Person, Town

OFFICIAL = "sounds as if it came from me, from a company or from somebody in charge"


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ("gruppetto.help", "friend"),
        ("paypal.us", "friend"),
        ("evil。com", "friend"),
        ("Gruppetto Support", "friend"),
        ("Аdmin", "friend"),
        ("Sоmebody", "friend"),
        ("S0mebody", "friend"),
        ("Zoë (owner)", "friend"),
        ("evil.\u200dcom", "friend"),
        ("ɢʀᴜᴘᴘᴇᴛᴛᴏ sᴜᴘᴘᴏʀᴛ", "friend"),
        ("🅰🅳🅼🅸🅽", "friend"),
        ("A⃝dmin", "friend"),
        ("sᴏᴍᴇʙᴏᴅʏ", "friend"),
        ("evil˙com", "friend"),
        ("管理员", "friend"),
        ("Max Security", "friend"),
        ("Lisa.Ng", "Lisa. Ng"),
        ("Ben see evil.bike", "Ben see"),
        ("J.R.", "J.R."),
        ("Аnna", "Anna"),
        ("Сара", "Сара"),
    ],
)
def test_a_profile_name_deceives_nobody(town: Town, profile: str, name: str) -> None:
    town.person(profile, "+32470000077").says("hi")
    with town.world.sessions() as session:
        assert session.scalars(select(Member.name)).all() == [name]


@pytest.mark.parametrize(
    "name",
    [
        "Gruppetto Support",
        "ᴀᴅᴍɪɴ",
        "🅰🅳🅼in",
        "Grupetto Team",
        "admin",
        "Garmin-Team",
        "WhatsАpp Security",
        "Soporte",
        "Ben ✅",
    ],
)
def test_a_chosen_name_claims_no_office(zoe: Person, name: str) -> None:
    zoe.says("hi")
    assert OFFICIAL in zoe.says(f"call me {name}")
    assert "Hi Zoë" in zoe.says("hi")


def test_a_name_like_another_in_the_group_is_refused(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for name in ("Zoë", "ZOE", "Zoë.", "Ζoё", "Z o e", "ᴢᴏᴇ", "🆉🅾e", "Z⃝oe"):
        heard = jose.says(f"call me {name}")
        assert heard.startswith("Somebody in *Sunday Legends* is called that already, or nearly.")
    assert "• José" in zoe.says("members")
    assert jose.says("call me Zoë K") == "You're *Zoë K* here now."


def test_one_keeps_the_name_one_has(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert jose.says("call me JOSÉ") == "You're *JOSÉ* here now."


@pytest.mark.parametrize("profile", ["Ben", "BEN", "Веn", "𝐁𝐞𝐧", "B e n", "ʙᴇɴ", "🅱en", "B҉en"])
def test_who_joins_with_the_name_of_another_is_told_apart(town: Town, zoe: Person, profile: str) -> None:
    ben = town.person("Ben", "+32470000011")
    other = town.person(profile, "+32470000012") if profile != "Ben" else _another_ben(town)
    code = start_group(zoe, ben)
    assert "Somebody there has your name already, or nearly, so you're called" in other.says(f"join {code} yes")
    assert "(2)* from now on. *name* chooses another." in other.heard
    listed = zoe.says("members")
    assert "• Ben\n" in listed
    assert listed.count("(2)") == 1


def test_people_of_one_name_are_apart_on_boards_and_in_choices(town: Town, zoe: Person) -> None:
    ben, other = town.person("Ben", "+32470000011"), _another_ben(town)
    start_group(zoe, ben, other)
    has_moved(ben, runs(17))
    assert "*Ben*" in zoe.says("leaderboard")
    for what in ("kick", "ban", "promote"):
        heard = zoe.says(f"{what} Ben")
        assert heard.startswith('Several match "Ben". Send the sign instead of the name:')
        assert zoe.buttons == ["Ben", "Ben (2)"]
    assert zoe.taps("Ben (2)").startswith("Ben (2) is an admin")
    assert zoe.says("demote Ben (2)").startswith("Ben (2) is a member")


def test_another_name_ends_the_number_and_undo_brings_no_doubled_name_back(town: Town, zoe: Person) -> None:
    ben, other = town.person("Ben", "+32470000011"), _another_ben(town)
    code = start_group(zoe, ben)
    ben.says("call me Benno")
    assert "You're in *Sunday Legends*" in other.says(f"join {code} yes")
    assert ben.taps("Undo").startswith("↩️ Taken back")
    listed = zoe.says("members")
    assert "• Ben\n" in listed
    assert "• Ben (2)\n" in listed


def test_who_leaves_and_takes_that_back_is_told_apart_from_who_came_meanwhile(town: Town, zoe: Person) -> None:
    ben, other = town.person("Ben", "+32470000011"), _another_ben(town)
    code = start_group(zoe, ben)
    ben.says("leave")
    ben.says("yes")
    assert "called *" not in other.says(f"join {code} yes")
    assert "so you're called *Ben (2)* from now on." in ben.says("undo")
    assert "• Ben (2)\n" in zoe.says("members")


def test_a_number_that_is_somebodys_in_another_group_is_not_given_twice(town: Town, zoe: Person, jose: Person) -> None:
    first, second, third = (town.person(f"Ben{n}", f"+3247000001{n}") for n in range(3))
    for ben in (first, second, third):
        ben.phone.name = "Ben"
    start_group(zoe, first, second, name="Sunday Legends")  # Ben, Ben (2)
    code = start_group(jose, third, name="Early Birds")  # Ben
    second.says(f"join {code} yes")
    first.says(f"join {code} yes")  # neither "Ben", who is there, nor "Ben (2)", who is in both
    assert "• Ben (3)\n" in zoe.says("members")
    assert zoe.heard.count("(2)") == 1
    assert sorted(line for line in jose.says("members").splitlines() if "Ben" in line) == [
        "• Ben",
        "• Ben (2)",
        "• Ben (3)",
    ]


def test_a_name_that_is_cut_for_its_number_becomes_no_address(town: Town, zoe: Person) -> None:
    name = f"{'a' * 29}.combine"  # cut, it would end in ".com"
    one, other = town.person(name, "+32470000011"), town.person("Other", "+32470000012")
    other.phone.name = name
    start_group(zoe, one, other)
    with town.world.sessions() as session:
        assert ".com" not in session.scalars(select(Member.name).where(Member.name.like("%(2)"))).one()


def test_names_from_before_these_rules_are_mended_once_and_their_owners_told(
    town: Town, zoe: Person, jose: Person
) -> None:
    ben, dev = town.person("Ben", "+32470000011"), town.person("Dev", "+32470000012")
    start_group(zoe, jose, dev, ben)
    zoe.says("describe We run")
    with town.world.sessions.begin() as session:
        for before, name in (("José", "Zоë"), ("Dev", "gruppetto.help"), ("Ben", "J.R.")):
            session.execute(update(Member).where(Member.name == before).values(name=name, names_version=0))
        session.execute(update(Group).values(name="Garmin Support", description="Go to evil.bike", names_version=0))
    before = ben.count()
    housekeeping.sweep()
    town.rest()
    assert jose.heard.startswith("You're called *Zoë (2)* here from now on.")
    assert dev.heard.startswith("You're called *friend* here from now on.")
    assert zoe.heard.startswith("Your group is called *Group 1* from now on.")
    assert ben.count() == before
    with town.world.sessions() as session:
        assert set(session.scalars(select(Member.name))) == {"Zoë", "Zoë (2)", "friend", "J.R."}
        assert session.scalars(select(Group.description)).one() == "Go to"
    heard = [person.count() for person in (zoe, jose, dev)]
    housekeeping.sweep()
    town.rest()
    assert [person.count() for person in (zoe, jose, dev)] == heard


def test_who_waits_to_be_let_in_is_told_apart_too(town: Town, zoe: Person) -> None:
    twin = town.person("Zоё", "+32470000012")
    code = code_in(zoe.says("new group Sunday Legends"))
    zoe.says("settings approval on")
    assert "so you're called *" in twin.says(f"join {code} yes")
    assert "(2) asks to join *Sunday Legends*." in zoe.heard
    zoe.taps("Approve")
    assert zoe.says("members").count("(2)") == 1


@pytest.mark.parametrize("wanted", ["Zoë", "ᴢᴏë", "José"])
def test_who_waits_to_be_let_in_takes_nobodys_name_meanwhile(
    town: Town, zoe: Person, jose: Person, wanted: str
) -> None:
    mia = town.person("Mia", "+4915100000077")
    code = start_group(zoe, jose)
    zoe.says("settings approval on")
    mia.says(f"join {code} yes")
    assert mia.says(f"name {wanted}").startswith("Somebody in *Sunday Legends* is called that already, or nearly.")
    assert "1. Mia, since" in zoe.says("waiting")
    assert jose.says("name Mia").startswith("Somebody in *Sunday Legends* is called that already, or nearly.")
    assert mia.says("name Mia K") == "You're *Mia K* here now."


def test_who_waits_gets_no_name_back_that_somebody_took_meanwhile(town: Town, zoe: Person, sara: Person) -> None:
    ben = town.person("Ben", "+32470000011")
    code = start_group(zoe)
    zoe.says("settings approval on")
    ben.says(f"join {code} yes")
    ben.says("name Benno")
    assert zoe.says("name Ben") == "You're *Ben* here now."
    assert ben.taps("Undo").startswith("↩️ Taken back")
    assert "1. Ben (2), since" in zoe.says("waiting")


@pytest.mark.parametrize("profile", ["Max Security", "gruppetto.help", "Somebody", "", "."])
def test_who_has_no_name_that_may_be_shown_is_told_so_and_how_to_choose_one(town: Town, profile: str) -> None:
    person = town.person("Max", "+4915100000077")
    person.phone.name = profile
    heard = person.says("hi")
    assert heard.startswith("Hi friend")
    assert 'no name that I can show to others, so I call you "friend". *name Max* chooses another.' in heard
    person.says("name Max")
    assert "so I call you" not in person.says("hi")


def test_who_joins_without_a_name_that_may_be_shown_is_told_so(town: Town, zoe: Person) -> None:
    person = town.person("Max", "+4915100000077")
    person.phone.name = "Max Security"
    code = start_group(zoe)
    heard = person.says(f"join {code} yes")
    assert heard.startswith("✅ You're in *Sunday Legends*.")
    assert 'so I call you "friend". *name Max* chooses another.' in heard


@pytest.mark.parametrize(
    ("line", "found", "instead"),
    [
        ("name Max Security", "Security", "Without that it works: *name Max*."),
        ("name Max sᴇᴄᴜʀɪᴛʏ", "sᴇᴄᴜʀɪᴛʏ", "Without that it works: *name Max*."),
        ("name Admin", "Admin", "Please choose other words: *name* and what you'd like instead."),
        ("new group Alps Gruppetto Support", "Gruppetto Support", "Without that it works: *new group Alps*."),
        ("rename group Official Garmin", "Official Garmin", "Please choose other words: *rename group*"),
    ],
)
def test_the_refusal_of_a_name_says_which_word_and_what_to_send(
    zoe: Person, line: str, found: str, instead: str
) -> None:
    start_group(zoe)
    heard = zoe.says(line)
    assert heard.startswith(f'"{found}" {OFFICIAL}')
    assert instead in heard


@pytest.mark.parametrize(
    "line",
    [
        "new group Gruppetto Support",
        "new group ɢʀᴜᴘᴘᴇᴛᴛᴏ sᴜᴘᴘᴏʀᴛ",
        "describe 🅶armin 🆂upport",
        "rename group Official Garmin",
        "describe Write to WhatsApp Support",
    ],
)
def test_no_group_claims_to_be_official(town: Town, zoe: Person, line: str) -> None:
    start_group(zoe)
    assert OFFICIAL in zoe.says(line)
    with town.world.sessions() as session:
        assert session.execute(select(Group.name, Group.description)).all() == [("Sunday Legends", None)]


def test_a_group_whose_name_looks_like_another_of_ones_own_is_refused(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("new group Sundаy Legends").startswith("You're in a group called")


def test_kind_words_claim_no_office_and_hold_no_address(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert OFFICIAL in zoe.says("kudos José Gruppetto Support needs your password")
    zoe.says("kudos José great. Now see gruppetto.help today")
    with town.world.sessions() as session:
        assert session.scalars(select(Kudos.words)).all() == ["great. Now see today"]


def _another_ben(town: Town) -> Person:
    """Return a second person with that name. The town identifies people by their names, so it cannot add one itself."""
    other = town.person("Benjamin", "+32470000012")
    other.phone.name = "Ben"
    return other
