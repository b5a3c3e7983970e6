"""Another member, as far as the group may see them."""

from datetime import date

from bot.declaring.turn import Turn
from bot.languages import words_for
from models import Member
from services.ground.refusals import KeptPrivate
from services.group import groups, privacy
from services.group.privacy import Shown
from services.people import members

MYSELF = words_for("myself")


def meant(turn: Turn, who: str | None) -> Member:
    """Whom a name means; without one, or by "me", oneself.

    Raises `NoSuchPerson`, `TwoPeopleMatch` or `NotInAGroup`.
    """
    return turn.member if not who or who.casefold() in MYSELF else somebody(turn, who)


def somebody(turn: Turn, name: str) -> Member:
    """Who is meant in the group that is talked about. Raises `NoSuchPerson`, `TwoPeopleMatch` or `NotInAGroup`."""
    return groups.find_member(turn.session, members.membership_of(turn.session, turn.member).group, name).member


def seen(turn: Turn, other: Member, fields: list[str], since: date) -> Shown:
    """What the group sees of somebody.

    Raises `KeptPrivate`, whatever the reason: they hide, are anonymous or were so since that day, or do not share one
    of these fields.
    """
    shown = privacy.shown(turn.session, turn.group, fields, since)
    if other.id not in shown:
        raise KeptPrivate(person=other)
    return shown[other.id]
