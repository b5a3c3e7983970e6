"""Settings of a group, and the schedule of its digest, as its admins change them."""

from datetime import datetime

from sqlalchemy.orm import Session

from models import Group, Membership
from services.ground import audit, group_settings
from services.ground.group_settings import GroupSettings
from services.group import digest_times, groups, openings


def choose(session: Session, membership: Membership, setting: str, value: object, now: datetime) -> GroupSettings:
    """Change one of the group's settings. Raises `OnlyAdmins` or `SettingNotUsable`, and `KeyError`
    for an unknown setting.
    """
    groups.hold(session, membership)
    groups.require_admin(session, membership, "settings")
    session.refresh(membership.group, ["settings"])
    chosen = group_settings.change(membership.group, setting, value)
    if setting == "members_invite" and not chosen.members_invite:
        openings.end_codes_of_members(session, membership.group, now)
    _note(session, "group.set", membership, now, setting=setting, value=getattr(chosen, setting))
    return chosen


def reschedule(
    session: Session, membership: Membership, schedule: str | None, now: datetime, *, zone: str | None = None
) -> Group:
    """Change when the group's digest is sent: a cron line in the group's zone, or None for never;
    and the zone, if given.

    Raises `OnlyAdmins`.
    """
    groups.require_admin(session, membership, "schedule")
    group = membership.group
    group.timezone = zone or group.timezone
    digest_times.reschedule(session, group, schedule, now)
    _note(session, "group.rescheduled", membership, now, schedule=schedule)
    return group


def _note(session: Session, action: str, membership: Membership, now: datetime, **detail: object) -> None:
    audit.note(session, action, now, member_id=membership.member_id, group_id=membership.group_id, **detail)
