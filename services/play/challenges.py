"""Challenges: announcing and joining them, and judging each of them once, automatically, when it is over."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Exists, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, contains_eager

from fitness.challenges import Contest
from fitness.periods import Dates
from fitness.routes import Route
from fitness.sports import Sport
from messages.message import Message
from messages.officialese import claims_office, telling
from messages.render import Offer
from messages.words import clean_name
from models import Challenge, Group, Member, Membership, MessageKind, Participant, WebhookEvent
from services.delivery import mailbox, notices
from services.ground import audit
from services.ground.recipients import make_reader
from services.ground.refusals import ChallengeNotUsable, NoChallenge, SoundsOfficial, TooManyChallenges, WhichChallenge
from services.people import webhook_messages
from services.play import contests, podium
from services.play.contests import Standing
from services.play.goals import AIMS

JUDGED_AT = time(12)  # on the day after the last one, in the group's zone: accounts are synchronised every six hours
AHEAD, BACK = timedelta(days=366), timedelta(days=31)
MOST_OPEN = 5
ENDED_SHOWN = 3
FEWEST_STREAK_DAYS = 14
MOST_NAME = 40


@dataclass(frozen=True)
class Plan:
    """A challenge that a member wants to set up."""

    contest: Contest
    metric: str
    dates: Dates
    sport: Sport | None = None
    route: Route | None = None
    target: float | None = None
    name: str | None = None


def draft_challenge(session: Session, group: Group, plan: Plan, today: date) -> Challenge:
    """Return the challenge that a plan would make, without storing it.

    Raises what `announce_challenge` raises, so that a member learns of a problem before confirming.
    """
    if why := _problem(plan, today):
        raise ChallengeNotUsable(why=why)
    if len(list_open(session, group)) >= MOST_OPEN:
        raise TooManyChallenges(most=MOST_OPEN)
    name = clean_name(plan.name, MOST_NAME) if plan.name else ""
    if claims_office(name):
        found, rest = telling(name)
        raise SoundsOfficial(found=found, rest=rest, again=None)
    return Challenge(
        group_id=group.id,
        name=name or None,
        contest=plan.contest.value,
        metric=plan.metric,
        sport=plan.sport.value if plan.sport else None,
        route=plan.route.value if plan.route else None,
        target=plan.target,
        starts=plan.dates.start,
        ends=plan.dates.end,
        closes_at=find_judging_time(group, plan.dates.end),
    )


def announce_challenge(session: Session, membership: Membership, plan: Plan, today: date, now: datetime) -> Challenge:
    """Store a challenge, let its author join, and tell the group."""
    # So that two at the same time do not get the same number
    group = session.get_one(Group, membership.group_id, with_for_update=True)
    challenge = draft_challenge(session, group, plan, today)
    newest = select(func.coalesce(func.max(Challenge.number), 0)).where(Challenge.group_id == group.id)
    challenge.number = (session.scalar(newest) or 0) + 1
    challenge.made_by_id = membership.member_id
    session.add(challenge)
    session.flush()
    join(session, challenge, membership.member, now)
    posts = [
        mailbox.Post(
            each.member_id,
            _announcement(challenge, membership.member, each),
            f"challenge-new:{challenge.id}:{each.member_id}",
        )
        for each in _reachable(session, group)
        if each.id != membership.id
    ]
    mailbox.post_many(session, posts, now, kind=MessageKind.NOTICE, group_id=group.id)
    audit.note(session, "challenge.announced", now, member_id=membership.member_id, group_id=group.id)
    return challenge


def join(session: Session, challenge: Challenge, member: Member, now: datetime) -> bool:
    """Let the member take part. Returns whether that is new."""
    row = {"challenge_id": challenge.id, "member_id": member.id}
    taken = insert(Participant).values(row).on_conflict_do_nothing().returning(Participant.member_id)
    is_new = session.scalar(taken) is not None
    if is_new:
        audit.note(session, "challenge.joined", now, member_id=member.id, group_id=challenge.group_id)
    return is_new


def leave(session: Session, challenge: Challenge, member: Member, now: datetime) -> bool:
    """Take the member out of the challenge. Returns whether they took part."""
    mine = (Participant.challenge_id == challenge.id, Participant.member_id == member.id)
    has_left = session.scalar(delete(Participant).where(*mine).returning(Participant.member_id)) is not None
    if has_left:
        audit.note(session, "challenge.left", now, member_id=member.id, group_id=challenge.group_id)
    return has_left


def is_participant(session: Session, challenge: Challenge, member: Member) -> bool:
    """Return whether the member takes part."""
    return session.get(Participant, (challenge.id, member.id)) is not None


def find_joined(session: Session, challenges: Sequence[Challenge], member: Member) -> set[int]:
    """The ids of those of these challenges in which the member takes part. One query."""
    mine = (Participant.member_id == member.id, Participant.challenge_id.in_([each.id for each in challenges]))
    return set(session.scalars(select(Participant.challenge_id).where(*mine)))


def find(session: Session, group: Group, number: int | None, *, is_open: bool = False) -> Challenge:
    """Return the group's challenge with this number, or the only open one. Raises `NoChallenge` or `WhichChallenge`."""
    if number is None:
        found = list_open(session, group)
        if len(found) > 1:
            raise WhichChallenge(challenges=found)
    else:
        query = select(Challenge).where(Challenge.group_id == group.id, Challenge.number == number)
        found = [each for each in session.scalars(query) if not (is_open and each.ended_at)]
    if not found:
        raise NoChallenge(number=number, numbers=[each.number for each in list_open(session, group)])
    return found[0]


