"""The weekly digest: when it is due, what it says, and that every group gets each one once."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.schedules import due_period, from_cron, next_due
from fitness.sports import Sport
from messages import filters
from messages.message import Approved, Message
from messages.render import Reader, render, words
from models import DigestRun, Group, Member, Membership, MessageKind, RunStatus
from providers.charts import Bar, Leaderboard, Segment
from services import mailbox, missed, standings, syncing
from services.bells import Bell, ring, ring_at
from services.members import reader_of
from services.standings import Board

LATE = timedelta(hours=24)
FRESH = timedelta(minutes=30)
SYNC_BEFORE = timedelta(minutes=15)
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
CHUNK = 500
ROWS_IN_TEXT = 8
ROWS_IN_PICTURE = 6
SPORTS_IN_PICTURE = 4


def reschedule(session: Session, group: Group, schedule: str | None, now: datetime) -> None:
    """Change when the digest is due (a cron line in the group's zone), or turn it off."""
    group.digest_schedule = schedule
    group.next_digest_at = next_due(from_cron(schedule), group.timezone, now) if schedule else None
    if group.next_digest_at is not None:
        ring_at(session, group.id, group.next_digest_at)


def claim_due(session: Session, now: datetime, most: int = 100) -> int:
    """Open a run for every group whose digest is due, and move on to the next date. Any number may do this at once.

    A digest missed by more than a day is skipped: its week is old news, and the next one is near.
    """
    query = (
        select(Group)
        .where(Group.is_active, Group.next_digest_at <= now)
        .order_by(Group.next_digest_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    groups = list(session.scalars(query))
    for group in groups:
        _open_run(session, group, now)
    if groups:
        ring(session, Bell.DIGESTS)
    return len(groups)


def hurry_syncs(session: Session, now: datetime) -> int:
    """Let the accounts of groups whose digest is near be read, so that it is about today."""
    query = (
        select(Membership.member_id)
        .join(Group)
        .where(Group.is_active, Group.next_digest_at.between(now, now + SYNC_BEFORE), Membership.left_at.is_(None))
    )
    members = list(session.scalars(query))
    return syncing.hurry(session, members, now, older_than=FRESH) if members else 0


def take_run(session: Session) -> DigestRun | None:
    """Lease a run that is to be made, the oldest first."""
    query = (
        select(DigestRun)
        .where(
            DigestRun.status == RunStatus.PENDING,
            or_(DigestRun.leased_until.is_(None), DigestRun.leased_until < func.clock_timestamp()),
        )
        .order_by(DigestRun.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    run = session.scalar(query)
    if run is None:
        return None
    run.attempts += 1
    if run.attempts > MOST_ATTEMPTS:
        run.status = RunStatus.FAILED
    run.leased_until = session.scalar(select(func.clock_timestamp() + LEASE))
    return run


def board_of(session: Session, group: Group, dates: Dates) -> Board:
    """The board that a digest is about."""
    return standings.board(session, group, Metric.TIME, dates, _before(dates))


def post_some(
    session: Session,
    run_id: int,
    picture: str | None,
    after: int,
    now: datetime,
    *,
    shown: Collection[int] = (),
    most: int = CHUNK,
) -> int | None:
    """Write the digest for the next members (by the id of their membership) into the outbox; None when all have it.

    The board is read again in here: whoever left or hid since the picture was drawn is in no text, and a picture on
    which such a one is `shown` stays behind. A chunk that is written twice, because a worker died, is ignored the
    second time.
    """
    run = session.get_one(DigestRun, run_id, with_for_update=True)
    if run.status is not RunStatus.PENDING:
        return None
    board = board_of(session, run.group, Dates(run.period_start, run.period_end))
    picture = picture if {row.member.id for row in board.rows}.issuperset(shown) else None
    readers = _readers(session, run.group, now, after, most)
    posts = [
        mailbox.Post(reader.id, digest_for(board, reader, picture=picture), f"digest:{run.id}:{reader.id}")
        for _, reader in readers
    ]
    mailbox.post_many(session, posts, now, kind=MessageKind.DIGEST, group_id=run.group_id)
    if len(readers) == most:
        run.leased_until = session.scalar(select(func.clock_timestamp() + LEASE))
        return readers[-1][0]
    run.status, run.generated_at, run.sent_at, run.leased_until = RunStatus.SENT, now, now, None
    run.content = _summary(board)
    return None


def digest_for(board: Board, member: Member, *, picture: str | None = None, chart: bool = False) -> Message:
    """One member's digest: the group's text, their own line, and how to say it when 24 hours have passed."""
    reader = reader_of(member)
    facts = board_facts(board, member)
    return render(
        "digest/week",
        reader,
        picture=picture,
        chart=asdict(picture_of(board, reader)) if chart and board.rows else None,
        approved=Approved("digest_ready", _approved_values(facts, member, reader)),
        **facts,
    )


def board_facts(board: Board, member: Member) -> dict[str, Any]:
    """What a template needs to show a board to a member: the top, and their own line if they are below it."""
    mine = board.row_of(member)
    shown = list(board.rows[:ROWS_IN_TEXT])
    if mine and mine not in shown:
        shown[-1:] = [mine]
    return {"board": board, "rows": shown, "mine": mine, "more": len(board.rows) - len(shown)}


def picture_of(board: Board, reader: Reader) -> Leaderboard:
    """What is on the group's picture. It has no personal line: it is drawn once for all."""
    sports = [sport for sport, _ in board.together.by_sport][:SPORTS_IN_PICTURE]
    legend = tuple((sport.value, words("digest/sport", reader, sport=sport)) for sport in sports)
    has_others = len(board.together.by_sport) > len(sports)
    return Leaderboard(
        title=board.group.name,
        subtitle=words("digest/picture_subtitle", reader, board=board),
        bars=tuple(_bar(row, sports) for row in board.rows[:ROWS_IN_PICTURE]),
        legend=legend + ((("other", words("digest/sport", reader, sport=None)),) if has_others else ()),
    )


def on_picture(board: Board) -> set[int]:
    """Whose bars are on the group's picture."""
    return {row.member.id for row in board.rows[:ROWS_IN_PICTURE]}


def last_run(session: Session, group: Group) -> DigestRun | None:
    """The newest digest that was sent."""
    query = select(DigestRun).where(DigestRun.group_id == group.id, DigestRun.status == RunStatus.SENT)
    return session.scalar(query.order_by(DigestRun.period_end.desc()).limit(1))


def mute(membership: Membership, until: datetime | None) -> None:
    """Send this member no digest of the group until then."""
    membership.muted_until = until


def pending(session: Session) -> bool:
    """Whether a run waits to be made."""
    return session.scalar(select(DigestRun.id).where(DigestRun.status == RunStatus.PENDING).limit(1)) is not None


def scheduled(session: Session) -> Sequence[tuple[int, datetime]]:
    """Every group's next due instant, to set the bells anew."""
    query = select(Group.id, Group.next_digest_at).where(Group.is_active, Group.next_digest_at.is_not(None))
    return [(group_id, due) for group_id, due in session.execute(query) if due is not None]


def _open_run(session: Session, group: Group, now: datetime) -> None:
    due = group.next_digest_at
    if due is None or group.digest_schedule is None:
        group.next_digest_at = None
        return
    schedule = from_cron(group.digest_schedule)
    dates = due_period(schedule, group.timezone, due)
    skipped = now - due > LATE
    row = {
        "group_id": group.id,
        "period_start": dates.start,
        "period_end": dates.end,
        "due_at": due,
        "status": RunStatus.SKIPPED if skipped else RunStatus.PENDING,
    }
    session.execute(insert(DigestRun).values(row).on_conflict_do_nothing())
    group.next_digest_at = next_due(schedule, group.timezone, max(due, now))
    ring_at(session, group.id, group.next_digest_at)
    if skipped:
        missed.tell(session, group, dates, due, now)


def _readers(session: Session, group: Group, now: datetime, after: int, most: int) -> list[tuple[int, Member]]:
    query = (
        select(Membership.id, Member)
        .join(Member, Membership.member_id == Member.id)
        .where(
            Membership.group_id == group.id,
            Membership.id > after,
            Membership.left_at.is_(None),
            or_(Membership.muted_until.is_(None), Membership.muted_until <= now),
            Member.opted_out_at.is_(None),
        )
        .order_by(Membership.id)
        .limit(most)
    )
    return [(identity, member) for identity, member in session.execute(query)]


def _approved_values(facts: dict[str, Any], member: Member, reader: Reader) -> dict[str, str]:
    """The values of templates/approved/digest_ready.json, in its order."""
    parts = ("name", "group", "dates", "together", "sessions", "you")
    facts = facts | {"member": member}
    return {str(i): words(f"digest/ready_{part}", reader, **facts) for i, part in enumerate(parts, 1)}


def _bar(row: standings.Row, sports: list[Sport]) -> Bar:
    parts = [Segment(sport.value, row.totals.sports.get(sport, 0.0)) for sport in sports]
    rest = sum(seconds for sport, seconds in row.totals.sports.items() if sport not in sports)
    segments = tuple(part for part in (*parts, Segment("other", rest)) if part.value > 0)
    return Bar(
        place=row.place.place,
        name=row.member.name,
        value=row.place.value,
        label=filters.duration(row.place.value),
        segments=segments,
        change=str(abs(row.moved)) if row.moved else "=" if row.moved == 0 else "",
        trend=row.moved or 0,
    )


def _summary(board: Board) -> dict[str, Any]:
    return {
        "metric": board.metric,
        "places": {str(row.member.id): row.place.place for row in board.rows},
        "seconds": board.together.time,
        "sessions": board.together.count,
    }


def _before(dates: Dates) -> Dates:
    span = timedelta(days=dates.days)
    return Dates(dates.start - span, dates.end - span)
