"""The weekly digest: opens the runs that are due, writes the messages, and makes sure that every group gets each digest
once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Exists, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.dates import Dates, find_week
from fitness.schedules import Schedule, find_due_period, find_next_due, read_cron
from messages.message import Message
from models import DigestRun, Group, Member, Membership, MessageKind, RunStatus, WebhookEvent
from services.delivery import mailbox
from services.delivery.mailbox import Post
from services.digest import group_posts, missed
from services.digest.stories import corrections, saying, scenes
from services.digest.stories import kinds as _declared  # noqa: F401 - importing declares them
from services.digest.stories.text import DigestForm, Teller
from services.ground import leases
from services.ground.bells import Bell, ring, ring_at
from services.ground.counting import Count, Duration, count, measure
from services.ground.telling import tell
from services.group import privacy
from services.people import webhook_messages
from services.training import syncing

LATE = timedelta(hours=24)
FRESH = timedelta(minutes=30)
SYNC_BEFORE = timedelta(minutes=15)
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
CHUNK = 500
RESTORED = "a backup was restored"  # the problem of a run that may have been made after the backup


def claim_due(session: Session, now: datetime, most: int = 100) -> int:
    """Create a run for groups whose digest is due, and set their next date. Returns how many. Several processes may
    call this at the same time.

    A digest that is more than a day late is skipped, because its week is old and the next one is near.
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


def leave_out_due(session: Session, until: datetime) -> tuple[int, int]:
    """After a backup was restored: leave out the digests that were due up to `until`, because they may have been sent.
    Nobody is told that they were left out. Returns how many were opened but not made, and how many were not opened.
    """
    waiting = update(DigestRun).where(DigestRun.status == RunStatus.PENDING, DigestRun.due_at <= until)
    left_out = {"status": RunStatus.SKIPPED, "problem": RESTORED, "leased_until": None}
    unmade = session.scalars(waiting.values(left_out).returning(DigestRun.id)).all()
    due = select(Group).where(Group.is_active, Group.next_digest_at <= until).order_by(Group.id).with_for_update()
    groups = list(session.scalars(due))
    for group in groups:
        if group.next_digest_at is None or group.digest_schedule is None:
            continue
        schedule = read_cron(group.digest_schedule)
        dates = find_due_period(schedule, group.timezone, group.next_digest_at)
        row = {"group_id": group.id, "period_start": dates.start, "period_end": dates.end}
        row |= {"due_at": group.next_digest_at, "status": RunStatus.SKIPPED, "problem": RESTORED}
        session.execute(insert(DigestRun).values(row).on_conflict_do_nothing())
        group.next_digest_at = find_next_due(schedule, group.timezone, until)
    return len(unmade), len(groups)


def hurry_syncs(session: Session, now: datetime) -> int:
    """Let the Garmin accounts of groups whose digest is near be read, so that it includes today. Returns how many."""
    query = (
        select(Membership.member_id)
        .join(Group)
        .where(Group.is_active, Group.next_digest_at.between(now, now + SYNC_BEFORE), Membership.left_at.is_(None))
    )
    members = list(session.scalars(query))
    return syncing.ask_for_syncs(session, members, now, older_than=FRESH) if members else 0


