"""Groups: starting one, inviting, joining, settings, leaving."""

from datetime import UTC, datetime

from sqlalchemy import select

from models import Group, Member, Role
from services.group import groups
from tests.scenes import code_in, start_group
from tests.town import Person, Town


def test_a_group_is_ready_with_a_link_to_forward(zoe: Person) -> None:
    heard = zoe.says("new group Sunday Legends")
    assert "🎉 *Sunday Legends* is ready." in heard
    assert f"https://wa.me/14155238886?text=join%20{code_in(heard)}" in heard
    assert "The code works until Fri 18 Dec." in heard
    assert "every Sunday at 18:00 (Europe/Brussels)" in heard
    assert zoe.buttons == ["Connect Garmin", "Invite by QR code"]


def test_who_gives_no_name_is_asked_for_it(zoe: Person) -> None:
    assert zoe.says("create group").startswith("What shall the group be called?")
    assert "🎉 *Les Échappés 🚴* is ready." in zoe.says("Les Échappés 🚴")


def test_a_name_may_begin_like_a_command(zoe: Person) -> None:
    for name in ("Top runners", "Me and the boys", "Members only"):
        zoe.says("new group")
        assert f"🎉 *{name}* is ready." in zoe.says(name)


def test_a_question_is_put_aside_by_a_command_even_by_one_that_is_refused(zoe: Person) -> None:
    for aside in ("help", "sync"):
        zoe.says("new group")
        zoe.says(aside)
        assert "is ready" not in zoe.says("oh well then")


def test_a_question_may_be_turned_down(town: Town, zoe: Person) -> None:
    for line in ("cancel", "Cancel.", "No!", "no thanks", "never mind"):
        zoe.says("new group")
        assert zoe.says(line).startswith("OK, nothing has changed.")
    with town.world.sessions() as session:
        assert session.scalar(select(Member.opted_out_at)) is None
    assert "is ready" not in zoe.says("Sunday Legends")


def test_a_question_is_forgotten_after_a_quarter_of_an_hour(town: Town, zoe: Person) -> None:
    zoe.says("new group")
    town.travel(minutes=16)
    assert "is ready" not in zoe.says("Sunday Legends")


def test_a_name_of_nothing_is_refused_and_the_next_line_is_another_try(zoe: Person) -> None:
    zoe.says("new group")
    assert zoe.says("www.example.com").startswith("I can't use that as a name")
    assert "🎉 *Plan B* is ready." in zoe.says("Plan B")


def test_a_name_is_cleaned_before_anybody_sees_it(zoe: Person) -> None:
    assert "🎉 *Fast Club* is ready." in zoe.says("new group *Fast* _Club_ http://x.example/join")


