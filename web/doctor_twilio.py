"""Checks of `flask doctor` for Twilio: the account, the WhatsApp sender, its webhook, and the stored contents."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from models import Content as StoredContent
from providers.errors import MessengerBroken, MessengerError, Refused
from providers.messenger import AccountStanding, Webhook
from services.delivery import contents
from services.health.diagnosis import Diagnosis, describe_well, describe_wrong, note
from world import World

CONFIGURE = "flask --app wsgi twilio configure"
PUSH = "flask --app wsgi templates push"
SANDBOX = "whatsapp:+14155238886"  # Twilio's shared number for trials: no API can read or set its webhook
ONLINE = "ONLINE"  # also "ONLINE:UPDATING", for some time after a change
CREDENTIALS = "Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the first page of Twilio's console"


def judge(world: World) -> list[Diagnosis]:
    """Return the results for Twilio that the health checks lack, because those only know what has happened."""
    try:
        standing = world.messenger.standing()
    except MessengerBroken:
        return [describe_wrong("twilio", "Twilio refuses this account or its token", CREDENTIALS)]
    except MessengerError as error:
        return [
            describe_wrong(
                "twilio",
                f"Twilio could not be asked ({error})",
                "See https://status.twilio.com, and let this machine reach api.twilio.com and messaging.twilio.com",
            )
        ]
    return [*_account(standing), *_sender(world, standing), *_contents(world)]


def _account(standing: AccountStanding) -> Iterator[Diagnosis]:
    if standing.account != "active":
        says = f"The account is {standing.account}: Twilio sends nothing"
        yield describe_wrong("twilio", says, "Pay, or ask Twilio's support why (console, Billing)")
    elif standing.is_trial:
        says = "This is a trial account: it writes only to numbers that you have verified"
        yield note("twilio", says, "Upgrade the account in Twilio's console")
    else:
        yield describe_well("twilio")


def _sender(world: World, standing: AccountStanding) -> Iterator[Diagnosis]:
    number, address = world.settings.twilio_whatsapp_from, world.settings.webhook_address
    if standing.sender is None:
        yield _no_sender(number, address, standing)
        return
    if not standing.sender.startswith(ONLINE):
        why = f": {'; '.join(standing.reasons)}" if standing.reasons else ""
        says = f"Twilio's WhatsApp sender is {standing.sender}{why}"
        yield describe_wrong(
            "sender", says, "Open Messaging, Senders, WhatsApp senders in Twilio's console, and do what it says"
        )
    else:
        yield describe_well("sender")
    yield from _webhook(standing.webhook, address)
    for each in standing.diversions:
        if each.address.partition("#")[0] != address.partition("#")[0]:
            goes = f"go to {_shown(each.address)}" if each.address else "are thrown away"
            says = f"The sender is in the Messaging Service {each.name}: lines {goes}"
            yield describe_wrong(
                "webhook at twilio", says, f"`{CONFIGURE}`: the service then leaves them to the sender"
            )


def _no_sender(number: str, address: str, standing: AccountStanding) -> Diagnosis:
    if number == SANDBOX:
        return note(
            "sender",
            "This is Twilio's sandbox: only who has sent it its join code is reached, and its webhook cannot be seen",
            f"In the console, set the sandbox's address for incoming messages to {address}",
        )
    if standing.is_plain_number:
        return describe_wrong(
            "sender",
            "The account has this phone number, but not as a WhatsApp sender",
            "Register it under Messaging, Senders, WhatsApp senders in Twilio's console",
        )
    return describe_wrong(
        "sender",
        "No WhatsApp sender of this account has the number in TWILIO_WHATSAPP_FROM",
        "Set TWILIO_WHATSAPP_FROM to the account's sender; if a subaccount has it, set the SID and token of that one",
    )


def _webhook(webhook: Webhook, address: str) -> Iterator[Diagnosis]:
    set_there, _, behind = webhook.address.partition("#")
    ours, _, wanted = address.partition("#")
    name = "webhook at twilio"
    if not set_there:
        yield describe_wrong(name, "No address is set at Twilio: what people write reaches nobody", f"`{CONFIGURE}`")
    elif set_there != ours:
        yield describe_wrong(name, f"Twilio posts to {_shown(set_there)}, and we are {ours}", f"`{CONFIGURE}`")
    elif webhook.method.upper() != "POST":
        yield describe_wrong(name, f"Twilio asks with {webhook.method}, and only POST is answered", f"`{CONFIGURE}`")
    elif behind != wanted:
        yield note(name, "Twilio is not asked to try again when it gets no answer", f"`{CONFIGURE}`")
    elif webhook.fallback.partition("#")[0] != ours:
        yield note(
            name, "No fallback address is set: a line that fails once is lost until the backfill", f"`{CONFIGURE}`"
        )
    else:
        yield describe_well(name)


def _shown(address: str) -> str:
    """Return an address without parts that may be secret."""
    return address.partition("?")[0][:120]


def _contents(world: World) -> Iterator[Diagnosis]:
    """Yield results for each stored content. The health checks report contents that were
    never stored or have changed.
    """
    try:
        with world.sessions() as session:
            stored = [(each.name, each.sid) for each in session.scalars(select(StoredContent)) if each.sid]
    except SQLAlchemyError:
        return  # another check reports the database
    approved = {each.name for each in contents.list_definitions() if each.kind == contents.APPROVED}
    missing, refused = [], []
    for name, sid in sorted(stored):
        try:
            told = world.messenger.find_approval(sid) if name in approved else None
            if told is None and not world.messenger.has_content(sid):
                missing.append(name)
        except Refused:
            missing.append(name)
            continue
        except MessengerError:
            return
        if told is not None and told.status in ("rejected", "paused", "disabled", "unsubmitted"):
            refused.append(f"{name} is {told.status}{f' ({told.reason})' if told.reason else ''}")
        elif told is not None and told.status == contents.APPROVED and told.category not in ("", contents.CATEGORY):
            refused.append(f"{name} is approved as {told.category}, which costs more and reaches no +1 number")
    if missing:
        yield describe_wrong("contents", f"Not in the account any more: {', '.join(missing)}", f"`{PUSH}`")
    if refused:
        mend = f"Change its words in templates/en/approved, then `{PUSH}`; a paused one comes back by itself"
        yield describe_wrong("approvals", "; ".join(refused), mend)
