"""Plays one cell of `who_may_do_what.md`: somebody sends a line in one way, and every effect of it is checked.

Each cell is played in a transaction that is rolled back at its end, so that all of them find the same people.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import md5
from typing import Any

from sqlalchemy.orm import sessionmaker

from tests.security.judging import Outcome, against, leaks
from tests.security.people import ABOUT, SENDERS, WRITES, People, doubted, key_of, set_up_by, talks_about
from tests.security.table import Row
from tests.security.watching import Eyes, Rows, Snapshot, Watch

TYPED, TAPPED, QUOTED = "typed", "tapped", "quoted"
WRITTEN = """
    SELECT o.id, o.member_id, o.dedupe_key, o.content
    FROM outbound_messages o JOIN inbound_messages i ON i.reference = o.turn WHERE i.sid = %s"""


@dataclass(frozen=True)
class Sent:
    """A row of the table by its number, and the way in which it is sent."""

    number: int
    row: Row
    way: str


@dataclass
class Cells:
    """Plays cells with these people."""

    people: People
    watch: Watch
    usual: Snapshot
    newcomers: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, people: People) -> "Cells":
        """Return cells on a connection of their own; all its sessions end with the cell."""
        world = people.world
        connection = world.sessions.kw["bind"].connect()
        joined = {"join_transaction_mode": "create_savepoint", "expire_on_commit": False}
        sessions = sessionmaker(connection, info={"vault": world.vault}, **joined)
        people.world = replace(world, sessions=sessions)
        watch = Watch(connection)
        usual = watch.look()
        connection.rollback()
        return cls(people, watch, usual)

    def close(self) -> None:
        self.watch.close()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Roll back everything that happens inside."""
        everything = self.watch.connection.begin()
        try:
            yield
        finally:
            everything.rollback()

    def problems(self, role: str, wanted: Sequence[Sent]) -> list[str]:
        """Play these cells of one role, and return every point that differs from the page, as sentences.

        Cells that should change nothing are played one after the other, and the database is compared once at the end.
        """
        calm = [each for each in wanted if each.row.is_calm(role) and role != "runs another"]
        found = self._one_after_the_other(role, calm) if calm else []
        return found + [problem for each in wanted if each not in calm for problem in self._alone(role, each)]

    def _alone(self, role: str, sent: Sent) -> list[str]:
        with self.passing():
            outcome = self._play(role, sent)
        return self._judged(role, sent, outcome)

    def _one_after_the_other(self, role: str, calm: Sequence[Sent]) -> list[str]:
        found, name = [], SENDERS[role]
        with self.passing():
            self.people.says(name, "about")
            before = self.watch.look()
            for each in calm:
                line = self.people.line(each.row.line, each.row, name, signed=each.way != TYPED)
                self._send(each.number, name, line, each.way)
                text, told = self._written(name)
                outcome = Outcome(line, self.people.answered or "", text, told, frozenset(), is_asked=False)
                found += self._judged(role, each, outcome)
            gone, come = self.watch.changed(before)
            changes = self._eyes(calm[0].row, name, gone, come).told(gone, come)
        if changes:  # find out which of them changed something
            found += [f"{role}: something changes {changes}"]
            found += [problem for each in calm for problem in self._alone(role, each)]
        return found

    def in_doubt(self, name: str, rows: Sequence[Row]) -> list[str]:
        """Send these lines from a number whose holder is in doubt, and return every point that differs
        from the page.
        """
        found = []
        with self.passing():
            doubted(self.people, name)
            before = self.watch.look()
            for row in rows:
                self.people.phones[name].says(self.people.line(row.line, row, name, signed=False))
                _, told = self._written(name)
                found += [f"{row}: {self.people.answered} {told}"] if self.people.answered != "doubted" or told else []
            gone, come = self.watch.changed(before)
            return [*found, *self._eyes(rows[0], name, gone, come).told(gone, come)]

    def _judged(self, role: str, sent: Sent, outcome: Outcome) -> list[str]:
        row, heard = sent.row, f"{outcome.line} → {outcome.name}: {outcome.text[:150]}"
        found = [*against(self.people, row, role, outcome), *leaks(row, role, outcome)]
        return [f"{role}, {sent.way}, {row}: {each} [{heard}]" for each in found]

    def _play(self, role: str, sent: Sent) -> Outcome:
        """Send the row's lines as this role, in this way. Call it inside `passing`."""
        people, row, name = self.people, sent.row, SENDERS[role]
        signed = sent.way != TYPED or role == "runs another"
        first = before = self._prepare(row, role, name)
        *earlier, line = [people.line(each, row, name, signed=signed) for each in row.lines]
        for each in earlier:
            people.phones[name].says(each)
        before = self.watch.look() if earlier else before
        self._send(sent.number, name, line, sent.way)
        gone, come = self.watch.changed(before)
        arrived = self.watch.changed(first)[1] if earlier else come
        eyes = self._eyes(row, name, gone, come, arrived)
        is_asked = come.get(("members", str(eyes.me)), {}).get("unfinished") is not None
        return Outcome(line, people.answered or "", *self._written(name), frozenset(eyes.told(gone, come)), is_asked)

    def _prepare(self, row: Row, role: str, name: str) -> Snapshot:
        is_prepared = "{mine}" in row.line or role == "runs another"
        if "{mine}" in row.line:
            set_up_by(self.people, name)
        if role == "runs another":
            talks_about(self.people, name, "Office swim" if row.has_sign else "Sunday Legends")
        return self.watch.look() if is_prepared else self.usual

    def _send(self, number: int, name: str, line: str, way: str) -> None:
        phone, sid = self.people.phones[name], f"MM{md5(key_of(number, name).encode()).hexdigest()}"
        replied = {"OriginalRepliedMessageSid": sid, "OriginalRepliedMessageSender": self.people.sender}
        if way == TYPED:
            phone.says(line)
        elif way == TAPPED:
            phone.sends("interactive", "Yes, do it", ButtonText="Yes, do it", ButtonPayload=line, **replied)
        else:
            phone.sends("text", "yes", **replied)

    def _eyes(self, row: Row, name: str, gone: Rows, come: Rows, arrived: Rows | None = None) -> Eyes:
        """Return the people from whose point of view the changes are described. `arrived` has the rows that are new
        since before the first of the lines, if there were several: a line before may have made the writer a member.
        """
        people = self.people
        since = come if arrived is None else arrived
        new = next((each["id"] for (table, *_), each in since.items() if table == "members"), None)
        me = people.ids.get(name, new)
        is_new = ("members", str(me)) in come and ("members", str(me)) not in gone
        groups = tuple(people.groups[each] for each in ("Sunday Legends", "Office swim", "Night swim"))
        newcomer = self.newcomers[name] if is_new else None
        return Eyes(people.names(), me, people.ids.get(ABOUT.get(row.about, "")), groups, newcomer)

    def _written(self, name: str) -> tuple[str, frozenset[str]]:
        """Return the answer with its buttons and lists, as JSON, and to whom else this turn has written."""
        rows = self.watch.connection.exec_driver_sql(WRITTEN, (self.people.sid,)).all()
        [answer] = [row for row in rows if row.dedupe_key == f"reply:{self.people.sid}"]
        text = self.people.world.vault.open("message", answer.id, bytes(answer.content))
        names = self.people.names()
        return text, frozenset(names.get(row.member_id, name) for row in rows) - {name}


def learn_newcomers(cells: Cells) -> None:
    """Let every unknown person write a line that changes nothing, and remember the row that they get."""
    for name in WRITES.values():
        if name not in cells.people.ids:
            with cells.passing():
                cells.people.phones[name].says("about")
                _, come = cells.watch.changed(cells.usual)
                cells.newcomers[name] = next(row for (table, *_), row in come.items() if table == "members")
