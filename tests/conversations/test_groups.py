"""Groups: starting one, inviting, joining, choosing, leaving."""

from datetime import UTC, datetime

from sqlalchemy import select, update

from models import Group, Invite, Member
from services import groups
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
        assert zoe.says(line).startswith("Forgotten.")
    with town.world.sessions() as session:
        assert session.scalar(select(Member.opted_out_at)) is None
    assert "I didn't get that" in zoe.says("Sunday Legends")


def test_a_question_is_forgotten_after_a_quarter_of_an_hour(town: Town, zoe: Person) -> None:
    zoe.says("new group")
    town.travel(minutes=16)
    assert "I didn't get that" in zoe.says("Sunday Legends")


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


def test_only_those_who_run_a_group_invite(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert "Join *Sunday Legends*: open this link" in zoe.says("invite")
    assert jose.says("invite") == "Only admins can do that (invite). Admins: Zoë."
    assert jose.says("qr") == "Only admins can do that (qr). Admins: Zoë."


def test_the_invite_comes_as_a_qr_code_too(zoe: Person, jose: Person) -> None:
    start_group(zoe)
    heard = zoe.says("qr code")
    assert zoe.phone.heard[-1].picture_url is not None
    assert "You're in *Sunday Legends*" in jose.says(f"join {code_in(heard)} yes")


def test_who_is_invited_learns_what_others_will_see_before_agreeing(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    heard = jose.says(f"join {code.lower()}")
    assert "You're asking to join *Sunday Legends*: 1 person, run by Zoë." in heard
    assert "*They will never see* where you were" in heard
    assert jose.buttons == ["Yes, join", "No, thanks"]
    assert "✅ You're in *Sunday Legends*." in jose.taps("Yes, join")
    assert jose.buttons == ["Connect Garmin", "Help"]
    assert "2 members" in zoe.says("members")


def test_agreement_has_many_words(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    for line in ("Yes!", "ok 👍", "👍"):
        jose.says(f"join {code}")
        assert "✅ You're in" in jose.says(line)
        jose.says("leave yes")


def test_who_declines_does_not_join_and_is_not_stopped_by_a_second_tap(town: Town, zoe: Person, jose: Person) -> None:
    jose.says(f"join {start_group(zoe)}")
    for _ in range(2):
        assert jose.taps("No, thanks").startswith("Forgotten.")
    assert jose.says("members").startswith("You're in no group yet.")
    with town.world.sessions() as session:
        assert session.scalars(select(Member.opted_out_at)).all() == [None, None]


def test_a_code_may_be_given_after_being_asked_for(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    assert jose.says("join CODE").startswith("Which code?")
    assert jose.says("ABCDEF").startswith("That code isn't active")
    assert "You're asking to join *Sunday Legends*" in jose.says(f"*{code}*")
    assert "✅ You're in" in jose.says("yes")


def test_who_guesses_codes_has_to_wait(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    for _ in range(5):
        assert jose.says("join ABCDEF").startswith("That code isn't active")
    assert jose.says(f"join {code} yes") == "Five wrong codes. Try again in 15 minutes."
    town.travel(minutes=16)
    assert "✅ You're in" in jose.says(f"join {code} yes")


def test_what_is_no_code_is_explained(zoe: Person) -> None:
    zoe.says("hi")
    assert 'I know *join*, but not what "123" means there.' in zoe.says("join 123")


def test_a_code_ends_after_thirty_days(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("schedule off")
    town.travel(days=29)
    assert "You're asking to join" in jose.says(f"join {code}")
    town.travel(days=2)
    assert jose.says(f"join {code} yes").startswith("That code isn't active")


def test_a_code_that_is_used_up_lets_nobody_in(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    code = start_group(zoe)
    with town.world.sessions.begin() as session:
        session.execute(update(Invite).values(most_uses=1))
    assert "You're in" in jose.says(f"join {code} yes")
    assert sara.says(f"join {code} yes").startswith("That code isn't active")


def test_nobody_joins_twice(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    assert jose.says(f"join {code}") == "You're already in *Sunday Legends*. Try *me* or *leaderboard*."
    assert zoe.says(f"join {code} yes").startswith("You're already in")


def test_the_code_of_a_group_that_has_ended_is_dead(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("leave yes")
    assert jose.says(f"join {code}").startswith("That code isn't active")


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
    assert "Wolfeschlegelsteinhausenbergerdorff Sr. and 51 more are still in it" in zoe.says("leave yes")
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


def test_who_thinks_better_of_leaving_stays(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    jose.says("leave")
    for _ in range(2):
        assert jose.taps("No, stay").startswith("Forgotten.")
    assert "2 members" in jose.says("members")


def test_a_slip_of_the_finger_makes_nobody_leave(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for line in ("leve yes", "laeve yes", "leaveyes"):
        jose.says(line)
    assert "2 members" in jose.says("members")


def test_an_owner_stays_as_long_as_there_are_others(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert zoe.says("leave yes").startswith("You started *Sunday Legends*, and José is still in it.")
    jose.says("leave yes")
    assert "You're the last one in it, so the group ends with you." in zoe.says("leave")
    assert zoe.says("yes").startswith("You've left *Sunday Legends*.")
    assert zoe.says("groups").startswith("You're in no group yet.")


def test_who_has_left_may_come_back(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    jose.says("leave yes")
    assert "✅ You're in *Sunday Legends*." in jose.says(f"join {code} yes")
    assert "2 members" in zoe.says("members")


def _crowd(town: Town, size: int, name: str) -> None:
    """Let so many people of this name belong to the only group."""
    with town.world.sessions.begin() as session:
        group = session.scalar(select(Group))
        people = [Member(name=name, address=f"whatsapp:+1{number:09}") for number in range(size)]
        session.add_all(people)
        session.flush()
        for each in people:
            groups._belong(session, group, each, groups.Role.MEMBER, datetime(2026, 11, 18, 19, tzinfo=UTC))
