"""What one line changes: every row of every table before and after it, in the words of `who_may_do_what.md`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from models import Base

# What every line leaves behind, whatever it says: that it was heard, what was answered, that it was counted, the audit.
KEPT_APART = {"inbound_messages", "outbound_messages", "message_events", "counted_events", "audit_events"}
TABLES = {table.name: table for table in Base.metadata.sorted_tables if table.name not in KEPT_APART}
# What a line changes in the row of whoever wrote it: when that was, from where, and the question that it leaves open.
OF_EVERY_LINE = {
    "last_inbound_at", "address", "unreachable_at", "unfinished", "unfinished_until", "next_send_at", "profile_name",
}  # fmt: skip
NEVER_LOOKED_AT = {"id", "created_at", "updated_at"}

Rows = dict[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """A look at the whole database: each row as a line of JSON, and a sum that differs where any of them does."""

    sums: tuple[Any, ...]
    lines: frozenset[tuple[str, str]]


class Watch:
    """Looks at a database through one connection. Its questions are planned once: they are asked for every cell."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        sums = (f"SELECT '{name}', count(*), sum(hashtextextended(x::text, 0)) FROM \"{name}\" x" for name in TABLES)
        rows = (f"SELECT '{name}', to_jsonb(x)::text FROM \"{name}\" x" for name in TABLES)
        connection.exec_driver_sql(f"PREPARE sums AS {' UNION ALL '.join(sums)}")
        connection.exec_driver_sql(f"PREPARE everything AS {' UNION ALL '.join(rows)}")

    def close(self) -> None:
        """End the connection, and with it the questions: nobody else is to get them."""
        self.connection.invalidate()
        self.connection.close()

    def look(self) -> Snapshot:
        """All rows."""
        return Snapshot(self._sums(), self._lines())

    def changed(self, before: Snapshot) -> tuple[Rows, Rows]:
        """The rows that are not as they were: as they were, and as they are, by table and key."""
        if self._sums() == before.sums:
            return {}, {}
        now = self._lines()
        return _rows(before.lines - now), _rows(now - before.lines)

    def _lines(self) -> frozenset[tuple[str, str]]:
        return frozenset((name, line) for name, line in self.connection.exec_driver_sql("EXECUTE everything"))

    def _sums(self) -> tuple[Any, ...]:
        return tuple(map(tuple, self.connection.exec_driver_sql("EXECUTE sums")))


def _rows(lines: Iterable[tuple[str, str]]) -> Rows:
    found = {}
    for name, line in lines:
        row = json.loads(line)
        found[name, *(str(row[column.name]) for column in TABLES[name].primary_key)] = row
    return found


@dataclass(frozen=True)
class Eyes:
    """From whose side it is told: who wrote, whom it was about, and which group is meant."""

    names: Mapping[int, str]
    me: int | None
    them: int | None
    groups: tuple[int, ...]  # the group of the page, and then the others that there are
    newcomer: Mapping[str, Any] | None = None  # the row that whoever has never written before gets by any line

    def told(self, before: Rows, after: Rows) -> set[str]:
        """Each change in words: "their memberships.role", "my goals +", "the group's invites -"."""
        bans = {row["id"]: row for (name, *_), row in [*before.items(), *after.items()] if name == "bans"}
        found = set()
        for key in before.keys() | after.keys():
            name, old, new = key[0], before.get(key), after.get(key)
            row = new or old or {}
            whose = self._whose(name, bans.get(row["ban_id"], {}) if name == "ban_addresses" else row)
            if whose == "my" and self.newcomer and name in {"members", "identities"}:
                old, new = self.newcomer, new if name == "members" else self.newcomer
            found |= {f"{whose} {name}{how}".strip() for how in self._how(name, old, new, is_mine=whose == "my")}
        return found

    def _whose(self, name: str, row: Mapping[str, Any]) -> str:
        member = row["id"] if name == "members" else row.get("member_id") or row.get("from_id")
        group = row["id"] if name == "groups" else row.get("group_id")
        if member is not None:
            if member == self.me:
                return "my"
            return "their" if member == self.them else f"{self.names.get(member, 'somebody')}'s"
        if group is not None:
            known = group in self.groups
            return "the group's" if group == self.groups[0] else "another group's" if known else "a new group's"
        return ""

    @staticmethod
    def _how(
        name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, *, is_mine: bool
    ) -> Iterable[str]:
        if old is None or new is None:
            return [" +" if old is None else " -"]
        unseen = NEVER_LOOKED_AT | (OF_EVERY_LINE if name == "members" and is_mine else set())
        return [f".{column}" for column in new if new[column] != old[column] and column not in unseen]
