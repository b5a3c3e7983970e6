"""Random lives of groups: every member does anything to any other, also with old buttons. The results
are compared with a simple model.

Every line goes through `bot.conversation.converse` with a real database. The model below does not use the product's
code: it knows the members of each group and their roles, and says how each line must be answered.

The long form runs in parts, each from its own seed in an empty town, so that it can be stopped and continued:
GROUP_LIVES=50 GROUP_SEEDS=0:100 runs 5,000 lives, and GROUP_SEEDS=40:100 the rest after forty parts.
"""

import gc
import itertools
import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
import structlog
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine, func, select, text

from bot.conversation import converse
from messages.message import Message
from models import Group, Identity, JoinRequest, Membership, OutboundMessage
from models.base import make_sessions
from models.vault import vault
from providers.messenger import Inbound
from services.ground.group_settings import read
from tests.scenes import code_in
from tests.town import Town

LIVES, STEPS = int(os.environ.get("GROUP_LIVES", "4")), int(os.environ.get("GROUP_STEPS", "50"))
FIRST, LAST = (int(each) for each in os.environ.get("GROUP_SEEDS", "0:1").split(":"))
NAMES = ("Ada", "Björn", "Chidi", "Xiomara", "Quentin")
people, others = st.sampled_from(NAMES), st.sampled_from(NAMES)
yes = st.sampled_from(["", " yes"])
numbers = itertools.count(1)
IN_UTC = {"options": "-c timezone=UTC"}
FIELDS = ("sports", "time", "distance", "count", "points", "elevation", "steps", "calories", "titles")
AT_FIRST = FIELDS[:5]
ABOVE = {"owner": 2, "admin": 1, "member": 0}

# The part of the database that the model covers, in one query: separate ones would need a hundred statements for each
# life.
STATE = text("""
    SELECT 'here', m.group_id, p.name, m.role, m.muted_until IS NOT NULL, m.hidden, m.anonymous, m.shares::text
    FROM memberships m JOIN members p ON p.id = m.member_id WHERE m.group_id = ANY(:clubs) AND m.left_at IS NULL
    UNION ALL SELECT 'banned', b.group_id, p.name, NULL, NULL, NULL, NULL, NULL
    FROM bans b JOIN members p ON p.id = b.member_id WHERE b.group_id = ANY(:clubs)
    UNION ALL SELECT 'waiting', j.group_id, p.name, NULL, NULL, NULL, NULL, NULL
    FROM join_requests j JOIN members p ON p.id = j.member_id WHERE j.group_id = ANY(:clubs) AND j.answer IS NULL
    UNION ALL SELECT 'group', g.id, g.settings::text, NULL, g.is_active, NULL, NULL, NULL
    FROM groups g WHERE g.id = ANY(:clubs)
    UNION ALL SELECT 'stopped', NULL, p.name, NULL, NULL, NULL, NULL, NULL
    FROM members p JOIN identities i ON i.member_id = p.id
    WHERE i.value = ANY(:phones) AND p.opted_out_at IS NOT NULL
""")


@dataclass
class Club:
    """The model of a group. `roles` is in the order of joining."""

    name: str
    number: int = 0
    roles: dict[str, str] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    banned: set[str] = field(default_factory=set)
    waiting: dict[str, int] = field(default_factory=dict)
    declined: set[str] = field(default_factory=set)
    muted: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    nameless: set[str] = field(default_factory=set)
    shares: dict[str, tuple[str, ...]] = field(default_factory=dict)
    approval: bool = False
    all_invite: bool = False
    ended: bool = False

    def runs(self, who: str) -> bool:
        return self.roles.get(who) in {"owner", "admin"}


@dataclass
class Code:
    """An invite."""

    code: str
    club: Club
    left: int
    by: str
    revoked: bool = False


@dataclass
class Sign:
    """A membership or a request to join, as a button names it."""

    number: int
    club: Club
    who: str
    is_request: bool = False
    answered: str = ""


