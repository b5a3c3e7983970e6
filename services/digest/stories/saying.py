"""Makes a digest's message: the text, the picture, and the approved template for when 24 hours have passed."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from messages.languages import approved_name, language_of
from messages.message import Approved, Message
from messages.render import Reader, words
from models import GarminAccount, Member
from services.digest.stories.scene import Scene
from services.digest.stories.text import DigestForm, Me, Teller
from services.ground.group_settings import read_settings
from services.ground.recipients import make_reader
from services.group import roster
from services.training.totals import Totals, sum_totals

# The variables of templates/<language>/approved/digest_ready.json, in their order.
PARTS = ("name", "group", "dates", "together", "sessions", "you")


def find_readers(session: Session, scene: Scene, members: Collection[Member]) -> list[Me]:
    """Return the readers with all of their own figures, also those that the group may not see.
    It takes three queries.
    """
    ids = [member.id for member in members]
    manual = read_settings(scene.board.group).manual
    totals = sum_totals(session, ids, scene.dates, manual=manual)
    linked = set(session.scalars(select(GarminAccount.member_id).where(GarminAccount.member_id.in_(ids))))
    nothing = Totals()
    organisers = set(session.scalars(roster.select_organisers(scene.board.group)))
    return [
        Me(each, totals.get(each.id, nothing), each.id in totals or each.id in linked, each.id in organisers)
        for each in members
    ]


def write_message(teller: Teller, me: Me, form: DigestForm = DigestForm.TABLE, *, preview: bool = False) -> Message:
    """Return one member's digest. Its picture is drawn once for the group, when the first message is sent."""
    reader = make_reader(me.member)
    text = teller.text(me, reader, form)
    return Message(
        f"{words('digest/preview', reader)}\n{text}" if preview else text,
        chart=teller.picture,
        approved=Approved(approved_name("digest_ready", reader.locale), _approved_values(teller, me, reader)),
        language=language_of(reader.locale),
    )


def _approved_values(teller: Teller, me: Me, reader: Reader) -> dict[str, str]:
    """Return the values of the approved template, each on one line."""
    scene = teller.scene
    facts: dict[str, Any] = {
        "board": scene.board, "member": me.member, "me": me, "mine": scene.row_of(me.member.id), "ranked": scene.ranked,
    }  # fmt: skip
    own = {part: words(f"digest/ready_{part}", reader, **facts) for part in ("name", "you")}
    said = teller.ready(reader) | own
    return {str(number): said[part] for number, part in enumerate(PARTS, 1)}
