"""Checks of `flask doctor` for the settings: values that are allowed, but do not do what was probably intended."""

import base64
import ipaddress
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from services.health.diagnosis import Diagnosis, describe_wrong, note
from world import World

NAMES_NOBODY_HAS = (".example", ".invalid", ".test", ".local", ".localhost", ".internal")
FEWEST_SIGNS = 10  # different characters in a secret; a random one of 32 has about twenty
SECRETS = (
    "secret_key", "secret_key_second", "twilio_auth_token", "twilio_auth_token_second", "health_token", "metrics_token",
)  # fmt: skip
DRAW = "openssl rand -hex 32"
ELSEWHERE = ("twilio_api_base_url", "garmin_base_url", "garmin_personal_api_base_url")
MOST_BETWEEN_TICKS = 120  # seconds


def is_demo(world: World) -> bool:
    """Return whether this is the demo or a test: our address and Twilio's are both on this computer
    or a private network.
    """
    elsewhere = urlsplit(world.settings.twilio_api_base_url or "").hostname or ""
    return _is_private(urlsplit(world.settings.base_url).hostname or "") and _is_private(elsewhere)


def judge(world: World, environment: Mapping[str, str]) -> list[Diagnosis]:
    """Return all results for the settings. `environment` are the process's variables."""
    looks = (_address, _pretenders, _secrets, _data_keys, _choices, _ceilings)
    found = [each for look in looks for each in look(world)]
    if environment.get("TZ", "UTC") not in ("UTC", "Etc/UTC", ":UTC"):
        found.append(describe_wrong("TZ", f"TZ is {environment['TZ']}: schedules are computed from UTC", "Set TZ=UTC"))
    return found


def _address(world: World) -> Iterator[Diagnosis]:
    settings = world.settings
    host = urlsplit(settings.base_url).hostname or ""
    if is_demo(world):
        return
    if _is_private(host) or host.endswith(NAMES_NOBODY_HAS) or "." not in host:
        yield describe_wrong(
            "PUBLIC_BASE_URL",
            f"Twilio cannot reach {host} from outside",
            "Set PUBLIC_BASE_URL to the address that the world knows, as https://bot.example.org",
        )
    elif not settings.is_https:
        yield describe_wrong(
            "PUBLIC_BASE_URL",
            "Pages and webhooks travel unencrypted: the address begins with http://",
            f"Set PUBLIC_BASE_URL=https://{host}, then `flask --app wsgi twilio configure`",
        )


def _pretenders(world: World) -> Iterator[Diagnosis]:
    if is_demo(world):
        return
    for name in ELSEWHERE:
        if getattr(world.settings, name):
            what = "Messages go" if name.startswith("twilio") else "Members' sign-ins to Garmin go"
            yield describe_wrong(
                name.upper(), f"{what} to {getattr(world.settings, name)}, a pretend one", f"Unset {name.upper()}"
            )
    if world.settings.log_format == "console":
        yield describe_wrong("LOG_FORMAT", "The log shows exceptions with their own words", "Set LOG_FORMAT=json")


def _secrets(world: World) -> Iterator[Diagnosis]:
    settings = world.settings
    values = {name: getattr(settings, name, None) for name in SECRETS}
    given = {name.upper(): each.get_secret_value() for name, each in values.items() if each}
    for name, value in given.items():
        if not name.startswith("TWILIO") and value and len(set(value)) < FEWEST_SIGNS:
            yield describe_wrong(name, "This secret can be guessed: it has few different signs", f"{name}=$({DRAW})")
    for name, value in given.items():
        twin = next((other for other in given if other < name and value and given[other] == value), None)
        if twin and name.startswith(twin):
            yield describe_wrong(name, f"It is the same as {twin}, so it does nothing", f"Unset {name}")
        elif twin:
            yield describe_wrong(name, f"It is the same as {twin}: who learns one has both", f"{name}=$({DRAW})")
    if not settings.health_token.get_secret_value():
        yield note("HEALTH_TOKEN", "/health is closed, which tells what mends what", f"HEALTH_TOKEN=$({DRAW})")


def _data_keys(world: World) -> Iterator[Diagnosis]:
    parts = [part.strip() for part in world.settings.data_keys.get_secret_value().split(",") if part.strip()]
    keys = [(part.split(":", 1)[0], base64.b64decode(part.split(":", 1)[1])) for part in parts]
    for place, (name, key) in enumerate(keys):
        mend = "`flask --app wsgi keys generate k2` draws one; `flask keys --help` tells how to change it"
        if len(set(key)) < FEWEST_SIGNS:
            yield describe_wrong("DATA_KEYS", f"The key {name} can be guessed: it was not drawn", mend)
        if any(key == other for _, other in keys[:place]):
            yield describe_wrong(
                "DATA_KEYS", f"The key {name} is an older one under another name: it changes nothing", mend
            )


def _choices(world: World) -> Iterator[Diagnosis]:
    settings = world.settings
    if settings.garmin_recommended and settings.garmin_recommended not in settings.link_methods:
        yield describe_wrong(
            "GARMIN_RECOMMENDED",
            f"The page recommends {settings.garmin_recommended}, which GARMIN_LINK_METHODS does not offer",
            f"Set GARMIN_RECOMMENDED={settings.link_methods[0]}, or leave it empty",
        )
    if not (is_demo(world) or settings.operator_whatsapp or world.alarms):
        says = "Nobody is told when something goes wrong"
        yield note(
            "OPERATOR_WHATSAPP", says, "Set OPERATOR_WHATSAPP, OPERATOR_EMAIL or OPERATOR_WEBHOOK (.env.example)"
        )
    if settings.redis_self_signed and settings.redis_url.startswith("redis://"):
        yield note(
            "REDIS_SELF_SIGNED",
            "It does nothing: REDIS_URL has no TLS",
            "Unset REDIS_SELF_SIGNED, or use the rediss:// address of your host",
        )
    if settings.tick_seconds > MOST_BETWEEN_TICKS:
        says = f"What was lost with Redis is found after {settings.tick_seconds} s only"
        yield note("TICK_SECONDS", says, "Set TICK_SECONDS=60")


def _ceilings(world: World) -> Iterator[Diagnosis]:
    settings = world.settings
    if settings.group_messages_a_day > settings.messages_a_day:
        yield describe_wrong(
            "GROUP_MESSAGES_A_DAY",
            "One group may use up all messages of the day: its ceiling is above that of all",
            f"Set GROUP_MESSAGES_A_DAY below MESSAGES_A_DAY, which is {settings.messages_a_day}",
        )
    if settings.lines_a_minute > settings.lines_a_day:
        yield describe_wrong(
            "LINES_A_DAY",
            "Nobody is answered more than a minute's lines a day",
            f"Set LINES_A_DAY above LINES_A_MINUTE, which is {settings.lines_a_minute}",
        )


def _is_private(host: str) -> bool:
    """Return whether this is an address of this computer or of a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or bool(re.fullmatch(r"localhost\..*", host))
    return address.is_private or address.is_loopback