def list_open(session: Session, group: Group) -> Sequence[Challenge]:
    """Return the group's challenges that are running or have not begun."""
    query = select(Challenge).where(Challenge.group_id == group.id, Challenge.ended_at.is_(None))
    return session.scalars(query.order_by(Challenge.starts, Challenge.number)).all()


def list_ended(session: Session, group: Group) -> Sequence[Challenge]:
    """Return the newest challenges that have ended."""
    query = select(Challenge).where(Challenge.group_id == group.id, Challenge.ended_at.is_not(None))
    return session.scalars(query.order_by(Challenge.ended_at.desc()).limit(ENDED_SHOWN)).all()


def list_running(session: Session, group: Group, today: date) -> list[Standing]:
    """Return the standings of the challenges that have begun and are not judged yet. The digest reports them."""
    return [
        contests.measure_contest(session, each, today) for each in list_open(session, group) if each.starts <= today
    ]


def end(session: Session, challenge: Challenge, membership: Membership, today: date, now: datetime) -> None:
    """End a challenge early and tell the participants the result; one that has not begun is called
    off. Raises `NoChallenge`.
    """
    session.refresh(challenge, with_for_update=True)
    if challenge.ended_at is not None:
        raise NoChallenge(number=challenge.number, numbers=[])
    challenge.ends = max(min(challenge.ends, today), challenge.starts)
    judge(session, challenge, today, now)
    audit.note(session, "challenge.ended", now, member_id=membership.member_id, group_id=challenge.group_id)


