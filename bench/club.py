"""One large group, whose members were all active in the week of its digest."""

from collections.abc import Sequence
from datetime import date, datetime
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from fitness.metrics import SHARED_AT_FIRST
from fitness.schedules import Weekly, find_due_period, write_cron
from jobs.work import transaction
from messages.message import Approved, Message
from models import Activity, Group, Membership, MessageKind
from models.groups import Role
from services.delivery import mailbox
from services.ground.bells import ring_at
from world import World

ZONE = "Europe/Brussels"
NEWS = "Your Garmin is connected again."
LATER = Approved("garmin_notice", {"1": "Friend", "2": NEWS})  # its form after 24 hours
SPORTS = (("running", "run"), ("road_biking", "ride"), ("walking", "walk"))


def come_due(world: World, members: Sequence[int], random: Random, *, twice: int) -> datetime:
    """Make the group's digest due at once, and write another message to `twice` of its members. Returns
    the due time.
    """
    due = world.now().replace(second=0, microsecond=0)
    schedule = Weekly(due.weekday(), due.time())
    first_day = find_due_period(schedule, ZONE, due).start
    with transaction(world) as session:
        group = gather(session, members, first_day, due, random)
        group.digest_schedule, group.next_digest_at = write_cron(schedule), due
        ring_at(session, group.id, due)
        _write_to(session, members[:twice], due)
    return world.now()


def gather(session: Session, members: Sequence[int], day: date, now: datetime, random: Random) -> Group:
    """Put these members into one group without a digest. The first is the owner, and each has an
    activity on that day.
    """
    group = Group(name="Everybody", timezone=ZONE)
    session.add(group)
    session.flush()
    session.execute(insert(Membership), [_membership(group.id, each, each == members[0], now) for each in members])
    session.execute(insert(Activity), [_activity(each, day, now, random) for each in members])
    return group


def _write_to(session: Session, members: Sequence[int], now: datetime) -> None:
    for each in members:
        mailbox.post(
            session, each, Message(NEWS, approved=LATER), now, kind=MessageKind.NOTICE, key=f"bench:notice:{each}"
        )


def _membership(group_id: int, member_id: int, is_owner: bool, now: datetime) -> dict[str, Any]:
    return {
        "group_id": group_id,
        "member_id": member_id,
        "role": Role.OWNER if is_owner else Role.MEMBER,
        "shares": list(SHARED_AT_FIRST),
        "consented_at": now,
        "consent_version": "1",
        "joined_at": now,
    }


def _activity(member_id: int, day: date, now: datetime, random: Random) -> dict[str, Any]:
    kind, sport = random.choice(SPORTS)
    seconds = random.uniform(1_200, 9_000)
    return {
        "member_id": member_id,
        "external_id": member_id,
        "type": kind,
        "sport": sport,
        "start_utc": now,
        "utc_offset": 0,
        "local_date": day,
        "duration": seconds,
        "distance": seconds * random.uniform(1.5, 7.0),
        "raw_data": {},
        "fingerprint": f"{member_id:032}",
    }
