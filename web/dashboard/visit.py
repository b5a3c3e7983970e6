"""A visit: one request of a browser that is signed in, inside one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, abort, make_response, redirect, request, url_for
from sqlalchemy.orm import Session

from jobs.work import transaction
from messages.render import Reader, words
from models import ApiSession, Group, Member, Membership
from services.ground import audit, limits
from services.ground.group_settings import GroupSettings, read_settings
from services.ground.recipients import make_reader
from services.ground.refusals import OnlyAdmins, OnlyOwner, Refusal
from services.people import sessions
from services.people.members import list_memberships
from web.common.forms import make_form_token, require_form_token, require_same_origin
from web.dashboard.showing import show_page
from world import World

LARGEST_ID = 2**53


@dataclass
class Visit:
    """Who is here, and everything that a page needs. `browser` is the secret in the cookie."""

    world: World
    session: Session
    now: datetime
    device: ApiSession
    browser: str

    @property
    def member(self) -> Member:
        """The member who is signed in."""
        return self.device.member

    @cached_property
    def reader(self) -> Reader:
        """How the member reads."""
        return make_reader(self.member)

    @cached_property
    def places(self) -> list[Membership]:
        """The member's place in each of their groups, the oldest first."""
        return list_memberships(self.session, self.member)

    @cached_property
    def place(self) -> Membership | None:
        """The place in the group that the address names, or in the one that the chat is about; None without a group.

        A group that the member is not in is not found (404).
        """
        wanted = request.args.get("group", type=int)
        if wanted is not None:
            return self.place_in(wanted)
        current = (each for each in self.places if each.group_id == self.member.current_group_id)
        return next(current, self.places[0] if self.places else None)

    def place_in(self, group_id: int) -> Membership:
        """The member's place in this group. A group that they are not in is not found (404)."""
        return next((each for each in self.places if each.group_id == group_id), None) or abort(404)

    @property
    def group(self) -> Group | None:
        """The group that the page is about, if the member is in one."""
        return self.place.group if self.place else None

    @property
    def settings(self) -> GroupSettings:
        """The settings by which the member's own figures are made: those of that group."""
        return read_settings(self.group) if self.group else GroupSettings()

    def today(self, of: Member | Group | None = None) -> date:
        """The date where the member is, or the group."""
        return self.now.astimezone(ZoneInfo((of or self.member).timezone)).date()

    def read_day(self, name: str) -> date | None:
        """The day that the address gives under this name, None if it gives none that can be."""
        try:
            return date.fromisoformat(request.args.get(name, ""))
        except ValueError:
            return None

    def page(self, name: str, screen: str, status: int = 200, **facts: Any) -> Response:
        """Return a page. `screen` is the item of the menu that it belongs to."""
        self.session.flush()
        chosen = request.args.get("group", type=int)
        kept = {"group": chosen} if chosen and any(each.group_id == chosen for each in self.places) else {}
        return show_page(
            name,
            self.reader,
            status,
            screen=screen,
            member=self.member,
            places=self.places,
            place=self.place,
            kept=kept,
            done=request.args.get("done", ""),
            csrf=make_form_token(self.world, self.browser),
            now=self.now,
            bot=self.world.settings.bot_phone,
            **facts,
        )


Look = Callable[..., Response]
Do = Callable[..., str | Response]


def make_looker(world: World, look: Look) -> Look:
    """Make the function that answers a GET from what shows a page."""

    def answer(**path: Any) -> Response:
        with _visiting(world) as visit:
            try:
                return look(visit, **path)
            except Refusal as refusal:  # such as pace in a sport that has none
                return _say(visit, refusal, 400)

    return answer


def make_doer(world: World, do: Do) -> Look:
    """Make the function that answers a POST from what does something, and gives the address to go on to.

    A refusal leaves nothing half-done and is said on a page. It is counted like one in the chat, so that codes cannot
    be guessed here either.
    """

    def answer(**path: Any) -> Response:
        require_same_origin(world)
        with _visiting(world) as visit:
            require_form_token(world, visit.browser)
            try:
                with visit.session.begin_nested():
                    done = do(visit, **path)
            except Refusal as refusal:
                return _refused(visit, refusal)
        return make_response(redirect(done, 303)) if isinstance(done, str) else done

    return answer


def count_refusal(visit: Visit, refusal: Refusal) -> None:
    """Count a refusal like one in the chat, for the limits that follow from it."""
    against = limits.hash_member_addresses(visit.session, visit.member)
    limits.count(visit.session, against, limits.LINE + refusal.template(), visit.now)


def find_way_back(screen: str, done: str, **values: Any) -> str:
    """Return the address of a page that says what was done; `done` is a name that the page's text knows."""
    return url_for(f"dashboard.{screen}", done=done, **values)


def name_cookie(world: World) -> str:
    """Return the name of the cookie that signs a browser in."""
    return "__Host-dashboard" if world.settings.is_https else "dashboard"


@contextmanager
def _visiting(world: World) -> Iterator[Visit]:
    with transaction(world) as session:
        audit.name_way(session, audit.PAGE)
        browser, now = request.cookies.get(name_cookie(world), ""), world.now()
        device = sessions.find_browser_session(session, browser, now) if browser else None
        if device is None or device.member.doubted_at is not None:
            abort(
                show_page("signed_out.html", Reader(), 401, bot=world.settings.bot_phone, in_doubt=device is not None)
            )
        yield Visit(world, session, now, device, browser)


def _refused(visit: Visit, refusal: Refusal) -> Response:
    count_refusal(visit, refusal)
    return _say(visit, refusal, 409)


def _say(visit: Visit, refusal: Refusal, status: int) -> Response:
    """The page with the words in which the chat refuses it too."""
    said = words(refusal.template(), visit.reader, **refusal.facts)
    return visit.page("refused.html", "", 403 if isinstance(refusal, OnlyAdmins | OnlyOwner) else status, said=said)