def judge_next(session: Session, now: datetime) -> Challenge | None:
    """Judge the oldest challenge that is over. Several workers may do this at once; each challenge is judged once."""
    query = (
        select(Challenge)
        .where(Challenge.ended_at.is_(None), Challenge.closes_at <= now)
        .order_by(Challenge.closes_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    challenge = session.scalar(query)
    if challenge is not None:
        judge(session, challenge, find_local_day(challenge.group, now), now)
    return challenge


def has_due_challenge(now: datetime) -> Exists:
    """Return the condition that a challenge waits to be judged."""
    return exists().where(Challenge.ended_at.is_(None), Challenge.closes_at <= now)


def judge(session: Session, challenge: Challenge, today: date, now: datetime) -> None:
    """Store the result, and send it to every participant who is still in the group. The row must be locked."""
    challenge.ended_at = now
    standing = contests.measure_contest(session, challenge, today)
    challenge.result = {
        "places": {str(line.member.id): line.place.place for line in standing.lines},
        "values": {str(line.member.id): line.value for line in standing.lines},
        "done": standing.done,
        "sharing": standing.sharing,
    }
    if not challenge.group.is_active:
        return
    webhook_messages.note_in_group(session, WebhookEvent.CHALLENGE_ENDED, challenge.group_id, challenge.id)
    part = set(session.scalars(select(Participant.member_id).where(Participant.challenge_id == challenge.id)))
    posts = [
        mailbox.Post(each.member_id, write_result(standing, each, today), f"challenge:{challenge.id}:{each.member_id}")
        for each in _reachable(session, challenge.group)
        if each.member_id in part
    ]
    mailbox.post_many(session, posts, now, kind=MessageKind.NOTICE, group_id=challenge.group_id)


def write_result(standing: Standing, place: Membership, today: date) -> Message:
    """Return the message with the result for one participant."""
    member = place.member
    said = notices.write_notice(
        "challenges/result",
        member,
        about=standing.challenge.group,
        says=f"challenge {standing.challenge.number} #{place.id}",
        short="challenges/result_short",
        **gather_facts(standing, member, today),
    )
    return replace(said, chart=make_picture(standing, member))


def make_picture(standing: Standing, member: Member) -> dict[str, Any] | None:
    """Return the picture of the result; None if there is nothing to draw."""
    chart = podium.make_chart(standing, make_reader(member))
    return asdict(chart) if chart.bars else None


def gather_facts(standing: Standing, member: Member, today: date) -> dict[str, Any]:
    """Return what a template needs to show a challenge to a member."""
    lines = standing.shown_to(member)
    return {
        "challenge": standing.challenge,
        "standing": standing,
        "placed": lines,
        "my_line": standing.line_of(member),
        "unseen": len(standing.lines) - len(lines),
        "today": today,
    }


def find_judging_time(group: Group, ends: date) -> datetime:
    """Return when a challenge that ends on this day is judged."""
    return datetime.combine(ends + timedelta(1), JUDGED_AT, ZoneInfo(group.timezone)).astimezone(UTC)


def find_local_day(group: Group, now: datetime) -> date:
    """Return the current day in the group's time zone."""
    return now.astimezone(ZoneInfo(group.timezone)).date()


def _problem(plan: Plan, today: date) -> str:
    """Return what is wrong with a plan, as a word that the templates know; empty if nothing is wrong."""
    if plan.contest is Contest.TOGETHER and not plan.target:
        return "target"
    if plan.metric not in AIMS or (plan.target is not None and plan.target <= 0):
        return "metric"
    if plan.dates.end < today or not today - BACK <= plan.dates.start <= plan.dates.end <= today + AHEAD:
        return "dates"
    if plan.contest is Contest.STREAK and plan.dates.days < FEWEST_STREAK_DAYS:
        return "streak"
    return ""


def _announcement(challenge: Challenge, by: Member, place: Membership) -> Message:
    """Return the announcement. Its button names this group, because numbers are a group's own and
    readers may change groups.
    """
    join_it = f"challenge join {challenge.number} #{place.id}"
    return notices.write_notice(
        "challenges/announced",
        place.member,
        about=challenge.group,
        says=join_it,
        buttons=[Offer("join", join_it)],
        challenge=challenge,
        by=by,
    )


def _reachable(session: Session, group: Group) -> list[Membership]:
    """Return the memberships of members who belong to the group and have not opted out of messages."""
    query = (
        select(Membership)
        .join(Membership.member)
        .where(Membership.group_id == group.id, Membership.left_at.is_(None), Member.opted_out_at.is_(None))
        .order_by(Member.id)
        .options(contains_eager(Membership.member))
    )
    return list(session.scalars(query))