def take_run(session: Session) -> DigestRun | None:
    """Lease the oldest run that waits to be made, and return it, or None."""
    query = (
        select(DigestRun)
        .where(
            DigestRun.status == RunStatus.PENDING,
            leases.is_free(DigestRun.leased_until),
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
        count(session, Count.DIGESTS, status=run.status)
    run.leased_until = leases.end_lease_in(session, LEASE)
    return run


def give_back(session: Session, run_id: int) -> None:
    """Let another worker make the run at once, because this one has to stop. This does not count as an attempt."""
    run = session.get_one(DigestRun, run_id, with_for_update=True)
    if run.status is RunStatus.PENDING:
        run.attempts, run.leased_until = max(run.attempts - 1, 0), None
        ring(session, Bell.DIGESTS)


def make_teller(session: Session, run_id: int) -> Teller:
    """Read the facts of a run, once for all of its readers."""
    run = session.get_one(DigestRun, run_id)
    return Teller(scenes.make_scene(session, run.group, Dates(run.period_start, run.period_end)))


def post_some(
    session: Session, run_id: int, teller: Teller, after: int, now: datetime, *, most: int = CHUNK
) -> int | None:
    """Write the digest for the next members into the outbox. `after` is the last membership id that has it. Returns the
    next such id, or None if all have it.

    If a part is written twice because a worker died, the second time is ignored.
    """
    run = session.get_one(DigestRun, run_id, with_for_update=True)
    if run.status is not RunStatus.PENDING:
        return None
    places = _readers(session, run, now, after, most)
    readers = saying.find_readers(session, teller.scene, [member for _, member in places])
    form = find_form(run.group)
    posts = [
        Post(me.member.id, saying.write_message(teller, me, form), f"digest:{run.id}:{me.member.id}") for me in readers
    ]
    mailbox.post_many(session, posts, now, kind=MessageKind.DIGEST, group_id=run.group_id)
    if len(places) == most:
        run.leased_until = leases.end_lease_in(session, LEASE)
        return places[-1][0]
    run.status, run.generated_at, run.leased_until = RunStatus.SENT, now, None
    count(session, Count.DIGESTS, status=run.status)
    measure(session, Duration.DIGEST, now - run.due_at)
    run.content = scenes.make_content(teller)
    group_posts.open_for(session, run, now)
    webhook_messages.note_once_in_group(session, WebhookEvent.DIGEST_SENT, run.group_id, run.id)
    run.freeze_at = corrections.find_freezing_time(teller.scene.dates, run.group.timezone)
    return None


def write_for_reader(
    session: Session,
    group: Group,
    member: Member,
    dates: Dates,
    now: datetime,
    form: str | None = None,
    *,
    preview: bool = False,
) -> Message:
    """Return the digest of any days for one member who asks. Days that are not over are compared with
    as many days before.
    """
    today = now.astimezone(ZoneInfo(group.timezone)).date()
    before = scenes.find_stretch_before(dates)
    if today < dates.end:
        before = Dates(before.start, min(before.end, before.start + (max(today, dates.start) - dates.start)))
    teller = Teller(scenes.make_scene(session, group, dates, before))
    [me] = saying.find_readers(session, teller.scene, [member])
    return saying.write_message(teller, me, DigestForm(form) if form else find_form(group), preview=preview)


def find_coming_days(group: Group, now: datetime) -> Dates:
    """Return the days that the next digest is about; this week, if there is no next digest or its days
    have not begun.
    """
    if group.digest_schedule and group.next_digest_at:
        return find_days_by(read_cron(group.digest_schedule), group.timezone, group.next_digest_at, now)
    return find_week(now.astimezone(ZoneInfo(group.timezone)).date())


def find_days_by(schedule: Schedule, zone: str, due: datetime, now: datetime) -> Dates:
    """Return the days that a digest by this schedule would be about, if it is next due at `due`; this week, if these
    days have not begun.
    """
    today, dates = now.astimezone(ZoneInfo(zone)).date(), find_due_period(schedule, zone, due)
    return dates if dates.start <= today else find_week(today)


def freeze(session: Session, now: datetime, most: int = 50) -> int:
    """Store the final places for digests whose days late data may no longer change. Returns how many."""
    query = (
        select(DigestRun)
        .where(DigestRun.freeze_at <= now)
        .order_by(DigestRun.freeze_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    runs = list(session.scalars(query))
    for run in runs:
        board = scenes.make_digest_board(session, run.group, Dates(run.period_start, run.period_end))
        values = {row.member.id: row.place.value for row in board.rows}
        visible = privacy.find_sharing(session, run.group, board.metric)
        run.content = (run.content or {}) | {"final": corrections.keep_final_places(values, visible)}
        run.freeze_at = None
    return len(runs)


def has_days_to_freeze(now: datetime) -> Exists:
    """Return a condition: a digest's days are due to be frozen."""
    return exists().where(DigestRun.freeze_at <= now)


def find_form(group: Group) -> DigestForm:
    """Return the form in which the group wants its digest."""
    return DigestForm(group.settings.get("digest_form", DigestForm.TABLE))


def tell_as(group: Group, form: str) -> None:
    """Set the form of the group's digest: a table or a story."""
    group.settings = {**group.settings, "digest_form": str(DigestForm(form))}


def find_last_run(session: Session, group: Group) -> DigestRun | None:
    """Return the run of the newest digest that was sent, or None."""
    query = select(DigestRun).where(DigestRun.group_id == group.id, DigestRun.status == RunStatus.SENT)
    return session.scalar(query.order_by(DigestRun.period_end.desc()).limit(1))


def list_sent(session: Session, group: Group, most: int) -> Sequence[DigestRun]:
    """Return the runs of the newest digests that were sent, the newest first."""
    query = select(DigestRun).where(DigestRun.group_id == group.id, DigestRun.status == RunStatus.SENT)
    return session.scalars(query.order_by(DigestRun.period_end.desc()).limit(most)).all()


def mute_digests(membership: Membership, until: datetime | None) -> None:
    """Send this member no digest of the group before `until`; None ends that."""
    membership.muted_until = until


def has_unmade_run() -> Exists:
    """Return a condition: a run waits to be made."""
    return exists().where(DigestRun.status == RunStatus.PENDING)


def _open_run(session: Session, group: Group, now: datetime) -> None:
    due = group.next_digest_at
    if due is None or group.digest_schedule is None:
        group.next_digest_at = None
        return
    schedule = read_cron(group.digest_schedule)
    dates = find_due_period(schedule, group.timezone, due)
    skipped = now - due > LATE
    row = {
        "group_id": group.id,
        "period_start": dates.start,
        "period_end": dates.end,
        "due_at": due,
        "status": RunStatus.SKIPPED if skipped else RunStatus.PENDING,
    }
    session.execute(insert(DigestRun).values(row).on_conflict_do_nothing())
    group.next_digest_at = find_next_due(schedule, group.timezone, max(due, now))
    ring_at(session, group.id, group.next_digest_at)
    if skipped:
        count(session, Count.DIGESTS, status=RunStatus.SKIPPED)
        tell(session, "error", "digest skipped", group=group.id, due=due.isoformat())
        missed.tell_missed_digest(session, group, dates, due, now)


def _readers(session: Session, run: DigestRun, now: datetime, after: int, most: int) -> list[tuple[int, Member]]:
    """Return the next members who get the digest. If a run is made again, members who joined after the first
    time are left out.
    """
    query = (
        select(Membership.id, Member)
        .join(Member, Membership.member_id == Member.id)
        .where(
            Membership.group_id == run.group_id,
            Membership.id > after,
            Membership.joined_at <= (run.generated_at or now),
            Membership.left_at.is_(None),
            or_(Membership.muted_until.is_(None), Membership.muted_until <= now),
            Member.opted_out_at.is_(None),
        )
        .order_by(Membership.id)
        .limit(most)
    )
    return [(identity, member) for identity, member in session.execute(query)]