class Life(RuleBasedStateMachine):
    """Some friends and their groups."""

    town: Town

    def __init__(self) -> None:
        super().__init__()
        base = next(numbers) * 10
        self.phones = {name: f"+3247{base + i:07}" for i, name in enumerate(NAMES)}
        self.clubs: list[Club] = []
        self.codes: list[Code] = []
        self.places: dict[tuple[str, str], Sign] = {}
        self.requests: list[Sign] = []
        self.current: dict[str, Club | None] = dict.fromkeys(NAMES)
        self.joined: dict[tuple[str, str], int] = {}
        self.stopped: set[str] = set()
        self.known: set[str] = set()
        self.asked: dict[str, tuple] = {}
        self.wrong: dict[str, list[int]] = {name: [] for name in NAMES}
        self.acts: dict[str, list[tuple[str, Club, int, Callable[[], object]]]] = {name: [] for name in NAMES}
        self.left: dict[tuple[str, str], int] = {}
        self.step = self.compared = 0
        self.said: list[str] = []

    # --- talking

    def says(self, who: str, line: str, expected: str, *, completes: bool = False) -> None:
        """Send a line, and assert that it is answered as expected."""
        self.step += 1
        self.town.clock.travel(seconds=61)
        sid = f"SM{next(numbers):032}"
        inbound = Inbound(sid, self.phones[who], None, who, line)
        got = converse(self.town.world, inbound)
        assert got == expected, (who, line, got, expected)
        self.known.add(who)
        if not (completes and expected.startswith("refusals/")):
            self.asked.pop(who, None)
        self.said.append(f"reply:{sid}")

    def read(self) -> str:
        """Return the text of the last reply."""
        with self.town.world.sessions() as session:
            row = session.scalar(select(OutboundMessage).where(OutboundMessage.dedupe_key == self.said[-1]))
            return Message.from_json(vault(session).open("message", row.id, row.content)).text

    def mine(self, who: str) -> list[Club]:
        found = [club for club in self.clubs if who in club.roles]
        return sorted(found, key=lambda club: self.joined[who, club.name])

    def club_of(self, who: str) -> Club | None:
        """Return the current group of this person."""
        mine = self.mine(who)
        return self.current[who] if self.current[who] in mine else mine[0] if mine else None

    def in_club(self, who: str, line: str, rank: int, allowed: str = "only_admins") -> Club | None:
        """Return the group that a line is about if this person may send it; otherwise assert the
        refusal and return None.
        """
        club = self.club_of(who)
        if club is None:
            self.says(who, line, "refusals/not_in_a_group")
            return None
        if ABOVE[club.roles[who]] < rank:
            self.says(who, line, f"refusals/{allowed}")
            return None
        return club

    def belongs(self, who: str, club: Club, role: str) -> None:
        club.roles.pop(who, None)
        club.roles[who] = role
        club.ever.add(who)
        club.muted.discard(who)
        club.hidden.discard(who)
        club.nameless.discard(who)
        club.shares[who] = AT_FIRST
        self.joined[who, club.name] = self.step
        with self.town.world.sessions() as session:
            query = select(Membership.id).join(Identity, Identity.member_id == Membership.member_id)
            query = query.where(Membership.group_id == club.number, Identity.value == self.phones[who])
            self.places[who, club.name] = Sign(session.scalar(query), club, who)

    def goes(self, who: str, club: Club) -> None:
        club.roles.pop(who)
        self.end_codes(who, club)
        self.left[who, club.name] = self.step
        if not club.roles:
            club.ended = True
            for each in list(club.waiting):
                self.answer(club, each, "dropped")

    def end_codes(self, who: str, club: Club) -> None:
        """End all codes of a member who may no longer invite."""
        for code in self.codes:
            code.revoked |= code.club is club and code.by == who

    def answer(self, club: Club, who: str, answer: str) -> None:
        number = club.waiting.pop(who)
        next(sign for sign in self.requests if sign.number == number).answered = answer

    # --- groups

    @initialize(admin=st.booleans(), approval=st.booleans())
    def begin(self, admin: bool, approval: bool) -> None:
        """At the beginning, four friends are in a group."""
        self.start("Ada")
        for who in NAMES[1:4]:
            self._join(who, self.codes[0], f"join {self.codes[0].code} yes", sure=True)
        if admin:
            self.change_role("Ada", NAMES[1], "promote")
        if approval:
            self.choose("Ada", "approval", on=True)
            self._join(NAMES[4], self.codes[0], f"join {self.codes[0].code} yes", sure=True)

    @precondition(lambda self: len(self.clubs) < 3)
    @rule(who=people)
    def start(self, who: str) -> None:
        club = Club(f"Club {'ABC'[len(self.clubs)]}")
        self.says(who, f"new group {club.name}", "new group")
        with self.town.world.sessions() as session:
            club.number = session.scalar(select(Group.id).order_by(Group.id.desc()).limit(1))
        self.clubs.append(club)
        self.codes.append(Code(code_in(self.read()), club, 50, who))
        self.belongs(who, club, "owner")
        self.current[who] = club

    @rule(who=people, club=st.integers(0, 2))
    def use(self, who: str, club: int) -> None:
        line = f"use Club {'ABC'[club]}"
        if self.in_club(who, line, 0) is None:
            return
        wanted = self.clubs[club] if club < len(self.clubs) else None
        found = wanted in self.mine(who)
        self.says(who, line, "use" if found else "refusals/no_such_group")
        if found:
            self.current[who] = wanted

    @rule(who=people, uses=st.sampled_from([1, 2, 50]))
    def invite(self, who: str, uses: int) -> None:
        line = f"invite {uses} people"
        club = self.in_club(who, line, 0)
        if club is None:
            return
        may = club.all_invite or club.runs(who)
        self.says(who, line, "invite" if may else "refusals/only_admins")
        if may:
            self.current[who] = club
            self.codes.append(Code(code_in(self.read()), club, uses, who))

    @rule(who=people)
    def revoke(self, who: str) -> None:
        if club := self.in_club(who, "revoke invites", 1):
            self.says(who, "revoke invites", "revoke invites")
            self.current[who] = club
            for code in self.codes:
                code.revoked |= code.club is club

    @precondition(lambda self: self.codes)
    @rule(who=people, data=st.data(), sure=yes)
    def join(self, who: str, data: st.DataObject, sure: str) -> None:
        code = data.draw(st.sampled_from(self.codes))
        self._join(who, code, f"join {code.code}{sure}", sure=bool(sure))

    def _join(self, who: str, code: Code, line: str, *, sure: bool, completes: bool = False) -> None:
        club = code.club
        refusal = self._closed(who, code) or (self._too_early(who, club) if sure and club.approval else None)
        if refusal:
            self.says(who, line, f"refusals/{refusal}", completes=completes)
            if refusal == "code_not_active":
                self.wrong[who].append(self.step)
            return
        self.says(who, line, "join", completes=completes)
        if not sure:
            self.asked[who] = ("join", code, self.step)
            return
        code.left -= 1
        if club.approval:
            with self.town.world.sessions() as session:
                number = session.scalar(select(JoinRequest.id).order_by(JoinRequest.id.desc()).limit(1))
            club.waiting[who] = number
            self.requests.append(Sign(number, club, who, is_request=True))
            return
        if who in club.waiting:
            self.answer(club, who, "dropped")
        self.belongs(who, club, "member")
        self.current[who] = club
        self.acts[who].append(("join", club, self.step, lambda: self.goes(who, club)))

    def _closed(self, who: str, code: Code) -> str | None:
        lately = [step for step in self.wrong[who] if (self.step + 1 - step) * 61 < 900]
        if len(lately) >= 5:
            return "too_many_guesses"
        if who in code.club.roles:
            return "already_in_group"
        if who in code.club.banned:
            return "banned"
        if code.club.ended:
            return "group_has_ended"
        return "code_not_active" if code.revoked or not code.left else None

    @staticmethod
    def _too_early(who: str, club: Club) -> str | None:
        if who in club.waiting:
            return "still_waiting"
        return "declined_lately" if who in club.declined else None

    @rule(who=people, other=others, what=st.sampled_from(["approve", "decline"]))
    def answer_by_name(self, who: str, other: str, what: str) -> None:
        line = f"{what} {other}"
        club = self.in_club(who, line, 1)
        if club is None:
            return
        if not club.waiting:
            self.says(who, line, "refusals/nobody_waits")
        elif other not in club.waiting:
            self.says(who, line, "refusals/no_such_request")
        else:
            self.says(who, line, what)
            self.current[who] = club
            self._answered(club, other, what)

    def _answered(self, club: Club, other: str, what: str) -> None:
        self.answer(club, other, {"approve": "approved", "decline": "declined"}[what])
        if what == "approve":
            self.belongs(other, club, "member")
            club.declined.discard(other)
        else:
            club.declined.add(other)

    @precondition(lambda self: self.requests)
    @rule(who=people, data=st.data(), what=st.sampled_from(["approve", "decline"]))
    def answer_by_tap(self, who: str, data: st.DataObject, what: str) -> None:
        sign = data.draw(st.sampled_from(self.requests))
        line, club = f"{what} #{sign.number}", self.club_of(who)
        if club is None:
            self.says(who, line, "refusals/not_in_a_group")
        elif who not in sign.club.roles:
            self.says(who, line, "refusals/not_in_that_group")
        elif not sign.club.runs(who):
            self.says(who, line, "refusals/only_admins")
        elif sign.answered:
            self.says(who, line, "refusals/request_answered")
        else:
            self.says(who, line, what)
            self.current[who] = club
            self._answered(sign.club, sign.who, what)

    # --- roles

    @rule(who=people, other=others, what=st.sampled_from(["promote", "demote"]))
    def change_role(self, who: str, other: str, what: str) -> None:
        line = f"{what} {other}"
        club = self.in_club(who, line, 2, "only_owner")
        if club is None:
            return
        role = {"promote": "admin", "demote": "member"}[what]
        refusal = (
            "no_such_person"
            if other not in club.roles
            else "not_over_yourself"
            if who == other
            else "role_already"
            if club.roles[other] == role
            else None
        )
        self.says(who, line, f"refusals/{refusal}" if refusal else what)
        if refusal is None:
            self.current[who] = club
            club.roles[other] = role
            if role == "member" and not club.all_invite:
                self.end_codes(other, club)

    @rule(who=people, other=others, what=st.sampled_from(["transfer", "kick", "ban", "unban"]), sure=yes)
    def act_by_name(self, who: str, other: str, what: str, sure: str) -> None:
        line = f"{what} {other}{sure}"
        needs = (2, "only_owner") if what == "transfer" else (1, "only_admins")
        club = self.in_club(who, line, *needs)
        if club is None:
            return
        findable = {"ban": club.ever, "unban": club.banned}.get(what, club.roles)
        if other not in findable:
            self.says(who, line, "refusals/not_banned" if what == "unban" else "refusals/no_such_person")
            return
        self._act(who, other, what, club, line, sure=bool(sure))

    @precondition(lambda self: self.places)
    @rule(who=people, data=st.data(), what=st.sampled_from(["transfer", "kick", "ban", "unban"]))
    def tap(self, who: str, data: st.DataObject, what: str) -> None:
        """Let a random person tap a button of any age that they have."""
        sign = self.places[data.draw(st.sampled_from(sorted(self.places)))]
        self._tap(who, sign, what)

    def _tap(self, who: str, sign: Sign, what: str, line: str = "", *, completes: bool = False) -> None:
        line = line or f"{what} #{sign.number} yes"
        if self.club_of(who) is None:
            self.says(who, line, "refusals/not_in_a_group", completes=completes)
        elif who not in sign.club.roles:
            self.says(who, line, "refusals/not_in_that_group", completes=completes)
        else:
            self._act(who, sign.who, what, sign.club, line, sure=True, completes=completes)

    def _act(
        self, who: str, other: str, what: str, club: Club, line: str, *, sure: bool, completes: bool = False
    ) -> None:
        talks_about = self.club_of(who)
        refusal = self._forbidden(who, other, what, club, sure=sure)
        self.says(who, line, f"refusals/{refusal}" if refusal else what, completes=completes)
        if refusal:
            return
        self.current[who] = talks_about
        if not sure:
            self.asked[who] = (what, self.places[other, club.name], self.step)
        elif what == "transfer":
            club.roles[who], club.roles[other] = "admin", "owner"
        elif what == "unban":
            club.banned.discard(other)
        else:
            if other in club.roles:
                self.goes(other, club)
            if what == "ban":
                club.banned.add(other)
                if other in club.waiting:
                    self.answer(club, other, "dropped")

    @staticmethod
    def _forbidden(who: str, other: str, what: str, club: Club, *, sure: bool) -> str | None:
        mine, theirs = ABOVE[club.roles[who]], ABOVE.get(club.roles.get(other, ""), -1)
        if mine < (2 if what == "transfer" else 1):
            return "only_owner" if what == "transfer" else "only_admins"
        if what == "unban" and sure:
            return None if other in club.banned else "not_banned"
        if who == other:
            return "not_over_yourself"
        if what in {"kick", "ban"} and theirs > 0 and mine < 2:
            return "not_over_them"
        return "no_such_person" if theirs < 0 and what in {"kick", "transfer"} else None

    @rule(who=people, luck=st.integers(0, 3))
    def leave(self, who: str, luck: int) -> None:
        if luck:  # otherwise all members leave too soon
            return
        club = self.in_club(who, "leave yes", 0)
        if club is None:
            return
        self.says(who, "leave yes", "leave")
        self.current[who] = club
        if club.roles[who] == "owner" and len(club.roles) > 1:
            return
        self._leave(who, club)

    def _leave(self, who: str, club: Club) -> None:
        role = "admin" if len(club.roles) > 1 and club.roles[who] == "owner" else club.roles[who]
        self.acts[who].append(("leave", club, self.step, lambda: club.roles.update({who: role})))
        self.goes(who, club)
        if self.current[who] is club:
            self.current[who] = None

    @rule(who=people, other=others, sure=yes)
    def leave_to(self, who: str, other: str, sure: str) -> None:
        line = f"leave {other}{sure}"
        club = self.in_club(who, line, 2, "only_owner")
        if club is None:
            return
        if other not in club.roles:
            self.says(who, line, "refusals/no_such_person")
        elif len(club.roles) == 1:
            self.says(who, line, "leave")
            self.current[who] = club
            if sure:
                self._leave(who, club)
        elif other == who:
            self.says(who, line, "refusals/not_over_yourself")
        else:
            self.says(who, line, "leave")
            self.current[who] = club
            if sure:
                club.roles[other] = "owner"
                self._leave(who, club)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def answer_yes(self, data: st.DataObject) -> None:
        """Answer a question with a plain word, after lines of other people."""
        who = data.draw(st.sampled_from(sorted(self.asked)))
        what, about, step = self.asked[who]
        if (self.step + 1 - step) * 61 >= 900:
            del self.asked[who]
        elif what == "join":
            self._join(who, about, "yes", sure=True, completes=True)
        else:
            self._tap(who, about, what, "yes", completes=True)

    # --- what people choose

    @rule(who=people, on=st.booleans(), what=st.sampled_from(["approval", "members invite"]))
    def choose(self, who: str, what: str, on: bool) -> None:
        line = f"settings {what} {'on' if on else 'off'}"
        if club := self.in_club(who, line, 1):
            self.says(who, line, "settings")
            self.current[who] = club
            if what == "approval":
                club.approval = on
            else:
                club.all_invite = on
                for code in self.codes:
                    code.revoked |= code.club is club and not on and not club.runs(code.by)

    @rule(who=people, word=st.sampled_from(["mute", "unmute", "hide", "unhide"]))
    def be_quiet(self, who: str, word: str) -> None:
        if club := self.in_club(who, word, 0):
            self.says(who, word, word)
            self.current[who] = club
            chosen = club.muted if word.endswith("mute") else club.hidden
            on = not word.startswith("un")
            if (who in chosen) != on and chosen is club.hidden:
                self.acts[who].append((word, club, self.step, lambda: _put(chosen, who, on=not on)))
            _put(chosen, who, on=on)

    @rule(who=people, field=st.sampled_from(FIELDS), on=st.booleans())
    def show(self, who: str, field: str, on: bool) -> None:
        line = f"share {field} {'on' if on else 'off'}"
        if club := self.in_club(who, line, 0):
            self.says(who, line, "share")
            self.current[who] = club
            before = club.shares[who]
            self.acts[who].append(("share", club, self.step, lambda: club.shares.update({who: before})))
            club.shares[who] = tuple(each for each in FIELDS if (on if each == field else each in before))

    @rule(who=people, on=st.booleans())
    def be_nameless(self, who: str, on: bool) -> None:
        line = f"anonymous {'on' if on else 'off'}"
        if club := self.in_club(who, line, 0):
            self.says(who, line, "anonymous")
            self.current[who] = club
            was = who in club.nameless
            self.acts[who].append(("anonymous", club, self.step, lambda: _put(club.nameless, who, on=was)))
            _put(club.nameless, who, on=on)

    @rule(who=people)
    def undo(self, who: str) -> None:
        """Undo the newest action within ten minutes, unless somebody has acted since."""
        fresh = [act for act in self.acts[who] if (self.step + 1 - act[2]) * 61 < 600]
        if not fresh or not self._undoes(who, *fresh[-1][:3]):
            self.says(who, "undo", "refusals/nothing_to_undo")
            return
        self.says(who, "undo", "undo")
        self.acts[who].remove(fresh[-1])
        fresh[-1][3]()

    def _undoes(self, who: str, kind: str, club: Club, step: int) -> bool:
        if who in club.banned or club.ended or (kind == "join" and club.roles.get(who) == "owner"):
            return False
        return who not in club.roles and self.left[who, club.name] == step if kind == "leave" else who in club.roles

    @rule(who=people, word=st.sampled_from(["stop", "start"]))
    def stop_or_start(self, who: str, word: str) -> None:
        self.says(who, word, word)
        (self.stopped.add if word == "stop" else self.stopped.discard)(who)

    # --- what must always be true

    @invariant()
    def the_database_knows_what_the_oracle_knows(self) -> None:
        if self.compared == self.step:
            return  # no line was sent since
        self.compared = self.step
        known = {"clubs": [club.number for club in self.clubs], "phones": list(self.phones.values())}
        with self.town.world.sessions() as session:
            rows = session.execute(STATE, known).all()
        of: dict[tuple[str, int | None], list] = {}
        for kind, number, *rest in rows:
            of.setdefault((kind, number), []).append(rest)
        assert {name for name, *_ in of.get(("stopped", None), [])} == self.stopped
        for club in self.clubs:
            self._is_as_known(club, of)

    @staticmethod
    def _is_as_known(club: Club, of: dict[tuple[str, int | None], list]) -> None:
        here = of.get(("here", club.number), [])
        assert {(name, role) for name, role, *_ in here} == set(club.roles.items())
        assert {name for name, _, muted, *_ in here if muted} == club.muted & set(club.roles)
        assert {name for name, _, _, hidden, *_ in here if hidden} == club.hidden & set(club.roles)
        assert {name for name, *_, nameless, _ in here if nameless} == club.nameless & set(club.roles)
        assert {name: tuple(json.loads(shares)) for name, *_, shares in here} == {
            name: club.shares[name] for name in club.roles
        }
        assert {name for name, *_ in of.get(("banned", club.number), [])} == club.banned
        assert {name for name, *_ in of.get(("waiting", club.number), [])} == set(club.waiting)
        assert club.ended or list(club.roles.values()).count("owner") == 1
        [(stored, _, is_active, *_)] = of["group", club.number]
        chosen = read(json.loads(stored))
        assert (chosen.approval, chosen.members_invite) == (club.approval, club.all_invite)
        assert is_active != club.ended

    def teardown(self) -> None:
        """Assert that each line was answered once."""
        with self.town.world.sessions() as session:
            answers = select(func.count()).where(OutboundMessage.dedupe_key.in_(self.said))
            assert session.scalar(answers) == len(self.said)


def _put(names: set[str], who: str, *, on: bool) -> None:
    (names.add if on else names.discard)(who)


@pytest.fixture
def lives(town: Town) -> Iterator[type[Life]]:
    """Yield the state machine for this town, which is not emptied between lives: each life has new
    people and new groups.

    To save time, nothing is logged and connections are not checked.
    """
    logs, quiet = structlog.get_config(), structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    engine = create_engine(town.world.sessions.kw["bind"].url, pool_reset_on_return=None, connect_args=IN_UTC)
    Life.town = replace(town, world=replace(town.world, sessions=make_sessions(engine, town.world.vault, town.clock)))
    often = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    yield Life
    gc.set_threshold(*often)
    gc.unfreeze()
    del Life.town
    engine.dispose()
    structlog.configure(**logs)


@pytest.mark.parametrize("piece", range(FIRST, LAST))
def test_whatever_happens_everybody_is_where_the_oracle_has_them(lives: type[Life], piece: int) -> None:
    calm = settings(
        max_examples=LIVES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(seed(piece)(lives) if LAST > 1 else lives, settings=calm)
