"""The member and their data: what each group sees, accounts, devices that are signed in, a copy of all, and the end."""

from uuid import UUID

from flask import Response, abort, request, url_for

from fitness.metrics import FIELDS
from models import ApiSession, FeedKind, Group
from services.data import by_chat, erasure
from services.ground.refusals import WrongEraseCode
from services.group import privacy, sharing
from services.people import acts, feeds, personal_tokens, sessions, signing_out
from services.training import accounts, entries, syncing
from web.dashboard.entry import forget_browser
from web.dashboard.visit import Visit, count_refusal, find_way_back

MOST_CODE = 9  # digits
MOST_ACTS = 200


def show_me(visit: Visit) -> Response:
    """Show everything that is the member's to decide."""
    connected = accounts.list_accounts(visit.session, visit.member)
    return visit.page(
        "me.html",
        "me",
        connected=[(visit.world.label_of(each.source), each) for each in connected],
        sources=visit.world.labels,
        devices=sessions.list_open_sessions(visit.session, visit.member, visit.now),
        device=visit.device,
        tokens=personal_tokens.list_tokens(visit.session, visit.member, visit.now),
        feeds=feeds.list_feeds(visit.session, visit.member),
        left_out=entries.count_private_left_out(visit.session, visit.member),
        fewest=privacy.FEWEST_ANONYMOUS,
    )


def show_my_acts(visit: Visit) -> Response:
    """Show who did what with the member's data."""
    told = acts.list_acts_about(visit.session, visit.member, visit.reader, MOST_ACTS)
    return visit.page("my_acts.html", "me", acts=told, most=MOST_ACTS)


def choose_sharing(visit: Visit, group_id: int) -> str:
    """Store what the form says about one group: the fields that are ticked, and how the member appears."""
    place = visit.place_in(group_id)
    wanted = [field for field in FIELDS if field in request.form.getlist("field")]
    sharing.choose_shares(visit.session, place, wanted, visit.now)
    appears = request.form.get("appears", "")
    sharing.choose_hidden(visit.session, place, visit.now, on=appears == "hidden")
    if appears != "hidden":
        sharing.choose_anonymous(visit.session, place, visit.now, on=appears == "anonymous")
    return find_way_back("me", f"sharing-{group_id}", _anchor=f"group-{group_id}")


def sync_now(visit: Visit) -> str:
    """Have the newest activities fetched."""
    alone = syncing.ask(visit.session, visit.member, visit.now)
    return find_way_back("me", "later" if alone else "syncing", _anchor="accounts")


def end_device(visit: Visit, session_id: UUID) -> str | Response:
    """Sign one browser or program out; this browser too, if it is the one."""
    row = visit.session.get(ApiSession, session_id)
    if row is None or row.member_id != visit.member.id or row.ended_at is not None:
        abort(404)
    sessions.end(visit.session, row, visit.now)
    return forget_browser(visit.world) if row is visit.device else find_way_back("me", "signed-out", _anchor="devices")


def make_calendar(visit: Visit) -> Response:
    """Make an address for a calendar app, and show it. Only this page shows it, because it is not stored."""
    _, path = feeds.make_feed(visit.session, visit.member, FeedKind.CALENDAR, visit.now)
    return _show_address(visit, path)


def make_digest_feed(visit: Visit, group_id: int) -> Response:
    """Make an address for a feed reader that shows the digests of a group, and show it."""
    group = visit.place_in(group_id).group
    _, path = feeds.make_feed(visit.session, visit.member, FeedKind.DIGESTS, visit.now, group)
    return _show_address(visit, path, group)


def end_feed(visit: Visit, feed_id: UUID) -> str:
    """End an address for a calendar app or a feed reader."""
    found = feeds.find_mine(visit.session, visit.member, feed_id) or abort(404)
    feeds.end_feed(visit.session, found, visit.now)
    return find_way_back("me", "feed-ended", _anchor="feeds")


def end_everything(visit: Visit) -> Response:
    """Sign out every browser and program, this one too, end all personal tokens and addresses for apps, and switch all
    webhooks off, as "sign out" in the chat does.
    """
    signing_out.sign_out_everywhere(visit.session, visit.member, visit.now)
    return forget_browser(visit.world)


def have_copy_made(visit: Visit) -> str:
    """Have a copy of everything made. Its link comes in the chat."""
    by_chat.send_copy(visit.session, visit.member, visit.world.settings.base_url, visit.now)
    return find_way_back("me", "export", _anchor="data")


def ask_to_erase(visit: Visit) -> str:
    """Send a code into the chat, and go on to the page that asks for it."""
    by_chat.send_erase_code(visit.session, visit.member, visit.now)
    return url_for("dashboard.erase")


def show_erase(visit: Visit) -> Response:
    """Ask for the code from the chat."""
    return visit.page("erase.html", "me", is_wrong=False)


def erase_me(visit: Visit) -> Response:
    """Erase everything about the member, if the code is right. A wrong code is counted, and said on the page."""
    try:
        erasure.confirm(visit.session, visit.member, _read_code(), visit.now)
    except WrongEraseCode as refusal:
        count_refusal(visit, refusal)
        return visit.page("erase.html", "me", 409, is_wrong=True)
    return forget_browser(visit.world, "erased.html")


def _read_code() -> int:
    """The code in the form, with or without the word before it. Raises `WrongEraseCode` if it can be none."""
    typed = "".join(request.form.get("code", "").upper().removeprefix("DELETE").split())
    if not (typed.isascii() and typed.isdigit() and len(typed) <= MOST_CODE):
        raise WrongEraseCode
    return int(typed)


def _show_address(visit: Visit, path: str, group: Group | None = None) -> Response:
    url = f"{visit.world.settings.base_url}{path}"
    return visit.page("feed.html", "me", url=url, subscribe=f"webcal://{url.partition('://')[2]}", group=group)
