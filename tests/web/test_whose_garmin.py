"""Which Garmin account a chat gets: forwarded links, codes from other chats, and *That's not me*."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from bot.arguments.spoken import LINK_CODE
from jobs.linking import sign_in_next
from models import Activity, AuditEvent, Day, GarminAccount, LinkAttempt, Member, OneTimeLink
from services.training import binding, sign_ins
from simulator.garmin.athletes import Athlete
from tests.accounts import asked, every
from tests.browsing import Browser
from tests.recordings import TCX, session, tcx
from tests.scenes import november, runs, start_group
from tests.town import Person, Town

STOP_HERE = "did somebody send you this link? Then stop, and give the code to nobody"
ENDED = "Nothing was connected"


def enrol(person: Person, upload: Callable[[Athlete], None] | None = None) -> Athlete:
    """Give a person a Garmin account."""
    athlete = person.town.garmin.enrol(person.phone.name, person.email, "right")
    if upload:
        upload(athlete)
    return athlete


def signs_in(browser: Browser, person: Person) -> str:
    """Sign in to this person's account in this browser, and return the page."""
    browser.sign_in(person.email, "right")
    person.town.rest()
    return browser.again()


def link_of(person: Person) -> Browser:
    """Return a browser in which the link of this person's chat was opened."""
    browser = person.town.browser()
    browser.open_link(person.says("link garmin"))
    return browser


def forwarded(to: Person, by: Person) -> Browser:
    """Let `by` forward the link of their own chat, and `to` sign in through it."""
    enrol(to, runs(16, 17))
    browser = link_of(by)
    assert "One more step" in signs_in(browser, to)
    return browser


def nothing_is_known(town: Town, member: Person, friend: Person) -> None:
    """Assert that the attacker sees nothing: no account, no data, no address; and that Garmin got no request."""
    assert every(town, GarminAccount) == every(town, Activity) == every(town, Day) == []
    assert asked(town, "data") == []
    assert member.says("status").startswith("I have no Garmin data from you yet.")
    assert member.says("me").startswith("I have no Garmin data from you yet.")
    with town.world.sessions() as session:
        assert session.scalars(select(LinkAttempt.garmin_email)).all() == [None]
        assert session.scalars(select(LinkAttempt.state)).all() == [None]
        assert session.scalars(select(Member.full_name).where(Member.full_name.is_not(None))).all() == []
    heard = " ".join(each.text for each in member.phone.heard)
    assert friend.email not in heard
    assert friend.phone.name not in heard


def test_a_forwarded_link_gives_nothing_as_long_as_the_friend_sends_no_code(
    town: Town, zoe: Person, jose: Person
) -> None:
    zoe.says("hi")
    jose.says("hi")
    forwarded(to=jose, by=zoe)
    assert asked(town, "data") == [], "signed in, and nothing is read"
    town.travel(minutes=11)
    nothing_is_known(town, zoe, jose)


def test_a_code_from_the_friends_own_chat_ends_the_sign_in_and_both_are_told(
    town: Town, zoe: Person, jose: Person
) -> None:
    browser = forwarded(to=jose, by=zoe)
    line = browser.line
    told = jose.says(line)
    assert told.startswith("🛑 That code belongs to a link that somebody else asked for, so I connected nothing.")
    assert "they would have seen your activities" in told
    assert "+32" not in told
    assert "Zoë" not in told
    assert "sent its code from another WhatsApp chat. I connected nothing" in zoe.heard
    assert "José" not in zoe.heard
    assert zoe.buttons == ["Connect again"]
    assert ENDED in browser.again()
    assert "Nobody has seen anything of this Garmin account." in browser.answer.text
    assert zoe.says(line).startswith("That isn't a code I'm waiting for."), "it is spent"
    nothing_is_known(town, zoe, jose)
    assert "One more step" in signs_in(link_of(jose), jose), "the friend can connect their own"


def test_whoever_has_never_written_can_send_a_code_of_somebody_else_too(town: Town, zoe: Person) -> None:
    stranger = town.person("Sam", "+447700900003")
    assert stranger.says(forwarded(to=stranger, by=zoe).line).startswith("🛑 That code belongs to a link")
    nothing_is_known(town, zoe, stranger)


def test_the_friend_can_end_it_on_the_page(town: Town, zoe: Person, jose: Person) -> None:
    browser = forwarded(to=jose, by=zoe)
    assert STOP_HERE in browser.answer.text.replace("\n", " ")
    line = browser.line
    assert ENDED in browser.submit()
    assert ENDED in browser.again()
    assert zoe.says(line).startswith("That isn't a code I'm waiting for.")
    nothing_is_known(town, zoe, jose)