def test_there_is_a_most_of_groups(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    with town.world.sessions.begin() as session:
        member = session.scalar(select(Member))
        for number in range(groups.MOST_GROUPS):
            groups.start(session, member, f"Group {number}", town.clock())
    assert zoe.says("new group One more").startswith("You're in 10 groups")
    assert len(zoe.says("start")) < 700


def test_members_are_listed_with_their_roles(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    jose.connects_garmin()
    heard = sara.says("who")
    assert "*Sunday Legends* · 3 members\n• Zoë (owner)\n• José\n• \u2068سارة\u2069\n" in heard
    assert "1 of 3 connected to Garmin." in heard


def test_a_large_group_with_long_names_is_still_answered(town: Town, zoe: Person) -> None:
    start_group(zoe)
    _crowd(town, 60, "Wolfeschlegelsteinhausenbergerdorff Sr.")
    heard = zoe.says("members")
    assert "61 members\n• Zoë (owner)\n" in heard
    assert "… and " in heard
    assert len(heard) < 700
    assert "Wolfeschlegelsteinhausenbergerdor (9) and 51 more are still in it" in zoe.says("leave yes")
    assert zoe.buttons == ["Wolfeschlegelsteinha", "Wolfeschlegelste (2)", "Wolfeschlegelste (3)"]
    assert len(zoe.heard) < 700


def test_what_needs_a_group_is_refused_at_once_without_one(zoe: Person) -> None:
    for line in ("members", "use", "leave", "invite", "leaderboard", "digest", "schedule", "mute"):
        assert zoe.says(line).startswith("You're in no group yet.")


def test_groups_are_told_apart(zoe: Person) -> None:
    assert zoe.says("groups").startswith("You're in no group yet.")
    assert zoe.buttons == ["Start a group"]
    start_group(zoe, name="Sunday Legends")
    start_group(zoe, name="Office swim")
    heard = zoe.says("groups")
    assert "1. Sunday Legends\n2. Office swim ← we talk about this one" in heard
    assert zoe.buttons == ["Use 1"]
    assert zoe.taps("Use 1") == "Now we talk about *Sunday Legends*."
    assert "*Sunday Legends* · 1 member" in zoe.says("members")


def test_a_group_is_chosen_by_number_name_or_beginning(zoe: Person) -> None:
    start_group(zoe, name="Sunday Legends")
    start_group(zoe, name="Office swim")
    for wanted, found in (("use 1", "Sunday Legends"), ("use OFFICE SWIM", "Office swim"), ("switch to sun", "Sunday")):
        assert f"Now we talk about *{found}" in zoe.says(wanted)
    assert zoe.says("use").startswith("Which group?")
    assert zoe.says("2") == "Now we talk about *Office swim*."


def test_a_group_that_is_not_ones_own_cannot_be_chosen(zoe: Person) -> None:
    start_group(zoe, name="Sunday Legends")
    start_group(zoe, name="Office swim")
    assert zoe.says("use 3") == (
        '"3" is none of your groups. Yours: Sunday Legends and Office swim. *groups* lists them with numbers.'
    )
    assert zoe.says("use ***").startswith("Which group?")
    assert zoe.says("use www.example.com").startswith("That is none of your groups.")


def test_leaving_wants_a_second_word(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    heard = jose.says("leave")
    assert heard.startswith("Leave *Sunday Legends*?\nYou'll be gone from its boards at once")
    assert jose.buttons == ["Yes, leave", "No, stay"]
    assert jose.taps("Yes, leave").startswith("You've left *Sunday Legends*.")
    assert "1 member" in zoe.says("members")


def test_who_has_left_hears_no_news_of_the_group_that_waited_for_the_morning(
    town: Town, zoe: Person, jose: Person
) -> None:
    start_group(zoe, jose)
    jose.says("quiet 20:00 to 7:00")
    town.travel(hours=3)
    zoe.says("promote José")
    assert "runs" not in jose.heard, "it is night where he is"
    jose.says("leave yes")
    before = jose.count()
    town.travel(hours=12)
    assert jose.count() == before


def test_who_thinks_better_of_leaving_stays(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    jose.says("leave")
    for _ in range(2):
        assert jose.taps("No, stay").startswith("OK, nothing has changed.")
    assert "2 members" in jose.says("members")


def test_a_slip_of_the_finger_makes_nobody_leave(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for line in ("leve yes", "laeve yes", "leaveyes"):
        jose.says(line)
    assert "2 members" in jose.says("members")


def test_an_owner_chooses_who_takes_over_before_leaving(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    zoe.says("promote سارة")
    heard = zoe.says("leave yes")
    assert heard.startswith("You run *Sunday Legends*, and José and \u2068سارة\u2069 are still in it. Who takes over")
    assert zoe.buttons == ["سارة", "José"]
    assert zoe.says("Xavier").startswith('I know nobody called "Xavier" in this group.')
    zoe.says("leave")
    assert zoe.says("josé").startswith("Hand *Sunday Legends* to José, and leave it?")
    assert zoe.buttons == ["Yes, leave", "No, stay"]
    assert zoe.taps("Yes, leave").startswith("You've left *Sunday Legends*, and José runs it now.")
    assert jose.heard.startswith("You run *Sunday Legends* now.")
    assert "2 members\n• José (owner)\n• \u2068سارة\u2069 (admin)" in jose.says("members")
    assert zoe.says("groups").startswith("You're in no group yet.")


def test_a_successor_may_be_tapped_and_doubted(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    zoe.says("leave")
    assert zoe.taps("José").startswith("Hand *Sunday Legends* to José, and leave it?")
    assert zoe.taps("No, stay").startswith("OK, nothing has changed.")
    assert "• Zoë (owner)" in zoe.says("members")


def test_a_successor_who_left_in_the_meantime_takes_nothing_over(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    zoe.says("leave José")
    jose.says("leave yes")
    assert zoe.taps("Yes, leave").startswith('I know nobody called "José" in this group.')
    assert "2 members\n• Zoë (owner)" in zoe.says("members")


def test_whoever_is_no_owner_chooses_no_successor(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    assert jose.says("leave سارة yes") == "Only the owner can do that (leave, and say who takes over): Zoë."
    assert "3 members" in jose.says("members")


def test_the_last_one_out_closes_the_group(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    jose.says("leave yes")
    assert "You're the last one in it, so the group ends with you." in zoe.says("leave")
    assert zoe.says("yes").startswith("You've left *Sunday Legends*.")
    assert zoe.says("groups").startswith("You're in no group yet.")


def test_the_group_that_was_asked_about_is_left_whichever_is_talked_about_by_then(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, name="Sunday Legends")
    jose.says(f"join {code} yes")
    start_group(jose, name="Office swim")
    assert jose.says("leave Sunday Legends").startswith("Leave *Sunday Legends*?")
    says = dict(jose.phone.heard[-1].buttons)["Yes, leave"]
    jose.says("use Office swim")
    assert jose.says(says).startswith("You've left *Sunday Legends*.")
    assert "1. Office swim ← we talk about this one" in jose.says("groups")
    assert jose.says(says).startswith("That is about a group you're not in any more.")


def test_a_group_is_renamed_and_described_by_its_admins(zoe: Person, jose: Person, sara: Person) -> None:
    code = start_group(zoe, jose)
    assert jose.says("rename group Mine") == "Only admins can do that (rename group). Admins: Zoë."
    assert zoe.says("rename group *Saturday* Legends").startswith("*Sunday Legends* is called *Saturday Legends*")
    assert "_Long runs, short breakfasts_" in zoe.says("describe Long runs, short breakfasts")
    assert "_Long runs, short breakfasts_" in sara.says(f"join {code}")
    assert zoe.says("describe off") == "*Saturday Legends* has no description any more."
    assert zoe.says("describe").startswith("What is your group about?")
    assert "_Early_" in zoe.says("Early")


def test_two_groups_of_one_person_have_two_names(zoe: Person, jose: Person) -> None:
    start_group(zoe, name="Sunday Legends")
    assert zoe.says("new group SUNDAY legends").startswith("You're in a group called *SUNDAY legends* already")
    start_group(zoe, name="Office swim")
    assert zoe.says("rename group sunday legends").startswith("You're in a group called *sunday legends* already")
    assert zoe.says("rename group OFFICE swim").startswith("*Office swim* is called *OFFICE swim*")


def test_friends_groups_of_one_name_are_told_apart_by_number(zoe: Person, jose: Person) -> None:
    start_group(jose)
    start_group(zoe, jose)
    assert "1. Sunday Legends (since Wed 18 Nov)\n2. Sunday Legends (since Wed 18 Nov) ←" in jose.says("groups")
    assert jose.says("use sunday legends").startswith(
        "Several of your groups are called *Sunday Legends*. Send one of these: *use 1*, *use 2*."
    )
    assert jose.says("use 1") == "Now we talk about *Sunday Legends*."


def test_nobody_starts_groups_without_end(town: Town, zoe: Person) -> None:
    for number in range(groups.MOST_STARTED):
        start_group(zoe, name=f"Group {number}")
        zoe.says("leave yes")
        town.clock.travel(minutes=1)
    assert zoe.says("new group One more") == "You've started 10 groups within a day. Try again tomorrow."
    town.clock.travel(days=1)
    assert "is ready" in zoe.says("new group One more")


def test_who_has_left_may_come_back(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    jose.says("leave yes")
    assert "✅ You're in *Sunday Legends*." in jose.says(f"join {code} yes")
    assert "2 members" in zoe.says("members")


def _crowd(town: Town, size: int, name: str) -> None:
    """Add this many members with this name to the only group."""
    with town.world.sessions.begin() as session:
        group = session.scalar(select(Group))
        people = [Member(name=name, address=f"whatsapp:+1{number:09}") for number in range(size)]
        session.add_all(people)
        session.flush()
        for each in people:
            groups.add_member(session, group, each, Role.MEMBER, datetime(2026, 11, 18, 19, tzinfo=UTC))
