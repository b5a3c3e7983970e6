"""One member of a group, for those who run it: changing their role and removing them.

Each change needs a code from the chat.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Response, abort, request
from sqlalchemy.orm import Session

from models import Membership
from services.ground.refusals import Refusal
from services.group import group_notices, groups, roles
from web.dashboard.asking import Act, ask_for_code
from web.dashboard.visit import LARGEST_ID, Visit, find_way_back

CHANGES: dict[str, Callable[[Session, Membership, Membership, datetime], object]] = {
    "promote": roles.promote,
    "demote": roles.demote,
    "transfer": roles.transfer,
    "kick": roles.kick,
    "ban": roles.ban,
}
REMOVALS = {"kick", "ban"}


def show_member(visit: Visit, group_id: int, place_id: int) -> Response:
    """Show one member of a group, and what may be changed about them."""
    mine, theirs = _find_places(visit, group_id, place_id)
    may = [what for what in CHANGES if _is_allowed(visit, mine, theirs, what)]
    return visit.page("member.html", "run", group=theirs.group, theirs=theirs, may=may)


def ask_to_change(visit: Visit, group_id: int, place_id: int) -> str:
    """Send a code for the change that the form asks for, and go on to the page that asks for the code."""
    mine, theirs = _find_places(visit, group_id, place_id)
    what = request.form.get("what", "")
    if what not in CHANGES:
        abort(400)
    roles.require_change(visit.session, mine, theirs, what)
    act = {"what": what, "group": group_id, "place": place_id}
    return ask_for_code(visit, act, person=theirs.member, group=theirs.group)


def change_member(visit: Visit, act: Act) -> str:
    """Do the change that was asked for, and tell the member whom it is about."""
    mine, theirs = _find_places(visit, act["group"], act["place"])
    CHANGES[act["what"]](visit.session, mine, theirs, visit.now)
    if act["what"] in REMOVALS:
        group_notices.tell_removed(visit.session, theirs, visit.now, for_good=act["what"] == "ban")
    else:
        group_notices.tell_role_changed(visit.session, theirs, visit.now)
    return find_way_back("run", act["what"], group=theirs.group_id)


def find_meant(visit: Visit, act: Act) -> Membership:
    """Return the place of the member whom an act is about. One who has left is not found (404)."""
    return _find_places(visit, act["group"], act["place"])[1]


def _find_places(visit: Visit, group_id: int, place_id: int) -> tuple[Membership, Membership]:
    """The member's own place in the group, and the other one's. Only those who run the group come so far."""
    mine = visit.place_in(group_id)
    groups.require_admin(visit.session, mine, "kick")
    theirs = visit.session.get(Membership, place_id) if place_id < LARGEST_ID else None
    if theirs is None or theirs.group_id != group_id or theirs.left_at is not None:
        abort(404)
    return mine, theirs


def _is_allowed(visit: Visit, mine: Membership, theirs: Membership, what: str) -> bool:
    try:
        roles.require_change(visit.session, mine, theirs, what)
    except Refusal:
        return False
    return True