def test_the_page_says_whose_chat_it_is_and_no_more_of_the_number(town: Town, zoe: Person) -> None:
    browser = link_of(zoe)
    enrol(zoe)
    for page in (browser.answer.text, signs_in(browser, zoe)):
        assert "<strong>Zoë</strong>, number ending in <strong>001</strong>" in page
        assert not re.search(r"\d{3}001", page)
    assert "they would see your activities" in page


def test_a_member_cannot_guess_the_code_of_a_friends_sign_in(town: Town, zoe: Person, jose: Person) -> None:
    browser = forwarded(to=jose, by=zoe)
    wrong = [f"link garmin {each * 6}" for each in "BCDFG"]
    for line in wrong:
        assert zoe.says(line).startswith("That isn't a code I'm waiting for.")
    assert zoe.says(browser.line).startswith("Five wrong codes. Wait 10 minutes"), "even the right one comes too late"
    town.travel(minutes=11)
    assert zoe.says(browser.line).startswith("That isn't a code I'm waiting for.")
    nothing_is_known(town, zoe, jose)


def test_a_code_works_once_and_for_ten_minutes(town: Town, zoe: Person) -> None:
    enrol(zoe, runs(16))
    browser = link_of(zoe)
    signs_in(browser, zoe)
    late = browser.line
    town.travel(minutes=10)
    assert zoe.says(late).startswith("That isn't a code I'm waiting for.")
    assert "wasn&#39;t sent in WhatsApp within ten minutes" in browser.again().replace("'", "&#39;")
    signs_in(browser, zoe)
    line = browser.line
    assert line != late
    zoe.says(line)
    assert zoe.says(line).startswith("That isn't a code I'm waiting for.")
    assert len(every(town, GarminAccount)) == 1


@pytest.mark.parametrize("form", ["{}", "link garmin {}", "the code is {}.", "garmin code {}", "Connect {} please"])
def test_the_code_may_be_said_in_several_ways(town: Town, zoe: Person, form: str) -> None:
    enrol(zoe, runs(16))
    browser = link_of(zoe)
    signs_in(browser, zoe)
    before = zoe.count()
    zoe.says(form.format(browser.line.removeprefix("link garmin ").lower()))
    right, done = (each.text for each in zoe.phone.heard[before:])
    assert right.startswith("✅ That's the right code. This chat is now connected to the Garmin account of *Zoë*.")
    assert done.startswith("✅ Your Garmin is connected: I found *1* activity of the last year.")
    assert "Connected ✓" in browser.again()


def test_an_attackers_code_does_not_put_the_attackers_account_into_a_chat(
    town: Town, zoe: Person, jose: Person
) -> None:
    """The reverse attack: Zoë signs in to her own account and has José tap her wa.me link."""
    jose.says("hi")
    enrol(zoe, runs(16))
    browser = link_of(zoe)
    signs_in(browser, zoe)
    url = re.search(r'href="https://wa\.me/14155238886\?text=([^"]+)"', browser.answer.text)[1]
    assert jose.says(url.replace("%20", " ")).startswith("🛑 That code belongs to a link")
    assert jose.says("status").startswith("I have no Garmin data from you yet.")
    assert every(town, GarminAccount) == []


def test_another_link_that_is_asked_for_meanwhile_leaves_the_code_good(town: Town, zoe: Person) -> None:
    """Some members send "link garmin" again, and only then the code."""
    enrol(zoe, runs(16))
    browser = link_of(zoe)
    signs_in(browser, zoe)
    zoe.says("link garmin")
    zoe.says(browser.line.removeprefix("link garmin "))
    assert "Connected ✓" in browser.again()


def test_another_link_that_is_opened_ends_the_sign_in_of_the_one_before(town: Town, zoe: Person, jose: Person) -> None:
    """Zoë forwarded her link, and then makes a new one for herself: opening it ends the sign-in that José began."""
    before = forwarded(to=jose, by=zoe)
    line = before.line
    link_of(zoe)
    assert "This link no longer works" in before.again()
    assert zoe.says(line).startswith("That isn't a code I'm waiting for.")
    nothing_is_known(town, zoe, jose)
    assert [(each.step, each.state, each.garmin_email) for each in every(town, LinkAttempt)] == [("failed", None, None)]


