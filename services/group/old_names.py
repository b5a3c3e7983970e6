"""Names from before the present rules: each is checked once, and changed as a new one would be.

docs/decisions/0020-names-that-deceive.md explains the rules.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from messages.officialese import claims_office
from messages.render import Offer, Reader, words
from messages.words import MOST as LONGEST_NAME
from messages.words import clean_name
from models import Challenge, Group, Member, MessageKind
from services.delivery import mailbox
from services.delivery.notices import write_notice
from services.group import roster
from services.people import naming

RULES = 2  # raise it when the rules change: then every name is checked again
AT_ONCE = 25  # few, so that no member whose row is locked waits long
LONGEST_TEXT = 200


def mend_old_names(session: Session, now: datetime, most: int = AT_ONCE) -> tuple[int, int]:
    """Check some names that were not checked by these rules. Returns how many were checked and how many changed.

    The member is told about a change; for a group, the people who run it are.
    """
    people = select(Member).where(Member.names_version < RULES).order_by(Member.id).limit(most)
    groups = select(Group).where(Group.names_version < RULES).order_by(Group.id).limit(most)
    members = session.scalars(people.with_for_update(skip_locked=True, key_share=True)).all()
    changed = sum([_mend_member(session, each, now) for each in members])
    found = session.scalars(groups.with_for_update(skip_locked=True, key_share=True)).all()
    changed += sum([_mend_group(session, each, now) for each in found])
    return len(members) + len(found), changed


def _mend_member(session: Session, member: Member, now: datetime) -> bool:
    before, member.names_version = member.name, RULES
    member.name = naming.read_profile_name(before)
    mine = {place.group_id: place for place in naming.list_memberships_to_hold(session, member)}
    for group_id in naming.list_groups_of_name(
        session, member
    ):  # of two with the same name, the one who joined first keeps it
        naming.tell_apart(session, member, group_id, mine.get(group_id) if member.name == before else None)
    if member.name == before:
        return False
    if mine and member.opted_out_at is None:
        buttons = [Offer("choose_another", "name")]
        message = write_notice("people/renamed", member, about=None, says="help name", buttons=buttons, member=member)
        mailbox.post(session, member.id, message, now, kind=MessageKind.NOTICE, key=f"renamed:{member.id}:{RULES}")
    return True


def _mend_group(session: Session, group: Group, now: datetime) -> bool:
    before, group.names_version = group.name, RULES
    group.name = _mended(before, LONGEST_NAME) or words("words/unnamed_group", Reader(), number=group.id)
    group.description = _mended(group.description, LONGEST_TEXT)
    for challenge in session.scalars(select(Challenge).where(Challenge.group_id == group.id)):
        challenge.name = _mended(challenge.name, LONGEST_NAME)
    if group.name == before:
        return False
    organisers = session.scalars(select(Member).where(Member.id.in_(roster.select_organisers(group)))).all()
    _tell(session, group, organisers, now)
    return True


def _tell(session: Session, group: Group, organisers: Iterable[Member], now: datetime) -> None:
    buttons = [Offer("choose_another", "rename group")]
    for each in organisers:
        if each.opted_out_at is None:
            message = write_notice(
                "groups/called", each, about=group, says="help rename group", buttons=buttons, group=group
            )
            key = f"called:{group.id}:{each.id}:{RULES}"
            mailbox.post(session, each.id, message, now, kind=MessageKind.NOTICE, key=key, group_id=group.id)


def _mended(text: str | None, most: int) -> str | None:
    """Return the text in the form that the present rules allow; None if nothing is left of it."""
    cleaned = clean_name(text, most) if text else ""
    return cleaned if cleaned and not claims_office(cleaned) else None
