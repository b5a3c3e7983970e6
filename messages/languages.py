"""The languages in which members are written to: what is in each one's folder of `templates/`.

`chat/` are the texts, `pages/` the web pages, `approved/` the texts that WhatsApp approves, `labels.toml` what stands
on buttons and lists, `help.toml` what each command does, and `language.toml` how days, places and lists are written.
Whatever a language lacks of the first five is said in English, so that a language may begin with one topic.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "templates"
FIRST = "en"  # the language that says what another one lacks


@dataclass(frozen=True)
class Forms:
    """How a language writes days, places and lists where CLDR, the table that Babel carries, writes them otherwise.

    `lists` is CLDR's locale for "A, B and C". `ordinals` are the endings of places by CLDR's plural forms, "st" by
    "one". `days` are patterns for the first day, what stands between, and the last day, by what the two have in common.
    """

    lists: str = ""
    ordinals: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


@cache
def languages() -> tuple[str, ...]:
    """The codes of the languages that there are, English first."""
    found = sorted(path.parent.name for path in FOLDER.glob("*/chat"))
    return (FIRST, *(code for code in found if code != FIRST))


@cache
def language_of(locale: str) -> str:
    """The language in which somebody with this locale is written to."""
    return next((code for code in (locale, locale.split("_", maxsplit=1)[0]) if code in languages()), FIRST)


@cache
def folders(locale: str, part: str) -> tuple[Path, ...]:
    """Where to look for one part of a language, "chat" for one: in its own folder, then in the English one."""
    codes = dict.fromkeys((language_of(locale), FIRST))
    return tuple(FOLDER / code / part for code in codes)


@cache
def approved_files() -> Mapping[str, Path]:
    """The files of the texts that WhatsApp approves, by the name under which each is stored: see `approved_name`."""
    files = [(code, path) for code in languages() for path in sorted((FOLDER / code / "approved").glob("*.json"))]
    return {path.stem if code == FIRST else f"{path.stem}_{code}": path for code, path in files}


@cache
def approved_name(name: str, locale: str) -> str:
    """Under which name an approved text is stored in the reader's language: "digest_ready", or "digest_ready_de"."""
    own = f"{name}_{language_of(locale)}"
    return own if own in approved_files() else name


@cache
def labels(locale: str) -> Mapping[str, str]:
    """What stands on buttons and lists, by name; each is a small template."""
    return _table(locale, "labels.toml")


@cache
def help_of(locale: str) -> Mapping[str, str]:
    """What commands do, by their name, where the language says it otherwise than their declaration."""
    return _table(locale, "help.toml")


@cache
def forms_of(locale: str) -> Forms:
    """How days, places and lists are written in this locale; as CLDR has it where the language says nothing."""
    path = FOLDER / locale / "language.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    days = {common: tuple(patterns) for common, patterns in told.pop("days", {}).items()}
    return Forms(days=days, **told)


def _table(locale: str, file: str) -> Mapping[str, str]:
    """A table of texts: in English, and above that in the language itself."""
    found: dict[str, str] = {}
    for path in reversed(folders(locale, file)):
        if path.exists():
            found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found