def test_a_sign_in_that_garmin_grants_after_another_link_was_opened_is_dropped(town: Town, zoe: Person) -> None:
    enrol(zoe)
    before = link_of(zoe)
    before.sign_in(zoe.email, "right")
    with town.world.sessions.begin() as session:
        task = sign_ins.take(session, town.world.now())
    later = link_of(zoe)
    with town.world.sessions.begin() as session:
        binding.keep_sign_in(session, task, town.world.garmin.sign_in(zoe.email, "right"), town.world.now())
    assert "This link no longer works" in before.again()
    assert [(each.step, each.state) for each in every(town, LinkAttempt)] == [("failed", None)]
    signs_in(later, zoe)
    assert "Connected ✓" in zoe.confirms(later)


def test_a_page_that_is_opened_twice_or_gone_back_to_shows_one_code(town: Town, zoe: Person) -> None:
    enrol(zoe)
    browser = link_of(zoe)
    form = browser.answer
    signs_in(browser, zoe)
    line, other = browser.line, town.browser()
    assert "This link no longer works" in other.open_link(zoe.phone.heard[-1].text)
    browser.answer = form
    assert "One more step" in browser.sign_in(zoe.email, "right"), "sent again from the page before"
    town.rest()
    browser.again()
    assert browser.line == line
    assert "Connected ✓" in zoe.confirms(browser)
    browser.answer = form
    assert "Connected ✓" in browser.sign_in(zoe.email, "right")
    assert len(asked(town, "token")) == 1


def test_who_deletes_everything_while_a_code_waits_leaves_nothing(town: Town, zoe: Person, jose: Person) -> None:
    browser = forwarded(to=jose, by=zoe)
    line = browser.line
    code = re.search(r"DELETE (\d{4})", zoe.says("delete me"))[1]
    zoe.says(f"delete {code}")
    assert every(town, LinkAttempt) == every(town, OneTimeLink) == []
    assert "This link no longer works" in browser.again()
    assert jose.says(line).startswith("That isn't a code I'm waiting for.")


def test_thats_not_me_disconnects_at_once_and_deletes_what_was_read(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe)
    enrol(jose, runs(16, 17))
    browser = link_of(zoe)
    signs_in(browser, jose)
    zoe.confirms(browser)
    assert "Name of the account: *José*." in zoe.heard
    assert every(town, Activity)
    assert zoe.taps("That's not me") == (
        "Disconnected from *José*. Everything that I read from that account is deleted.\n\n"
        "To connect your own, sign out of Garmin in your browser first, then send *link garmin*."
    )
    assert every(town, GarminAccount) == every(town, Activity) == every(town, Day) == []
    assert zoe.says("status").startswith("I have no Garmin data from you yet.")
    with town.world.sessions() as session:
        assert session.scalars(select(Member.full_name)).all() == [None]
        assert session.scalars(select(LinkAttempt.garmin_email)).all() == [None]
        assert session.scalar(select(func.count()).where(AuditEvent.action == "garmin.disowned")) == 1
    assert zoe.says("not my garmin").startswith("I connected no Garmin account to this chat in the last day")


