"""`flask doctor`, `flask status`, `flask version`, `flask twilio …` and `flask operator test`."""

import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from platform import python_version

import click
import pyotp
import segno
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from jobs import alarms, operator_look
from jobs.health import Doctor, Report
from providers.errors import MessengerError, Refused
from providers.messenger import AccountStanding
from services.health import database
from services.health.diagnosis import Diagnosis, Verdict, describe_wrong
from services.health.processes import FLASK
from version import commit, release
from web import doctor
from web.health import write_report
from world import World

OPERATOR_HELP = "How you are told of troubles, and how you sign in to the operator's page."
SIGNS = {Verdict.OK: "ok", Verdict.NOTE: "note", Verdict.WRONG: "WRONG", Verdict.UNKNOWN: "?"}
EXIT = {"ready": 0, "degraded": 1, "unavailable": 2}


def add_commands(app: Flask, world: World) -> None:
    """Add our commands to Flask's own."""
    for each in (_doctor(world), _status(world), _version(world), _twilio(world), _operator(world)):
        app.cli.add_command(each)


def add_offline_commands(app: Flask, problems: Mapping[str, tuple[str, str]]) -> None:
    """Add `doctor` and `version` for settings that are missing or wrong. `problems` has, for each of these, what is
    wrong with it and what it is for.
    """

    @app.cli.command("doctor")
    @click.option("--json", "as_data", is_flag=True, help="Print JSON.")
    def look(*, as_data: bool) -> None:
        """Name what is wrong with the settings, and how to repair it; exit 1 if something is."""
        _print(
            [describe_wrong(name, says, f"Set {name}: {about}") for name, (says, about) in problems.items()], as_data
        )
        sys.exit(1)

    @app.cli.command("version")
    def tell() -> None:
        """Print the version, and the schema that it needs."""
        click.echo("\n".join(_versions()))

    operator = AppGroup("operator", help=OPERATOR_HELP)
    operator.add_command(_totp)
    app.cli.add_command(operator)


@click.command("totp")
def _totp() -> None:
    """Draw a secret for OPERATOR_TOTP, and print it with the QR code for an authenticator app.

    The code contains the secret: clear the terminal afterwards.
    """
    secret, picture = pyotp.random_base32(), io.StringIO()
    address = pyotp.TOTP(secret).provisioning_uri(name="operator", issuer_name="Gruppetto")
    segno.make(address).terminal(picture, compact=True)
    click.echo(picture.getvalue())
    click.echo(f"OPERATOR_TOTP={secret}")


def _doctor(world: World) -> click.Command:
    @click.command("doctor")
    @click.option("--json", "as_data", is_flag=True, help="Print JSON.")
    @click.option("--quiet", is_flag=True, help="Leave out what is well.")
    def look(*, as_data: bool, quiet: bool) -> None:
        """Check all settings and everything that this depends on, and say how to repair what is
        wrong; exit 1 if something is.
        """
        found = doctor.examine(world, os.environ)
        _print([each for each in found if not quiet or each.verdict is not Verdict.OK], as_data)
        sys.exit(0 if doctor.is_well(found) else 1)

    return look


def _status(world: World) -> click.Command:
    @click.command("status")
    @click.option("--json", "as_data", is_flag=True, help="Print JSON, as /health does.")
    def tell(*, as_data: bool) -> None:
        """Print what /health says; exit 0 if ready, 1 if degraded, 2 if lines are neither answered nor kept."""
        report = Doctor(world, FLASK).look()
        if as_data:
            click.echo(json.dumps(write_report(report), ensure_ascii=False))
        else:
            click.echo("\n".join(_told(world, report)))
        sys.exit(EXIT[report.status])

    return tell


def _version(world: World) -> click.Command:
    @click.command("version")
    def tell() -> None:
        """Print the version, the schema that it needs, and the schema of the database."""
        try:
            with world.sessions() as session:
                there = database.look(session).schema or "none"
        except SQLAlchemyError:
            there = "unknown: the database does not answer"
        click.echo("\n".join([*_versions(), f"schema of the database\t{there}"]))

    return tell


