"""Everybody of `who_may_do_what.md`, with their phones, and the ids by which lines name them."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from bot.conversation import converse
from messages.message import Message
from models import Challenge, Member, Membership, OutboundMessage
from models.vault import vault
from simulator.twilio.phones import Phone
from tests.security.table import Row
from tests.town import ACCOUNT, SENDER, Town
from world import World

WRITES = {
    "owner": "Olga",
    "admin": "Adam",
    "member": "Mia",
    "demoted": "Dora",
    "runs another": "Paula",
    "left": "Lukas",
    "kicked": "Karim",
    "banned": "Boris",
    "erased": "Emma",
    "banned and erased": "Sven",
    "waiting": "Wim",
    "stranger": "Rosa",
}
SENDERS = WRITES | {"in doubt": "Iris"}
ABOUT = {
    "a member": "Tom",
    "an admin": "Nils",
    "the owner": "Olga",
    "one who hides": "Hugo",
    "one who left": "Finn",
    "one who was banned": "Greta",
    "one who waits": "Wim",
    "one in doubt": "Iris",
    "one of another group": "Xenia",
    "one who waits elsewhere": "Yusuf",
}
HERE = ("Olga", "Adam", "Nils", "Mia", "Tom", "Hugo", "Dora", "Paula", "Iris")
RUN_IT = ("Olga", "Adam", "Nils")
GONE = ("Lukas", "Karim", "Boris", "Emma", "Sven", "Finn", "Greta")
ELSEWHERE = ("Xenia", "Yusuf")
ERASED = ("Emma", "Sven")
WERE_ADMINS = ("Adam", "Nils", "Dora", "Lukas", "Karim", "Boris", "Emma", "Sven")
NAMES = tuple(dict.fromkeys([*HERE, *GONE, *ELSEWHERE, *WRITES.values()]))
NOBODYS = 999_999  # an id that no row has
# How far each went this week, in kilometres. All differ, so that a figure shows whose it is.
FAR = {name: f"{11.3 + 1.1 * place:.1f}" for place, name in enumerate(NAMES)} | {"Hugo": "58.7"}
OLD = "old"  # the keys of messages that were sent while their readers were admins begin with it


@dataclass
class Left:
    """What somebody made while they were in the group: addresses that open without a chat, and an invite code."""

    page: str
    code: str
    copy: str
    link: str
    picture: str
    digests: str
    calendar: str


@dataclass
class People:
    """All people with their phones, and the ids by which lines name them.

    A phone's forms are read as the webhook reads them, and answered at once in `world`, without HTTP in between.
    """

    town: Town
    world: World
    phones: dict[str, Phone] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    strange: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    left: dict[str, Left] = field(default_factory=dict)
    ban: int = 0
    answered: str | None = None
    sid: str = ""
    account_sid: str = ACCOUNT
    sender: str = SENDER

    def deliver_inbound(self, form: dict[str, str]) -> None:
        """Handle what a phone posts; keep the turn's result and the message that it came with."""
        inbound = self.world.messenger.read_inbound(MultiDict(form))
        self.answered, self.sid = converse(self.world, inbound), inbound.sid

    def says(self, name: str, line: str) -> str:
        """Let somebody write a line, and return the answer."""
        self.phones[name].says(line)
        assert self.answered is not None
        assert not self.answered.startswith("refusals/"), (name, line, self.reply())
        return self.reply().text

    def names(self) -> dict[int, str]:
        """Return everybody's name by their id in the database."""
        return {number: name for name, number in self.ids.items()}

    def reply(self) -> Message:
        """Return the answer to the last line."""
        with self.world.sessions() as session:
            mine = OutboundMessage.dedupe_key == f"reply:{self.sid}"
            row = session.scalars(select(OutboundMessage).where(mine)).one()
            return Message.from_json(vault(session).open("message", row.id, row.content))

    def line(self, line: str, row: Row, name: str, *, signed: bool) -> str:
        """Return a line of the table as this person sends it: with names, or, if `signed`, with ids as in a button."""
        whom = name if row.about == "oneself" else ABOUT.get(row.about, name)
        asked = row.line.startswith(("approve", "decline"))
        sign = f"#{(self.requests if asked else self.places).get(whom, NOBODYS)}"
        mine = f" #{self.places.get(name, NOBODYS)}" if signed else ""
        theirs = f" #{self.places.get(whom, NOBODYS)}"
        said = {
            "who": sign if signed else whom,
            "name": whom,
            "place": theirs.strip(),
            "figure": FAR[whom],
            "one": f"1{mine}",
            "new one": f"2{mine}",
            "mine": f"1{mine}",
            "one of another's place": f"1{theirs}",
            "new one of another's place": f"2{theirs}",
            "strange": str(self.strange.get(whom, NOBODYS)),
            "ban": str(self.ban),
            "code": self.codes["Sunday Legends"],
            "code of another group": self.codes["Night swim"],
            "code of one who was removed": self.codes["Karim"],
        }
        return re.sub(r"\{([^}]+)\}", lambda found: said[found[1]], line)


def key_of(row: int, name: str) -> str:
    """Return the key of the message with this row's button that somebody has got."""
    return f"{OLD}:{row}:{name}"


def set_up_by(people: People, name: str) -> None:
    """Make this person the one who set up the first challenge."""
    with people.world.sessions.begin() as session:
        first = Challenge.number == 1, Challenge.group_id == people.groups["Sunday Legends"]
        session.execute(update(Challenge).where(*first).values(made_by_id=people.ids.get(name)))


def doubted(people: People, name: str) -> None:
    """Raise a doubt whether this long-standing member still has their number."""
    now = people.world.now()
    heard, joined = now - timedelta(days=45), now - timedelta(days=60)
    with people.world.sessions.begin() as session:
        mine = Member.id == people.ids[name]
        session.execute(update(Member).where(mine).values(doubted_at=now, silent_since=heard))
        session.execute(update(Membership).where(Membership.member_id == people.ids[name]).values(joined_at=joined))


def talks_about(people: People, name: str, group: str) -> None:
    """Make this one of their groups the group that the person talks about."""
    with people.world.sessions.begin() as session:
        mine = Member.id == people.ids[name]
        session.execute(update(Member).where(mine).values(current_group_id=people.groups[group]))
