"""Finds another member, and what the group may see of them."""

from datetime import date

from bot.declaring.turn import Turn
from bot.languages.lists import read_words
from models import Member
from services.ground.refusals import KeptPrivate
from services.group import groups, privacy
from services.group.privacy import SharedWithGroup
from services.people import members

MYSELF = read_words("myself")


def find_meant(turn: Turn, who: str | None) -> Member:
    """Return the member with this name; without a name, or for "me", the writer.

    Raises `NoSuchPerson`, `TwoPeopleMatch` or `NotInAGroup`.
    """
    return turn.member if not who or who.casefold() in MYSELF else find_somebody(turn, who)


def find_somebody(turn: Turn, name: str) -> Member:
    """Return the member of the current group with this name. Raises `NoSuchPerson`,
    `TwoPeopleMatch` or `NotInAGroup`.
    """
    return groups.find_member(
        turn.session, members.find_current_membership(turn.session, turn.member).group, name
    ).member


def find_what_is_seen(turn: Turn, other: Member, fields: list[str], since: date) -> SharedWithGroup:
    """Return what the group may see of a member.

    Raises `KeptPrivate` if they hide, are anonymous or were so since that day, or do not share one of these fields. It
    does not say which of these is the reason.
    """
    shown = privacy.find_shown(turn.session, turn.group, fields, since)
    if other.id not in shown:
        raise KeptPrivate(person=other)
    return shown[other.id]
