"""The languages in which members are written to. Each has a folder in `templates/`.

`chat/` has the texts, `pages/` the web pages, `approved/` the texts that WhatsApp approves, `labels.toml` the labels of
buttons and lists, `help.toml` what each command does, and `language.toml` how days, places and lists are written. If a
language lacks something of the first five, the English text is used. So a translation may begin with one topic.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "templates"
FIRST = "en"  # used for everything that another language lacks


@dataclass(frozen=True)
class Forms:
    """How a language writes days, places and lists, if this differs from CLDR, the data in Babel.

    `lists` is CLDR's locale for "A, B and C". `ordinals` are the endings of places by CLDR's plural forms,
    for example "st" for "one". `days` are patterns for the first day, the text in between, and the last day,
    by what the two days have in common.
    """

    lists: str = ""
    ordinals: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the available languages, English first."""
    found = sorted(path.parent.name for path in FOLDER.glob("*/chat"))
    return (FIRST, *(code for code in found if code != FIRST))


@cache
def language_of(locale: str) -> str:
    """Return the language in which a member with this locale is written to."""
    return next((code for code in (locale, locale.split("_", maxsplit=1)[0]) if code in languages()), FIRST)


@cache
def folders(locale: str, part: str) -> tuple[Path, ...]:
    """Return where to look for a part of a language, such as "chat": in its own folder, then in the English one."""
    codes = dict.fromkeys((language_of(locale), FIRST))
    return tuple(FOLDER / code / part for code in codes)


@cache
def approved_files() -> Mapping[str, Path]:
    """Return the files of the texts that WhatsApp approves, by the name under which each is stored:
    see `approved_name`.
    """
    files = [(code, path) for code in languages() for path in sorted((FOLDER / code / "approved").glob("*.json"))]
    return {path.stem if code == FIRST else f"{path.stem}_{code}": path for code, path in files}


@cache
def approved_name(name: str, locale: str) -> str:
    """Return the name under which an approved text is stored in the reader's language:
    "digest_ready", or "digest_ready_de".
    """
    own = f"{name}_{language_of(locale)}"
    return own if own in approved_files() else name


@cache
def labels(locale: str) -> Mapping[str, str]:
    """Return the labels of buttons and lists, by name; each is a small template."""
    return _table(locale, "labels.toml")


@cache
def help_of(locale: str) -> Mapping[str, str]:
    """Return what commands do, by their names, for those that the language describes other than their declaration."""
    return _table(locale, "help.toml")


@cache
def forms_of(locale: str) -> Forms:
    """Return how days, places and lists are written in this locale; empty fields mean CLDR's way."""
    path = FOLDER / locale / "language.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    days = {common: tuple(patterns) for common, patterns in told.pop("days", {}).items()}
    return Forms(days=days, **told)


def _table(locale: str, file: str) -> Mapping[str, str]:
    """Return a table of texts: the English ones, replaced by those of the language itself."""
    found: dict[str, str] = {}
    for path in reversed(folders(locale, file)):
        if path.exists():
            found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found
