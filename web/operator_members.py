"""The `flask member …` commands: export, erase or confirm a member, and erase members again after a
backup was restored.
"""

import sys
from datetime import datetime
from typing import BinaryIO, TextIO

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from jobs.work import transaction
from models import Member
from models.vault import UnknownKey
from services.data import erasure, exports
from services.ground import audit
from services.group import proofs
from services.people import members
from world import World


def make_member_commands(world: World) -> AppGroup:
    """Return the group of commands."""
    group = AppGroup("member", help="What members may ask of an operator: their data, and to be forgotten.")

    @group.command("export")
    @click.argument("who")
    @click.argument("file", type=click.File("wb"))
    def export(who: str, file: BinaryIO) -> None:
        """Write a copy of everything about a member (id or phone number) into FILE."""
        with world.sessions.begin() as session:
            audit.name_way(session, audit.OPERATOR)
            member = _member(session, who)
            file.write(_archive(session, member))
            audit.note(session, "export.by_operator", world.now(), member_id=member.id)

    @group.command("erase")
    @click.argument("who")
    @click.confirmation_option(prompt="Everything about this member will be gone. Sure?")
    def erase(who: str) -> None:
        """Erase a member (id or phone number), here and at Twilio."""
        with transaction(world) as session:
            audit.name_way(session, audit.OPERATOR)
            erasure.erase(session, _member(session, who), world.now())
        click.echo("Erased. Twilio's copies follow within the hour, or within 14 days where one is under way.")

    @group.command("confirm")
    @click.argument("who")
    def confirm(who: str) -> None:
        """Confirm that a number (or member id) still belongs to the same person, after you have made
        sure of it yourself.
        """
        with transaction(world) as session:
            audit.name_way(session, audit.OPERATOR)
            member = _member(session, who)
            if member.doubted_at is None:
                click.echo(
                    "There is no doubt about this number. If they were silent, they have to write first.", err=True
                )
                sys.exit(1)
            proofs.confirm(session, member, world.now(), by="operator")
        click.echo("Confirmed. They are told so, and what waited for them leaves.")

    @group.command("doubted")
    def doubted() -> None:
        """List the members whose number is in doubt, the longest doubt first: id, since when, name, and when they will
        be erased if they said "stop".
        """
        with world.sessions.begin() as session:
            audit.name_way(session, audit.OPERATOR)
            for each in proofs.list_doubted(session):
                audit.note(session, "operator.listed_doubted", world.now(), member_id=each.id)
                on = erasure.find_erasure_time(each)
                stopped = f"\tsaid stop, erased on {on:%Y-%m-%d}" if on else ""
                click.echo(f"{each.id}\t{each.doubted_at:%Y-%m-%d}\t{each.name}{stopped}")

    @group.command("erased")
    def erased() -> None:
        """Print who was erased. Save the list apart from the backups."""
        with world.sessions() as session:
            for member_id, since in erasure.list_erased(session):
                click.echo(f"{member_id}\t{since.isoformat()}")

    @group.command("reapply")
    @click.argument("file", type=click.File())
    def reapply(file: TextIO) -> None:
        """Erase the members in FILE again, after a backup was restored. `member erased` has written FILE."""
        rows = [line.split("\t") for line in file.read().splitlines() if line.strip()]
        with transaction(world) as session:
            audit.name_way(session, audit.OPERATOR)
            again = erasure.erase_again(session, [(int(a), datetime.fromisoformat(b)) for a, b in rows], world.now())
        click.echo(f"{again} erased again, of {len(rows)} in the list")

    return group


def _archive(session: Session, member: Member) -> bytes:
    try:
        return exports.pack_archive(session, member)
    except UnknownKey as error:
        click.echo(f"Something of this member is {error}. Add the key, and try again.", err=True)
        sys.exit(1)


def _member(session: Session, who: str) -> Member:
    found = members.find_member(session, who)
    if found is None:
        click.echo("No such member.", err=True)
        sys.exit(1)
    return found
