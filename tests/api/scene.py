"""Members and their group, for requests to every endpoint; the changes of each request are rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session, sessionmaker

from fitness.challenges import Contest
from fitness.dates import Dates
from fitness.sports import Sport
from models import DigestRun, FeedKind, GarminAccount, GarminMethod, Member, RunStatus, Scope, SentFile
from services.group import away, groups, invites, joining, roles, rules
from services.people import feeds, webhook_messages, webhooks
from services.people.members import find_membership_in
from services.play import challenges, goals
from services.play.challenges import Plan
from services.play.goals import Aim
from services.training import accounts, entries
from tests.api.programs import Program, client_of, member_of, script, signed_in
from tests.town import Town
from world import World

ROLES = ("owner", "admin", "member", "outsider")
WEEK = Dates(date(2026, 11, 9), date(2026, 11, 15))
SOON = Dates(date(2026, 11, 16), date(2026, 12, 6))


@dataclass
class Scene:
    """A world whose transactions are rolled back, and the programs of its members."""

    world: World
    line: Connection
    ids: dict[str, Any] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    scripts: dict[Scope, Program] = field(default_factory=dict)

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """Roll back all changes that are made in the block."""
        nested = self.line.begin_nested()
        try:
            yield
        finally:
            nested.rollback()


@contextmanager
def scene_of(town: Town) -> Iterator[Scene]:
    """Ann owns the group, Ben is an admin, Cas a member, Dev waits to be admitted; Eve has a group of her own."""
    people = {name: member_of(town, name, number) for number, name in enumerate(("Ann", "Ben", "Cas", "Dev", "Eve"), 1)}
    with town.world.sessions.kw["bind"].connect() as line:
        whole = line.begin()
        kept = sessionmaker(
            line, expire_on_commit=False, info={"vault": town.world.vault}, join_transaction_mode="create_savepoint"
        )
        scene = Scene(replace(town.world, sessions=kept), line)
        with kept.begin() as session:
            scene.ids = _set(session, {name: session.get_one(Member, each.id) for name, each in people.items()}, town)
        for role, name in zip(ROLES, ("Ann", "Ben", "Cas", "Eve"), strict=True):
            scene.programs[role] = signed_in(scene.world, people[name].id)
        for scope in Scope:
            others = [each for each in Scope if each not in {scope, Scope.ACCOUNT}]
            scene.scripts[scope] = script(scene.world, people["Ann"].id, *others)
        scene.programs["nobody"] = Program(client_of(scene.world))
        yield scene
        whole.rollback()


def _set(session: Session, people: dict[str, Member], town: Town) -> dict[str, Any]:
    now, today, ann = town.clock(), date(2026, 11, 18), people["Ann"]
    group = groups.start(session, ann, "Legends", now)
    other = groups.start(session, people["Eve"], "Others", now)
    session.flush()
    places = {"Ann": find_membership_in(session, ann, group.id)}
    invitation = invites.make_invite(session, places["Ann"], now)
    for name in ("Ben", "Cas"):
        places[name] = joining.join(session, people[name], invitation.code, now)
    roles.promote(session, places["Ann"], places["Ben"], now)
    rules.choose(session, places["Ann"], "approval", value=True, now=now)
    waiting = joining.join(session, people["Dev"], invitation.code, now)
    goals.set_goal(session, group, Aim("time", 36_000.0, None, SOON), today, now)
    goals.set_goal(session, ann, Aim("time", 36_000.0, None, SOON), today, now)
    challenge = challenges.announce_challenge(session, places["Ann"], Plan(Contest.MOST, "points", SOON), today, now)
    activity = entries.log(session, ann, Sport.SWIM, 1800, 1000.0, today, now)
    _have_garmin(session, people["Ann"], now)
    hook, _ = webhooks.add_webhook(session, ann, "https://example.org/hook", ["digest.sent"], None, "My plot", now)
    away.begin_absence(session, ann, today, None, today, now)
    feed, _ = feeds.make_feed(session, ann, FeedKind.CALENDAR, now)
    run = DigestRun(group_id=group.id, period_start=WEEK.start, period_end=WEEK.end, due_at=now, status=RunStatus.SENT)
    sent = SentFile(member_id=ann.id, url="", content_type="application/fit", received_at=now, next_try_at=now)
    session.add_all([run, sent])
    session.flush()
    return {
        "group_id": group.id,
        "other_group": other.id,
        "place_id": places["Cas"].id,
        "request_id": waiting.id,
        "number": challenge.number,
        "activity_id": activity.id,
        "digest_id": run.id,
        "file_id": sent.id,
        "webhook_id": str(hook.id),
        "delivery_id": str(webhook_messages.write_test(session, hook, now).id),
        "feed_id": feed.id,
        "code": invites.make_invite(session, places["Ann"], now).code,
    }


def _have_garmin(session: Session, member: Member, now: Any) -> None:
    account = GarminAccount(member_id=member.id, method=GarminMethod.PASSWORD, garmin_id="1", display_name="d")
    account.linked_at, account.next_sync_at = now, now + timedelta(days=1)
    accounts.keep_tokens(session, account, "none")
    session.add(account)
