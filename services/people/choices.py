"""What members choose for themselves: their name, units, time zone, language and quiet hours."""

from datetime import datetime, time

from babel import Locale
from sqlalchemy.orm import Session

from messages import languages
from models import Member, Units
from services.ground import audit, undoable
from services.ground.refusals import LanguageNotKnown
from services.people import naming

LONGEST_NAME = 20
NO_QUIET = (time(0), time(0))


def set_name(session: Session, member: Member, name: str, now: datetime) -> None:
    """Give the member this name. Raises `NameNotUsable`, `SoundsOfficial` or `NameLikeAnother`."""
    change_choices(session, member, "name", now, name=naming.check_name(session, member, name, LONGEST_NAME))


def use_units(session: Session, member: Member, units: Units, now: datetime) -> None:
    """Show the member lengths in kilometres or in miles."""
    change_choices(session, member, "units", now, units=units)


def set_zone(session: Session, member: Member, zone: str, now: datetime) -> None:
    """Show the member times in this time zone."""
    change_choices(session, member, "timezone", now, timezone=zone)


def set_language(session: Session, member: Member, wanted: str, now: datetime) -> str:
    """Set the member's language, and return its name in that language. `wanted` is its code, or its name in English or
    in the language itself. Raises `LanguageNotKnown`.
    """
    spoken = wanted.casefold().strip()
    found = next((code for code in languages.languages() if spoken in _called(code)), None)
    if found is None:
        raise LanguageNotKnown(wanted=wanted, languages=list_languages())
    change_choices(session, member, "language", now, locale=found)
    return _name(found)


def list_languages() -> list[str]:
    """Return the names of the available languages, each in that language."""
    return [_name(code) for code in languages.languages()]


def set_quiet_hours(session: Session, member: Member, start: time, end: time, now: datetime) -> None:
    """Send the member nothing unasked between these times of day. If both are equal, there are no quiet hours."""
    change_choices(session, member, "quiet", now, quiet_from=start, quiet_until=end)


def change_choices(session: Session, member: Member, kind: str, now: datetime, **values: object) -> None:
    """Change columns of the member. The old values can be restored with `undo` for a while."""
    undoable.remember(session, member, kind, now, member, **{key: getattr(member, key) for key in values})
    for key, value in values.items():
        setattr(member, key, value)
    audit.note(session, f"member.{kind}", now, member_id=member.id)


def _called(code: str) -> set[str]:
    locale = Locale.parse(code)
    return {code, str(locale.get_display_name(code)).casefold(), str(locale.get_display_name("en")).casefold()}


def _name(code: str) -> str:
    return str(Locale.parse(code).get_display_name(code))