def _twilio(world: World) -> AppGroup:
    group = AppGroup("twilio", help="Our account and our WhatsApp sender at Twilio.")

    @group.command("show")
    def show() -> None:
        """Print the state of account and sender, and where Twilio posts what people write."""
        click.echo("\n".join(_stands(_asked(world.messenger.standing))))

    @group.command("configure")
    @click.option("--dry-run", is_flag=True, help="Only print what would be set.")
    def configure(*, dry_run: bool) -> None:
        """Set this deployment's address as the sender's webhook and fallback.

        No status callback is needed, because each message names its own.
        """
        address = world.settings.webhook_address
        before = _asked(world.messenger.standing)
        click.echo(f"was\t{before.webhook.address or '-'}\t{before.webhook.fallback or '-'}")
        if dry_run:
            click.echo(f"would be\t{address}\t{address}")
            return
        after = _asked(lambda: world.messenger.post_lines_to(address))
        click.echo(f"is\t{after.webhook.address}\t{after.webhook.fallback}")
        for each in before.diversions:
            click.echo(f"the Messaging Service {each.name} leaves lines to the sender now")

    return group


def _operator(world: World) -> AppGroup:
    group = AppGroup("operator", help=OPERATOR_HELP)
    group.add_command(_totp)

    @group.command("test")
    def test() -> None:
        """Send you a test message by each way that is set; exit 1 if one fails, or if there is none."""
        ways = alarms.list_alarms(world)
        words = f"Troubles would be told like this. {world.settings.base_url}"
        failed = alarms.ring(ways, "Gruppetto: this is a test", words)
        for each in ways:
            click.echo(f"{each.name}\t{failed.get(each.name, 'told')}")
        if not ways:
            click.echo("No way is set: OPERATOR_WHATSAPP, OPERATOR_EMAIL or OPERATOR_WEBHOOK (.env.example).", err=True)
        sys.exit(1 if failed or not ways else 0)

    return group


def _asked(ask: Callable[[], AccountStanding]) -> AccountStanding:
    try:
        return ask()
    except Refused as error:
        if error.code == 63007:
            click.echo(
                "Twilio has no such WhatsApp sender in this account. The sandbox's address is set in its console "
                "only; else `flask --app wsgi doctor` says more.",
                err=True,
            )
            sys.exit(1)
        click.echo(f"Twilio did not do it: {error}", err=True)
    except MessengerError as error:
        click.echo(f"Twilio did not do it: {error}", err=True)
    sys.exit(1)


def _stands(standing: AccountStanding) -> list[str]:
    lines = [
        f"account\t{standing.account}{' (trial)' if standing.is_trial else ''}",
        f"sender\t{standing.sender or 'none'}",
        *(f"why\t{each}" for each in standing.reasons),
        f"lines go to\t{standing.webhook.address or '-'}\t{standing.webhook.method}",
        f"fallback\t{standing.webhook.fallback or '-'}",
    ]
    return [*lines, *(f"service\t{each.name}\t{each.address or '-'}" for each in standing.diversions)]


def _print(found: Sequence[Diagnosis], as_data: bool) -> None:
    is_well = doctor.is_well(found)
    if as_data:
        click.echo(json.dumps({"well": is_well, "found": [asdict(each) for each in found]}, ensure_ascii=False))
        return
    for each in found:
        click.echo(f"{SIGNS[each.verdict]:5} {each.name}{f': {each.says}' if each.says else ''}")
        if each.mend:
            click.echo(f"      → {each.mend}")
    count = sum(each.verdict is Verdict.WRONG for each in found)
    click.echo("All is well." if is_well else f"{count} to mend.")


def _told(world: World, report: Report) -> list[str]:
    look = operator_look.look_for_operator(world, report)
    lines = [f"status\t{report.status}\tversion {release()}"]
    lines += [operator_look.describe_fact(each) for each in look.facts]
    return [*lines, *(f"not looked at\t{name}" for name in look.failed)]


def _versions() -> list[str]:
    told = [("gruppetto", release()), ("commit", commit()), ("python", python_version())]
    return [f"{name}\t{value}" for name, value in [*told, ("schema needed", database.find_expected_schema())] if value]
