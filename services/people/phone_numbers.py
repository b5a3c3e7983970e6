"""Recognises numbers that may have changed hands: after weeks of silence a carrier may give a number to somebody else.

docs/decisions/0021-numbers-change-hands.md explains the rules. `services.group.proofs` is about how a member proves
that the number is still theirs.
"""

from datetime import datetime

from rapidfuzz import fuzz
from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from messages.lookalikes import looks
from messages.words import one_line
from models import Activity, Answer, Feedback, GarminAccount, JoinRequest, Member, Membership
from services.ground import audit
from services.ground.recipients import QUIET, is_asleep
from services.people import bans, naming

MOST_PROFILE = 40
AKIN = 75  # similarity, of 100, from which two names count as the same: "Mohammed" and "Mohamed"
TELLING = 3  # letters from which a word is compared: "de" is part of many names


def shorten_profile(text: str) -> str | None:
    """Return the name on a WhatsApp profile in the form in which it is stored for comparison. It is not
    shown to anybody.

    Returns None if it has no letters, such as "." or "🚴": such a name identifies nobody, so the earlier one is kept.
    """
    name = one_line(text)[:MOST_PROFILE].strip()
    return name if any(map(str.isalpha, name)) else None


def look_at(session: Session, member: Member, profile: str, now: datetime) -> bool:
    """Decide, when a line comes, whether it is in doubt whose number it is: after 45 days of silence, or after 7 if the
    profile has another name.

    Call it before `last_inbound_at` is set. Returns True if the writer must get a new account instead: that is so if
    the member has no group, account, request or activity, and so nothing to lose.
    """
    if member.doubted_at is not None:
        return False
    name = shorten_profile(profile)
    if not (is_asleep(member, now) or (_is_another(member.profile_name, name) and _is_quiet(member, now))):
        member.profile_name = name or member.profile_name
        return False
    if not _has_something(session, member):
        return True
    member.doubted_at, member.silent_since = now, member.last_inbound_at
    audit.note(session, "member.doubted", now, member_id=member.id)
    return False


def is_stranger(member: Member, account: GarminAccount | None, garmin_id: str) -> bool:
    """Return whether somebody signed in to another Garmin account than the member's while the number is in
    doubt. Then nothing may change.
    """
    return member.doubted_at is not None and (account is None or account.garmin_id != garmin_id)


def confirm(session: Session, member: Member, now: datetime, *, by: str) -> None:
    """End the doubt: it is still the same person, proved `by` "garmin", "group" or "operator".

    If "stop" was said from the number, the time until the member is erased starts again, because they may not
    know of it.
    """
    member.opted_out_at = member.opted_out_at and now
    member.doubted_at = member.silent_since = None
    member.profile_name = None  # the next line stores the profile's present name
    audit.note(session, "member.confirmed", now, member_id=member.id, by=by)


def hand_over(session: Session, member: Member, name: str, now: datetime) -> Member:
    """Give the addresses of a member to a new member, because somebody else has the number. Returns the new member.

    The earlier member keeps groups and activities; their requests to join are dropped. Feedback since the doubt began
    belongs to the new member. The caller must make sure that the earlier member gets no more messages.
    """
    newcomer = Member(name=naming.read_profile_name(name), address=member.address, last_inbound_at=now)
    newcomer.profile_name = shorten_profile(name)
    session.add(newcomer)
    session.flush()
    bans.follow(session, member)  # before the addresses belong to the new member
    for identity in list(member.identities):
        identity.member_id = newcomer.id
    waits = JoinRequest.member_id == member.id, JoinRequest.answer.is_(None)
    session.execute(update(JoinRequest).where(*waits).values(answer=Answer.DROPPED, answered_at=now))
    if member.doubted_at is not None:
        told = Feedback.member_id == member.id, Feedback.given_at >= member.doubted_at
        session.execute(update(Feedback).where(*told).values(member_id=newcomer.id))
    member.doubted_at = member.silent_since = None
    audit.note(session, "member.number_handed_over", now, member_id=member.id, to=newcomer.id)
    return newcomer


def _is_quiet(member: Member, now: datetime) -> bool:
    return member.last_inbound_at is not None and now - member.last_inbound_at >= QUIET


def _is_another(before: str | None, profile: str | None) -> bool:
    """Return whether the profile has quite another name than before: no word in common, and not similar."""
    if not before or not profile:
        return False
    shared = any(_is_akin(one, other) for one in _words(before) for other in _words(profile))
    return not shared and fuzz.ratio(before.casefold(), profile.casefold()) < AKIN


def _is_akin(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two words look alike, or one begins with the other, as Benjamin begins with Ben."""
    return any(a.startswith(b) or b.startswith(a) for a in one for b in other)


def _words(name: str) -> list[frozenset[str]]:
    """Return the words of a name by what they look like, without very short ones; all of them if all are short."""
    words = [letters for word in name.split() if (letters := "".join(filter(str.isalpha, word)))]
    return [looks(word) for word in [each for each in words if len(each) >= TELLING] or words]


def _has_something(session: Session, member: Member) -> bool:
    belongs = exists().where(Membership.member_id == member.id, Membership.left_at.is_(None))
    waits = exists().where(JoinRequest.member_id == member.id, JoinRequest.answer.is_(None))
    read = exists().where(GarminAccount.member_id == member.id), exists().where(Activity.member_id == member.id)
    return bool(session.scalar(select(or_(belongs, waits, *read))))
