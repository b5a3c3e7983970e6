"""Finds what one line changes: compares all tables before and after it, in the words of `who_may_do_what.md`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from models import Base

# Tables to which every line writes, whatever it says (its receipt, the answer, the counts for limits, the audit), and
# those that are for the operator.
KEPT_APART = {"inbound_messages", "outbound_messages", "message_events", "counted_events", "audit_events", "signs"}
TABLES = {table.name: table for table in Base.metadata.sorted_tables if table.name not in KEPT_APART}
# Columns that every line changes in the row of its writer: its time and origin, and the question that it leaves open.
OF_EVERY_LINE = {
    "last_inbound_at", "address", "unreachable_at", "unfinished", "unfinished_until", "next_send_at", "profile_name",
}  # fmt: skip
NEVER_LOOKED_AT = {"id", "created_at", "updated_at"}

Rows = dict[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """The state of the whole database: each row as a line of JSON, and a checksum for each table."""

    sums: tuple[Any, ...]
    lines: frozenset[tuple[str, str]]


class Watch:
    """Reads a database through one connection, with statements that are prepared once, as they run for every cell."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        sums = (f"SELECT '{name}', count(*), sum(hashtextextended(x::text, 0)) FROM \"{name}\" x" for name in TABLES)
        rows = (f"SELECT '{name}', to_jsonb(x)::text FROM \"{name}\" x" for name in TABLES)
        connection.exec_driver_sql(f"PREPARE sums AS {' UNION ALL '.join(sums)}")
        connection.exec_driver_sql(f"PREPARE everything AS {' UNION ALL '.join(rows)}")

    def close(self) -> None:
        """End the connection, and with it the prepared statements, so that nobody else gets them."""
        self.connection.invalidate()
        self.connection.close()

    def look(self) -> Snapshot:
        """Return the state of all rows."""
        return Snapshot(self._sums(), self._lines())

    def changed(self, before: Snapshot) -> tuple[Rows, Rows]:
        """Return the rows that differ, as they were and as they are now, by table and key."""
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
    """The point of view of a description: the writer, the person the line is about, and the group that is meant."""

    names: Mapping[int, str]
    me: int | None
    them: int | None
    groups: tuple[int, ...]  # the group of the page first, then all other groups
    newcomer: Mapping[str, Any] | None = None  # the row that somebody new gets by any line

    def told(self, before: Rows, after: Rows) -> set[str]:
        """Return each change in words, such as "their memberships.role", "my goals +", "the group's invites -"."""
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
