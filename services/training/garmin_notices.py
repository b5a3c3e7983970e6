"""Messages about connecting, syncs and files that the bot sends by itself or when a job has finished.

`source` is the name of the account's source as people know it (`providers.sources.Source.label`).
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from messages.languages import approved_name
from messages.message import Approved, Message
from messages.render import Offer, render, words
from models import Member
from providers.recordings import FILE
from services.delivery.notices import put_on_one_line
from services.ground.recipients import make_reader
from services.people import members
from services.training import activities, entries
from services.training.syncing import LeftAlone

AGAIN = Offer("connect_again", "link garmin")


def write_garmin_notice(template: str, member: Member, /, *, buttons: Iterable[Offer], **facts: Any) -> Message:
    """Return a message about the member's connection to a source. As a template it has the buttons
    *Connect again* and *Status*.
    """
    reader = make_reader(member)
    values = {
        "1": words("words/news_for", reader, member=member),
        "2": put_on_one_line(words(template, reader, **facts)),
    }
    return render(
        template,
        reader,
        buttons=buttons,
        approved=Approved(approved_name("garmin_notice", reader.locale), values),
        **facts,
    )


def tell_synced(
    session: Session, member: Member, source: str, new: int, *, is_first: bool, whose: str = "", code: str = ""
) -> Message:
    """Return the message that a sync which the member waited for has finished.

    `whose` is the account's name at its source if it was connected since the last sync; `code` is the code of the
    sign-in that the button *That's not me* belongs to.
    """
    newest = activities.find_newest(session, member)
    in_group = bool(members.list_memberships(session, member))
    buttons = [Offer("my_week", "me")] + ([Offer("leaderboard", "leaderboard")] if in_group else [])
    template = "garmin/connected" if is_first else "garmin/synced"
    left_out = entries.count_private_left_out(session, member)
    facts: dict[str, Any] = {"source": source, "new": new, "newest": newest, "whose": whose}
    facts |= {"in_group": in_group, "left_out": left_out}
    buttons += [make_not_me_button(code)] if code else []
    return render(template, make_reader(member), buttons=buttons, **facts)


def make_not_me_button(code: str) -> Offer:
    """Return a button that disconnects the account that was connected by the sign-in with this code, and no other."""
    return Offer("thats_not_me", f"not my garmin {code}")


def ask_about_another_account(member: Member, source: str, code: str, **facts: Any) -> Message:
    """Return the question whether another account at the source may replace the connected one."""
    buttons = [Offer("replace_it", f"link garmin {code} replace"), Offer("keep_it", f"link garmin {code} keep")]
    return render("garmin/another_account", make_reader(member), buttons=buttons, source=source, **facts)


def tell_code_elsewhere(member: Member, source: str) -> Message:
    """Return the notice that the code of the member's link came from another chat."""
    return write_garmin_notice("garmin/code_elsewhere", member, source=source, buttons=[AGAIN])


def tell_link_failed(member: Member, source: str) -> Message:
    """Return the notice that the code was right, but the source did not tell which account the key belongs to."""
    return write_garmin_notice("garmin/link_failed", member, source=source, buttons=[AGAIN])


def tell_garmin_away(member: Member, source: str, alone: LeftAlone) -> Message:
    """Return the message that a sync which the member waits for failed, or is not tried at the moment."""
    reader = make_reader(member)
    return render("garmin/away", reader, source=source, until=alone.until, up_to=alone.since, why=alone.why)


def tell_file_read(session: Session, member: Member, ids: Collection[int], new: int, now: datetime) -> Message:
    """Return the message about a file that the member sent: its activities, and how many are new."""
    sessions = activities.find_from_source(session, member.id, FILE, ids)
    return render(
        "garmin/file_read",
        make_reader(member),
        sessions=sessions,
        new=new,
        twins=activities.has_twin(session, sessions),
        today=members.tell_local_time(member, now).date(),
        buttons=[Offer("my_week", "me")],
    )


def tell_file_not_read(member: Member, problem: str) -> Message:
    """Return the message that a file cannot be read, with the reason and what to do."""
    return render("garmin/file_not_read", make_reader(member), problem=problem)


def ask_to_relink(member: Member, source: str) -> Message:
    """Return the notice that the source no longer accepts the member's tokens."""
    return write_garmin_notice("garmin/relink", member, source=source, buttons=[AGAIN])


def tell_key_ends(member: Member, source: str, days: int) -> Message:
    """Return the notice that the member's key expires soon."""
    return write_garmin_notice(
        "garmin/key_ends", member, source=source, days=days, buttons=[Offer("renew", "link garmin")]
    )
