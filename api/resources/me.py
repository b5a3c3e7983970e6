"""The member's own settings and Garmin account, a copy of their data, and erasing it."""

from datetime import time
from typing import Any

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import PageQuery
from api.schemas.groups import ActSchema
from api.schemas.me import (
    DetailSchema,
    EraseBody,
    GarminSchema,
    LinkSchema,
    MeBody,
    MeSchema,
    SyncSchema,
    UnlinkQuery,
)
from models import GarminAccount, LinkPurpose, Scope, Units
from models.garmin import GARMIN
from services.data import by_chat, disconnecting, erasure
from services.ground.refusals import NotLinked
from services.people import acts, choices, links
from services.play import rivalry
from services.training import accounts, entries, one_time_links, syncing

MOST_ACTS = 500


@endpoint("GET", "/me", scope=Scope.PROFILE_READ, gives=MeSchema)
def get_me(call: Call) -> Any:
    """Return your profile and settings."""
    member = call.member
    columns = (name for name in MeSchema().fields if name not in {"quiet_hours", "garmin", "language", "rivalries"})
    return {
        **{name: getattr(member, name) for name in columns},
        "locale": member.locale,
        "quiet_hours": {"start": member.quiet_from, "end": member.quiet_until},
        "rivalries": rivalry.is_willing(member),
        "garmin": accounts.find_account(call.session, member, GARMIN),
    }


@endpoint("PATCH", "/me", scope=Scope.PROFILE_WRITE, body=MeBody, gives=MeSchema, guarded_by=get_me)
def change_me(call: Call, body: dict[str, Any]) -> Any:
    """Change your settings. Fields that are left out stay as they are."""
    session, member, now = call.session, call.member, call.now
    if "name" in body:
        choices.set_name(session, member, body["name"], now)
    if "language" in body:
        choices.set_language(session, member, body["language"], now)
    if "units" in body:
        choices.use_units(session, member, Units(body["units"]), now)
    if "timezone" in body:
        choices.set_zone(session, member, body["timezone"], now)
    if "quiet_hours" in body:
        quiet: dict[str, time] = body["quiet_hours"]
        choices.set_quiet_hours(session, member, quiet["start"], quiet["end"], now)
    if "includes_private" in body:
        entries.include_private(session, member, now, on=body["includes_private"])
    if "rivalries" in body:
        rivalry.switch_rivalry(member, on=body["rivalries"])
    session.flush()
    return get_me(call)


@endpoint("GET", "/me/audit", scope=Scope.PROFILE_READ, query=PageQuery, gives=ActSchema, many=True)
def list_my_acts(call: Call, query: dict[str, Any]) -> Any:
    """List who did what with your data, newest first: you, those who run your groups, and the operator."""
    told = acts.list_acts_about(call.session, call.member, call.reader, MOST_ACTS)
    return paging.of_list(call, [{"at": each.at, "action": each.action, "text": each.text} for each in told], query)


@endpoint("GET", "/me/garmin", scope=Scope.PROFILE_READ, gives=GarminSchema)
def get_garmin(call: Call) -> Any:
    """Return your Garmin account, without tokens and passwords."""
    return _account(call)


@endpoint("DELETE", "/me/garmin", scope=Scope.ACCOUNT, query=UnlinkQuery, status=204)
def unlink_garmin(call: Call, query: dict[str, Any]) -> None:
    """Disconnect Garmin. Your activities are kept unless `activities=erase` is given."""
    disconnecting.unlink(call.session, call.member, _account(call), call.now)
    call.session.flush()
    disconnecting.settle(call.session, call.member, call.now, erase=query["activities"] == "erase")


@endpoint("POST", "/me/garmin/link", scope=Scope.ACCOUNT, gives=LinkSchema, status=201)
def link_garmin(call: Call) -> Any:
    """Return a one-time page for connecting Garmin. It shows a code that you must send from your own chat."""
    token = one_time_links.make_link(call.session, call.member, LinkPurpose.GARMIN, call.now)
    return {"url": f"{call.world.settings.base_url}/link/{token}", "expires_at": call.now + links.LINK_FOR}


@endpoint("POST", "/me/garmin/sync", scope=Scope.ACTIVITIES_WRITE, gives=SyncSchema, status=202)
def sync_garmin(call: Call) -> Any:
    """Fetch your newest activities, at most every 15 minutes. The result also comes in the chat."""
    alone = syncing.ask(call.session, call.member, call.now)
    return {"is_asked": alone is None, "until": alone.until if alone else None}


@endpoint("POST", "/me/exports", scope=Scope.ACCOUNT, gives=DetailSchema, status=202)
def export_me(call: Call) -> Any:
    """Make a copy of everything that is stored about you. The link to it is only sent in the chat."""
    by_chat.send_copy(call.session, call.member, call.world.settings.base_url, call.now)
    return {"detail": "The link to your copy comes in the chat. It works once, within a day."}


@endpoint("POST", "/me/erasure", scope=Scope.ACCOUNT, gives=DetailSchema, status=202)
def ask_to_be_erased(call: Call) -> Any:
    """Request a code for erasing everything about you. It is sent in the chat."""
    by_chat.send_erase_code(call.session, call.member, call.now)
    return {"detail": "The code comes in the chat. It is good for ten minutes."}


@endpoint("POST", "/me/erasure/confirmation", scope=Scope.ACCOUNT, body=EraseBody, status=204)
def erase_me(call: Call, body: dict[str, Any]) -> None:
    """Erase everything about you, with the code from the chat. This cannot be undone."""
    erasure.confirm(call.session, call.member, body["code"], call.now)


def _account(call: Call) -> GarminAccount:
    found = accounts.find_account(call.session, call.member, GARMIN)
    if found is None:
        raise NotLinked
    return found
