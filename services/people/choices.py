"""What members choose for themselves: how they are called, and how they are written to."""

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


def call(session: Session, member: Member, name: str, now: datetime) -> None:
    """Be called this from now on. Raises `NameNotUsable`, `SoundsOfficial` or `NameLikeAnother`."""
    change(session, member, "name", now, name=naming.chosen(session, member, name, LONGEST_NAME))


def use_units(session: Session, member: Member, units: Units, now: datetime) -> None:
    """Read lengths in kilometres or in miles."""
    change(session, member, "units", now, units=units)


def live_in(session: Session, member: Member, zone: str, now: datetime) -> None:
    """Read times as they are there."""
    change(session, member, "timezone", now, timezone=zone)


def speak(session: Session, member: Member, wanted: str, now: datetime) -> None:
    """Be written to in this language, by its code or its name in itself or in English. Raises `LanguageNotKnown`."""
    spoken = wanted.casefold().strip()
    found = next((code for code in languages.languages() if spoken in _called(code)), None)
    if found is None:
        raise LanguageNotKnown(wanted=wanted, languages=names_of_languages())
    change(session, member, "language", now, locale=found)


def names_of_languages() -> list[str]:
    """The languages that there are, each in its own words."""
    return [str(Locale.parse(code).get_display_name(code)) for code in languages.languages()]


def be_quiet(session: Session, member: Member, start: time, end: time, now: datetime) -> None:
    """Get nothing that was not asked for between these times of day; never quiet where they are the same."""
    change(session, member, "quiet", now, quiet_from=start, quiet_until=end)


def change(session: Session, member: Member, kind: str, now: datetime, **values: object) -> None:
    """Change columns of the member; what they held can be had back for a while."""
    undoable.remember(session, member, kind, now, member, **{key: getattr(member, key) for key in values})
    for key, value in values.items():
        setattr(member, key, value)
    audit.note(session, f"member.{kind}", now, member_id=member.id)


def _called(code: str) -> set[str]:
    locale = Locale.parse(code)
    return {code, str(locale.get_display_name(code)).casefold(), str(locale.get_display_name("en")).casefold()}