def test_an_old_thats_not_me_button_changes_nothing(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    stale = dict(zoe.phone.heard[-1].buttons)["That's not me"]
    town.travel(hours=1)
    browser = link_of(zoe)
    signs_in(browser, zoe)
    zoe.confirms(browser)
    assert zoe.says(stale).startswith("I connected no Garmin account to this chat in the last day"), "another sign-in"
    newer = dict(next(each for each in reversed(zoe.phone.heard) if len(each.buttons) > 1).buttons)["That's not me"]
    town.travel(hours=25)
    assert zoe.says(newer).startswith("I connected no Garmin account to this chat in the last day"), "too late"
    assert len(every(town, GarminAccount)) == len(every(town, Activity)) == 1


def test_a_file_of_ones_own_counts_again_once_its_twin_was_not_mine(town: Town, zoe: Person) -> None:
    zoe.phone.sends_file(tcx(session(november(17), minutes=58)), TCX)
    town.rest()
    zoe.connects_garmin(upload=runs(17))
    town.rest()
    mine, theirs = sorted(every(town, Activity), key=lambda each: each.account_id is not None)
    assert (mine.twin_of, theirs.twin_of) == (theirs.id, None)
    zoe.says("not my garmin")
    [left] = every(town, Activity)
    assert (left.id, left.twin_of) == (mine.id, None)


def test_the_same_account_connects_again_without_a_question_and_its_history_stays(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    before = [each.id for each in every(town, Activity)]
    browser = link_of(zoe)
    signs_in(browser, zoe)
    town.travel(minutes=1)
    assert "Connected ✓" in zoe.confirms(browser)
    assert [each.id for each in every(town, Activity)] == before
    assert zoe.heard.startswith("Checked: nothing new.")
    assert "Name of the account: *Zoë*." in zoe.heard
    assert "That's not me" in zoe.buttons
    town.travel(hours=1)
    assert "Name of the account" not in zoe.says("sync"), "told once"


@pytest.mark.parametrize("way", ["password", "key"])
@pytest.mark.parametrize("answer", ["replace", "keep", "Replace it", "Keep it"])
def test_another_account_is_asked_about_before_it_takes_the_place_of_the_first(
    town: Town, zoe: Person, jose: Person, answer: str, way: str
) -> None:
    zoe.connects_garmin(upload=runs(16))
    enrol(jose, runs(15, 17))
    browser = link_of(zoe)
    if way == "key":
        browser.use_key(town.garmin.make_key(jose.email))
        town.rest()
    else:
        signs_in(browser, jose)
    browser.again()
    zoe.says(browser.line)
    assert zoe.heard.startswith("That is another Garmin account (*José*) than the one that is connected here (*Zoë*).")
    assert "that erases 1 activity of the old one here" in zoe.heard
    assert "One more step" in browser.again()
    assert [each.local_date.day for each in every(town, Activity)] == [16]
    heard = zoe.taps(answer) if answer[0].isupper() else zoe.says(answer)
    if answer.casefold().startswith("replace"):
        assert heard.startswith("✅ Your Garmin is connected: I found *2* activities")
        assert "Connected ✓" in browser.again()
        assert sorted(each.local_date.day for each in every(town, Activity)) == [15, 17]
    else:
        assert heard == "Nothing has changed: *Zoë* stays connected. The other sign-in is deleted."
        assert ENDED in browser.again()
        assert [each.local_date.day for each in every(town, Activity)] == [16]
    with town.world.sessions() as session:
        assert session.scalars(select(LinkAttempt.state).where(LinkAttempt.state.is_not(None))).all() == []


def test_nothing_is_read_with_a_key_before_its_code_was_heard(town: Town, zoe: Person) -> None:
    enrol(zoe, runs(16))
    browser = link_of(zoe)
    browser.use_key(town.garmin.make_key(zoe.email))
    town.rest()
    assert "One more step" in browser.again()
    assert asked(town) == asked(town, "key") == [200]
    before = zoe.count()
    assert "Connected ✓" in zoe.confirms(browser)
    right, done = (each.text for each in zoe.phone.heard[before:])
    assert right.startswith("✅ That's the right code. I'm asking Garmin whose key it is.")
    assert "Name of the account: *Zoë*." in done
    assert zoe.buttons == ["My week", "That's not me"]
    assert zoe.taps("That's not me").startswith("Disconnected from *Zoë*.")


def test_a_key_whose_owner_garmin_does_not_tell_is_said_in_the_chat(town: Town, zoe: Person) -> None:
    enrol(zoe, runs(16))
    browser = link_of(zoe)
    browser.use_key(town.garmin.make_key(zoe.email))
    town.rest()
    browser.again()
    town.garmin.faults.data_status = 500
    assert zoe.says(browser.line).startswith("Your code was right, but Garmin doesn't tell me whose key that is.")
    assert "answer at the moment" in browser.again()
    assert every(town, GarminAccount) == []


def test_a_key_that_no_worker_takes_up_in_time_is_said_in_the_chat(town: Town, zoe: Person) -> None:
    enrol(zoe, runs(16))
    browser = link_of(zoe)
    browser.use_key(town.garmin.make_key(zoe.email))
    town.rest()
    browser.again()
    zoe.phone.says(browser.line)
    with town.world.sessions.begin() as session:
        session.execute(update(LinkAttempt).values(leased_until=november(19).replace(year=2200)))
    town.rest()
    assert "Connecting your Garmin" in browser.again()
    town.travel(minutes=10)
    assert zoe.heard.startswith("Your code was right, but Garmin doesn't tell me whose key that is.")
    assert not sign_in_next(town.world)
    assert every(town, GarminAccount) == []


def test_codes_of_the_page_are_read_as_what_they_are() -> None:
    assert LINK_CODE.pattern == f"[{binding.SIGNS}]{{{binding.LENGTH}}}"
