"""Numbers change hands: after weeks of silence a carrier gives one to somebody else, who is not our member.

docs/decisions/0021-numbers-change-hands.md tells why it is as it is; how somebody proves who they are is
`services.group.proofs`.
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
AKIN = 75  # of 100: names as alike as "Mohammed" and "Mohamed"
TELLING = 3  # letters of a word that may be a name: "de" and "van" stand in many


def profile_of(text: str) -> str | None:
    """The name on a WhatsApp profile as it is remembered, to be compared, not shown.

    None where it has no letters: "." and "🚴" tell nobody from anybody, so the name before them is kept.
    """
    name = one_line(text)[:MOST_PROFILE].strip()
    return name if any(map(str.isalpha, name)) else None


def look_at(session: Session, member: Member, profile: str, now: datetime) -> bool:
    """A line came: doubt whose number it is after 45 days of silence, or after 7 where the profile has another name.

    Call it before `last_inbound_at` moves. Tells whether whoever writes is to begin anew instead: nobody is asked about
    a member who has no group, account, request or activity, and so nothing to lose.
    """
    if member.doubted_at is not None:
        return False
    name = profile_of(profile)
    if not (is_asleep(member, now) or (_is_another(member.profile_name, name) and _is_quiet(member, now))):
        member.profile_name = name or member.profile_name
        return False
    if not _has_something(session, member):
        return True
    member.doubted_at, member.silent_since = now, member.last_inbound_at
    audit.note(session, "member.doubted", now, member_id=member.id)
    return False


def is_stranger(member: Member, account: GarminAccount | None, garmin_id: str) -> bool:
    """Whether somebody who is in doubt signed in to another Garmin account than the member's: nothing may change."""
    return member.doubted_at is not None and (account is None or account.garmin_id != garmin_id)


def confirm(session: Session, member: Member, now: datetime, *, by: str) -> None:
    """It is still the same person: proved `by` "garmin", "group" or "operator".

    Where "stop" was said from the number, the time after which they are erased begins anew: they may not know of it.
    """
    member.opted_out_at = member.opted_out_at and now
    member.doubted_at = member.silent_since = None
    member.profile_name = None  # the next line brings the name that the profile has now
    audit.note(session, "member.confirmed", now, member_id=member.id, by=by)


def hand_over(session: Session, member: Member, name: str, now: datetime) -> Member:
    """Somebody else holds the number: a newcomer takes its addresses, and nothing else.

    Whoever held it before keeps groups and activities, and waits to be let into no group any more. What was written to
    the operator since the doubt is the newcomer's. The caller sees to it that the one before is written to no more.
    """
    newcomer = Member(name=naming.from_profile(name), address=member.address, last_inbound_at=now)
    newcomer.profile_name = profile_of(name)
    session.add(newcomer)
    session.flush()
    bans.follow(session, member)  # before the addresses are somebody else's
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
    """Whether the profile has quite another name than when it was last seen: no word of it, and nothing like it."""
    if not before or not profile:
        return False
    shared = any(_is_akin(one, other) for one in _words(before) for other in _words(profile))
    return not shared and fuzz.ratio(before.casefold(), profile.casefold()) < AKIN


def _is_akin(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two words look alike, or one begins with the other: Ben is short for Benjamin."""
    return any(a.startswith(b) or b.startswith(a) for a in one for b in other)


def _words(name: str) -> list[frozenset[str]]:
    """The words of a name by how they look, without those too short to tell anybody; all where there are no longer."""
    words = [letters for word in name.split() if (letters := "".join(filter(str.isalpha, word)))]
    return [looks(word) for word in [each for each in words if len(each) >= TELLING] or words]


def _has_something(session: Session, member: Member) -> bool:
    belongs = exists().where(Membership.member_id == member.id, Membership.left_at.is_(None))
    waits = exists().where(JoinRequest.member_id == member.id, JoinRequest.answer.is_(None))
    read = exists().where(GarminAccount.member_id == member.id), exists().where(Activity.member_id == member.id)
    return bool(session.scalar(select(or_(belongs, waits, *read))))
