"""What a member's calendar shows: challenges, the last days of goals, and the next digests of each of their groups.

Each entry keeps its name (UID) when it changes, so that calendar apps move it instead of adding another one. Its
revision number grows with the time of its row's last change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fitness.schedules import find_due_period, find_next_due, read_cron
from messages.render import Reader, words
from models import Challenge, Goal, Group, Member, Membership
from services.ground.recipients import make_reader
from services.people.members import list_memberships
from services.play import challenges

BACK = timedelta(days=90)  # challenges and goals that ended longer ago are left out
AHEAD = timedelta(days=70)  # digests that are due later are left out
MOST_DIGESTS = 20  # of one group; a digest may come every day
MOST_CHALLENGES = 200


@dataclass(frozen=True)
class AgendaEntry:
    """One entry. `starts` and `ends` are both days, both included, or both times in the group's time zone.

    `uid` is unique in this deployment. The first line of `text` is the title.
    """

    uid: str
    text: str
    starts: date
    ends: date
    made_at: datetime
    changed_at: datetime
    is_cancelled: bool = False

    @property
    def title(self) -> str:
        """The first line of the text."""
        return self.text.split("\n", 1)[0].strip()

    @property
    def description(self) -> str:
        """The other lines of the text."""
        return self.text.partition("\n")[2].strip()

    @property
    def revision(self) -> int:
        """How often the entry may have changed, as a number that never falls: SEQUENCE. It counts seconds."""
        return max(0, int((self.changed_at - self.made_at).total_seconds()))


def list_entries(session: Session, member: Member, now: datetime) -> list[AgendaEntry]:
    """Return everything that the member's calendar shows, in their language. At most four queries.

    It shows what each member of a group may see: nobody's figures, and no names of members.
    """
    places, reader = list_memberships(session, member), make_reader(member)
    by_group = {each.group_id: each.group for each in places}
    found = [
        *_list_challenges(session, member, by_group, now, reader),
        *_list_goals(session, member, by_group, now, reader),
    ]
    for each in places:
        found.extend(_list_digests(each, now, reader))
    return sorted(found, key=lambda each: each.uid)


def _list_challenges(
    session: Session, member: Member, groups: dict[int, Group], now: datetime, reader: Reader
) -> Iterator[AgendaEntry]:
    query = select(Challenge).where(Challenge.group_id.in_(list(groups)), Challenge.ends >= (now - BACK).date())
    found = session.scalars(query.order_by(Challenge.starts.desc(), Challenge.id).limit(MOST_CHALLENGES)).all()
    joined = challenges.find_joined(session, found, member)
    for each in found:
        group = groups[each.group_id]
        called_off = each.ended_at is not None and challenges.find_local_day(group, each.ended_at) < each.starts
        facts = {"challenge": each, "group": group, "takes_part": each.id in joined, "called_off": called_off}
        text = words("feeds/event_challenge", reader, **facts)
        times = (each.starts, each.ends, each.created_at, each.updated_at)
        yield AgendaEntry(f"challenge-{each.id}", text, *times, is_cancelled=called_off)


def _list_goals(
    session: Session, member: Member, groups: dict[int, Group], now: datetime, reader: Reader
) -> Iterator[AgendaEntry]:
    theirs = or_(Goal.member_id == member.id, Goal.group_id.in_(list(groups)))
    goals: Sequence[Goal] = session.scalars(select(Goal).where(theirs, Goal.ends >= (now - BACK).date())).all()
    for each in goals:
        text = words("feeds/event_goal", reader, goal=each, group=groups.get(each.group_id or 0))
        yield AgendaEntry(f"goal-{each.id}", text, each.ends, each.ends, each.created_at, each.updated_at)


def _list_digests(place: Membership, now: datetime, reader: Reader) -> Iterator[AgendaEntry]:
    """Yield the next digests that the member will get from a group.

    An entry is named after the days that its digest is about, so it moves if the digest comes at another time.
    """
    group, due = place.group, place.group.next_digest_at
    if due is None or group.digest_schedule is None:
        return
    schedule, zone = read_cron(group.digest_schedule), ZoneInfo(group.timezone)
    text = words("feeds/event_digest", reader, group=group)
    for _ in range(MOST_DIGESTS):
        if due > now + AHEAD:
            return
        if place.muted_until is None or place.muted_until <= due:
            about = find_due_period(schedule, group.timezone, due)
            uid = f"digest-{group.id}-{about.start:%Y%m%d}-{about.end:%Y%m%d}"
            local = due.astimezone(zone)
            yield AgendaEntry(uid, text, local, local, group.created_at, group.updated_at)
        due = find_next_due(schedule, group.timezone, due)
