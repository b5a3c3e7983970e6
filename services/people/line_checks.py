"""Recognises lines that must not be read as commands: floods, lines of machines, secrets. Lines are not
stored for this.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import CountedEvent, Erasure, InboundMessage, Member, OutboundMessage
from models.hashes import digest
from services.delivery import outbox
from services.ground import limits
from services.ground.bells import Bell, ring

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Names under which such a turn is noted, so that later turns can take it into account.
SLOW_DOWN, ENOUGH, SILENCE, MEDIA, ECHO, INTRO, SECRET = (
    "slow down", "enough today", "silence", "media", "echo", "intro", "secret",
)  # fmt: skip
NOT_UNDERSTOOD = "not understood"
MOST_REPEATED = 3  # a line that comes more often is taken for a machine's
SHORTEST_ECHO = 30  # characters; a person may type a shorter text of the bot, such as a button's label

WORDS_FOR_PASSWORD = (
    "pass ?word", "pass ?wd", "passcode", "pass ?phrase", "pwd?", "pin", "passwort", "kennwort", "contrase[nñ]a",
    "mot de passe", "wachtwoord", "senha", "parola",
)  # fmt: skip
SAYS_PASSWORD = f"(?:{'|'.join(WORDS_FOR_PASSWORD)})"
LABELLED = re.compile(rf"\b{SAYS_PASSWORD}\s*(?:is|ist|es|est)?\s*(?:[:=]|->|=>)\s*(\S{{4,}})", re.IGNORECASE)
SPOKEN = re.compile(rf"\b{SAYS_PASSWORD}\s+(?:is|ist|es|est)\s+(\S{{4,}})\s*[.!]?$", re.IGNORECASE)
BESIDE = re.compile(rf"^(?:my |mein |mi )?{SAYS_PASSWORD}\s+(\S{{6,}})$", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
LABEL = re.compile(rf"^(?:e-?mail|user(?:name)?|login|and|und|y|et|{SAYS_PASSWORD})?[:=,;|/-]*$", re.IGNORECASE)
KEY = re.compile(r"(?<![\w/.:?=&-])[\w.~+/-]{40,4096}={0,2}(?!\w)")
ABOUT_PASSWORDS = {
    "wrong", "right", "correct", "stored", "kept", "safe", "secure", "needed", "required", "lost", "gone", "forgotten",
    "secret", "changed", "different", "expired", "used", "encrypted", "hidden", "there", "this", "that", "what", "here",
    "please", "thanks", "reset", "manager", "managers", "again", "changes", "working", "asked", "visible", "garmin",
}  # fmt: skip


def is_secret(line: str) -> bool:
    """Return whether a line seems to contain a password or a key. The line is not stored."""
    return _names_password(line) or _follows_email(line) or _holds_key(line)


def _names_password(line: str) -> bool:
    """Return whether a line names a password: "password: hunter2", "my password is hunter2", but
    not "my password is wrong".
    """
    if found := LABELLED.search(line):
        return _could_be_password(found[1])
    if found := SPOKEN.search(line):
        return _could_be_password(found[1])
    found = BESIDE.search(line.strip())
    return found is not None and _could_be_password(found[1]) and not found[1].isalpha()


def _could_be_password(word: str) -> bool:
    return word.strip("?!.,;:\"'*_").casefold() not in ABOUT_PASSWORDS and not word.endswith("?")


def _follows_email(line: str) -> bool:
    """Return whether an e-mail address and one word follow each other, on one line or two, as when
    credentials are copied.
    """
    found = EMAIL.search(line)
    if found is None:
        return False
    words = [word for word in line[found.end() :].split() if not LABEL.match(word)]
    words = [words[0].lstrip("/:|,;")] if len(words) == 1 else words
    if len(words) != 1 or len(words[0]) < 6 or EMAIL.search(words[0]):
        return False
    return _could_be_password(words[0]) and not re.search(r"[:/]", line[: found.start()][-3:])


def _holds_key(line: str) -> bool:
    """Return whether there is a long run of digits, small letters and capitals that is no address,
    as in keys and tokens.
    """
    return any(
        re.search(r"\d", run) and re.search(r"[a-z]", run) and re.search(r"[A-Z]", run)
        for run in (found[0] for found in KEY.finditer(line))
    )


@dataclass(frozen=True)
class Limits:
    """How many lines of one person are answered."""

    a_minute: int
    a_day: int


@dataclass(frozen=True)
class Lately:
    """What one person has done lately: the number of lines in the last minute and day, and what they were answered."""

    minute: int
    day: int
    slowed: int
    enough: int
    same: int
    media: int
    echoes: int
    greeted: int


def _looking_back() -> Select[*tuple[int, ...]]:
    """Return the query for `Lately`. Lines are counted by address (`services.ground.limits`), so that they still count
    after their writer was erased and came back. Of several addresses, the one with the most lines is used. Equal lines
    are counted by member, because they serve to recognise machines, and a machine does not erase its account.
    """
    row, command = CountedEvent, func.substr(CountedEvent.kind, len(limits.LINE) + 1)
    minute, hour = row.at > bindparam("minute"), row.at > bindparam("hour")
    counts = {
        "minute": func.count().filter(minute),
        "day": func.count(),
        "slowed": func.count().filter(minute, command == SLOW_DOWN),
        "enough": func.count().filter(command == ENOUGH),
        "media": func.count().filter(hour, command == MEDIA),
        "echoes": func.count().filter(hour, command == ECHO),
        "greeted": func.count().filter(command.in_([INTRO, "start"])),
    }
    mine = row.address_hash.in_(bindparam("addresses", expanding=True))
    lines = select(*(count.label(name) for name, count in counts.items())).where(
        mine, row.kind.startswith(limits.LINE), row.at > bindparam("day")
    )
    by_address = lines.group_by(row.address_hash).subquery()
    heard = InboundMessage
    of_member = (heard.member_id == bindparam("member"), heard.mark == bindparam("mark"))
    same = select(func.count()).where(*of_member, heard.received_at > bindparam("hour")).scalar_subquery()
    return select(*(func.coalesce(func.max(by_address.c[name]), 0).label(name) for name in counts), same.label("same"))


LATELY = _looking_back()  # made once, because every line uses it


def look_back(session: Session, member: Member, line: str, now: datetime) -> Lately:
    """Look back one day, with one query. `same` counts how often exactly this line was not understood
    within an hour.
    """
    since = {"minute": now - MINUTE, "hour": now - HOUR, "day": now - DAY}
    facts = {"member": member.id, "mark": mark_line(session, member.id, line)}
    found = session.execute(LATELY, facts | {"addresses": limits.hash_member_addresses(session, member)} | since).one()
    return Lately(**found._mapping)  # noqa: SLF001 - SQLAlchemy's own way to read a row


def check_flood(found: Lately, limits: Limits) -> str | None:
    """Return how to answer a flood: first with a warning, then with silence. Returns None if there is no flood."""
    if found.day >= limits.a_day:
        return SILENCE if found.enough else ENOUGH
    if found.minute >= limits.a_minute:
        return SILENCE if found.slowed else SLOW_DOWN
    return None


def mark_line(session: Session, member_id: int, line: str) -> str:
    """Return a keyed hash by which a line is recognised without being stored."""
    return digest(session, "line", f"{member_id}|{' '.join(line.split())}")[:32]


def is_echo(session: Session, member_id: int, line: str, now: datetime) -> bool:
    """Return whether a line is one of our own texts, sent back by a machine. Two machines would
    answer each other for ever.
    """
    if len(line) < SHORTEST_ECHO:
        return False
    same = (OutboundMessage.member_id == member_id, OutboundMessage.body_hash == outbox.hash_body(session, line))
    return session.scalar(select(OutboundMessage.id).where(*same, OutboundMessage.created_at > now - DAY)) is not None


def forget_line(session: Session, sid: str, now: datetime) -> None:
    """Let the vendor delete this line, because it stores what people write."""
    row = {"sid": sid, "asked_at": now, "next_try_at": now}
    session.execute(insert(Erasure).values(row).on_conflict_do_nothing())
    ring(session, Bell.HOUSEKEEPING)
