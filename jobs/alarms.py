"""Telling the operator of troubles, by WhatsApp, e-mail or a webhook, at once and without the outbox: the database or
the worker may be what is wrong.
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
MOST_AN_HOUR = 20  # what comes and goes all the time is only logged from then on
COUNTED = "told:operator"
LONGEST = 900  # signs of a text
SIGNS_OF_A_VALUE = 400


class WhatsAppAlarm:
    """The `Alarm` that a WhatsApp message to the operator's own number is: as text while they have written within 24
    hours, else as the approved template.
    """

    name = "WhatsApp"

    def __init__(self, world: World, number: str) -> None:
        self._world, self._number = world, number

    def ring(self, title: str, text: str) -> None:
        """See `Alarm.ring`."""
        said = f"*{title}*\n{text}"[:LONGEST]
        content = self._template()
        values = {"1": "operator", "2": "the bot itself", "3": _one_line(text), "4": "status"} if content else None
        try:
            self._world.messenger.send(Parcel(self._number, str(uuid4()), said, None, content, values))
        except MessengerError as error:
            raise AlarmFailed(str(error)) from None

    def _template(self) -> str | None:
        """The content to say it with; None where text may be sent, or where nobody knows better."""
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
    """All ways that the operator has chosen."""
    number = world.settings.operator_whatsapp
    return [*([WhatsAppAlarm(world, number)] if number else []), *world.alarms]


def tell(world: World, begun: Iterable[tuple[str, str, str]], ended: Iterable[str], alone: Collection[str]) -> None:
    """Tell what has begun (name, what is wrong, what mends it) and what has ended, all in one message.

    What is in `alone` was noticed while Redis was away, perhaps by each process: then Postgres lets one of them tell.
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
    """Ring each; one that fails does not keep the others from ringing. Gives why, for those that failed."""
    failed = {}
    for each in chosen:
        try:
            each.ring(title, text)
        except AlarmFailed as error:
            failed[each.name] = str(error)
            log.warning("operator not told", way=each.name, why=str(error))
    return failed


def _may_tell(world: World) -> bool:
    """Whether the operator was not told too often in this hour. While Redis is away nobody knows, and it is yes."""
    try:
        with world.redis.pipeline() as asked:
            asked.incr(COUNTED)
            asked.expire(COUNTED, 3600, nx=True)
            count, _ = asked.execute()
    except RedisError:
        return True
    return int(count) <= MOST_AN_HOUR


def _is_first(world: World, name: str) -> bool:
    """Whether no other process tells of this. While Postgres is away too, each tells."""
    now = world.now()
    row = {"name": f"told {name}", "since": now, "at": now, "count": 1, "detail": ""}
    try:
        with world.sessions.begin() as session:
            taken = insert(Sign).values(row).on_conflict_do_nothing().returning(Sign.name)
            return session.scalar(taken) is not None
    except SQLAlchemyError:
        return True


def _is_last(world: World, name: str) -> bool:
    """Whether no other process has told that this is over."""
    try:
        with world.sessions.begin() as session:
            return session.scalar(delete(Sign).where(Sign.name == f"told {name}").returning(Sign.name)) is not None
    except SQLAlchemyError:
        return True


def _one_line(text: str) -> str:
    """A text as a template's value: WhatsApp refuses line breaks there."""
    return " ".join(text.split())[:SIGNS_OF_A_VALUE]
