"""Tells the operator about problems by WhatsApp, e-mail or a webhook, at once and not through the outbox, because the
database or the worker may be the problem.
"""

from collections.abc import Collection, Iterable
from uuid import uuid4

import structlog
from redis import RedisError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from models import Identity, IdentityKind, Member, Sign
from providers.alarm import Alarm, AlarmFailed
from providers.errors import MessengerError
from providers.messenger import Parcel
from services.delivery import contents, outbox
from world import World

log = structlog.get_logger()

TEMPLATE = "account_notice"
MOST_AN_HOUR = 20  # after that, a problem that comes and goes is only logged
COUNTED = "told:operator"
LONGEST = 900  # characters of a text
SIGNS_OF_A_VALUE = 400


class WhatsAppAlarm:
    """Implements `Alarm` by a WhatsApp message to the operator's own number: as text if they have written within 24
    hours, otherwise as the approved template.
    """

    name = "WhatsApp"

    def __init__(self, world: World, number: str) -> None:
        self._world, self._number = world, number

    def ring(self, title: str, text: str) -> None:
        """Send the message. See `Alarm.ring`."""
        said = f"*{title}*\n{text}"[:LONGEST]
        content = self._template()
        values = {"1": "operator", "2": "the bot itself", "3": _one_line(text), "4": "status"} if content else None
        try:
            self._world.messenger.send(Parcel(self._number, str(uuid4()), said, None, content, values))
        except MessengerError as error:
            raise AlarmFailed(str(error)) from None

    def _template(self) -> str | None:
        """Return the id of the template to send; None if text may be sent, or if that cannot be found out."""
        world, phone = self._world, self._number.removeprefix("whatsapp:")
        try:
            with world.sessions() as session:
                usable = contents.find_usable(session, world.messenger.account)
                known = (Identity.kind == IdentityKind.PHONE, Identity.value == phone)
                heard = session.scalar(select(Member.last_inbound_at).join(Identity).where(*known))
        except SQLAlchemyError:
            return None
        is_open = heard is not None and world.now() - heard < outbox.WINDOW
        return None if is_open else usable.get(TEMPLATE)


def list_alarms(world: World) -> list[Alarm]:
    """Return all ways that the operator has set."""
    number = world.settings.operator_whatsapp
    return [*([WhatsAppAlarm(world, number)] if number else []), *world.alarms]


def tell(world: World, begun: Iterable[tuple[str, str, str]], ended: Iterable[str], alone: Collection[str]) -> None:
    """Tell the operator in one message which problems have begun (name, what is wrong, how to
    repair it) and which have ended.

    Problems in `alone` were noticed while Redis could not be reached, perhaps by every process. For these, a row in
    Postgres decides which process tells.
    """
    chosen = list_alarms(world)
    if not chosen:
        return
    worse = [each for each in begun if each[0] not in alone or _is_first(world, each[0])]
    better = [name for name in ended if name not in alone or _is_last(world, name)]
    if not (worse or better) or not _may_tell(world):
        return
    names = ", ".join(name for name, _, _ in worse)
    title = f"Gruppetto: {names} degraded" if worse else f"Gruppetto: {', '.join(better)} well again"
    lines = [f"{name}: {says}. {mend}." for name, says, mend in worse]
    lines += [f"{name} is well again." for name in better]
    ring(chosen, title, "\n".join([*lines, world.settings.base_url]))


def ring(chosen: Iterable[Alarm], title: str, text: str) -> dict[str, str]:
    """Send the text in each of these ways, even if another one fails. Returns the reasons of those that failed."""
    failed = {}
    for each in chosen:
        try:
            each.ring(title, text)
        except AlarmFailed as error:
            failed[each.name] = str(error)
            log.warning("operator not told", way=each.name, why=str(error))
    return failed


def _may_tell(world: World) -> bool:
    """Return whether the operator was told less than `MOST_AN_HOUR` times in this hour. True if
    Redis cannot be reached.
    """
    try:
        with world.redis.pipeline() as asked:
            asked.incr(COUNTED)
            asked.expire(COUNTED, 3600, nx=True)
            count, _ = asked.execute()
    except RedisError:
        return True
    return int(count) <= MOST_AN_HOUR


def _is_first(world: World, name: str) -> bool:
    """Return whether no other process has told of this problem. If Postgres cannot be reached
    either, each process tells.
    """
    now = world.now()
    row = {"name": f"told {name}", "since": now, "at": now, "count": 1, "detail": ""}
    try:
        with world.sessions.begin() as session:
            taken = insert(Sign).values(row).on_conflict_do_nothing().returning(Sign.name)
            return session.scalar(taken) is not None
    except SQLAlchemyError:
        return True


def _is_last(world: World, name: str) -> bool:
    """Return whether no other process has told that this problem is over."""
    try:
        with world.sessions.begin() as session:
            return session.scalar(delete(Sign).where(Sign.name == f"told {name}").returning(Sign.name)) is not None
    except SQLAlchemyError:
        return True


def _one_line(text: str) -> str:
    """Return a text without line breaks, which WhatsApp refuses in the value of a template."""
    return " ".join(text.split())[:SIGNS_OF_A_VALUE]
