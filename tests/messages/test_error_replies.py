"""Errors in a chat and on its page, each with a text that says what happened and what to send next."""

import re
from typing import Any

import pytest
from jinja2 import meta

from bot.parser import NotUnderstood, understand
from fitness.impossible import Impossible, Wrong
from messages.languages import FIRST
from messages.languages import FOLDER as LANGUAGES
from messages.render import Reader, environment, words
from tests.messages.largest import FACTS

FOLDER, PAGES = LANGUAGES / FIRST / "chat", LANGUAGES / FIRST / "pages"
WHEN = FACTS["until"]

# What happened; its template; a pattern of what the text must say; the facts for it.
CHAT: list[tuple[str, str, str, dict[str, Any]]] = [
    ("unknown text", "start/not_understood", r"didn't get that\. Did you mean", {"nearest": [1]}),
    ("unknown words", "start/strange_words", r"I know \*.+\*, but not what", {"why": "", "strange": "ledr"}),
    (
        "bad date or time",
        "start/strange_words",
        r"I read times like",
        {"why": Impossible(Wrong.NO_CLOCK, "25:00"), "strange": ""},
    ),
    ("two readings", "start/either", r'"march" may mean several things\. Which one', {"typed": "march"}),
    ("too long ago", "standings/nothing", r"What I know of you begins on", {}),
    ("code wrong, used up or over", "refusals/code_not_active", r"isn't active.+K7QX2M.+Ask whoever invited", {}),
    ("guesses", "refusals/too_many_guesses", r"Five wrong codes\. Try again in 15 minutes", {"minutes": 15}),
    ("already in the group", "refusals/already_in_group", r"already in .+\*me\*", {}),
    ("not linked", "refusals/not_linked", r"no Garmin data.+\*link garmin\*", {}),
    ("a password in the chat", "start/secret", r"delete that message.+did not keep.+\*link garmin\*", {}),
    ("key ends soon", "garmin/key_ends", r"key ends in 3 days.+\*link garmin\*", {"days": 3}),
    ("key has ended", "garmin/key_ends", r"key has ended.+\*link garmin\*.+history stays", {"days": 0}),
    ("Garmin: slow down", "garmin/away", r"slow down\. I try again at \d.+no need", {"why": "SourceThrottled"}),
    (
        "Garmin is down",
        "garmin/away",
        r"doesn't answer.+try again at \d.+data up to",
        {"why": "Down", "up_to": WHEN},
    ),
    ("Garmin's bot check", "garmin/away", r"turned me away.+try again at \d", {"why": "SourceBlocked"}),
    ("link broken", "garmin/relink", r"no longer lets me read.+Connect again", {}),
    ("asked just now", "refusals/synced_just_now", r"ask again in \d+ minutes", {}),
    ("nothing in these days", "standings/nothing", r"Nothing from you.+begins on", {}),
    ("no such name", "refusals/no_such_person", r"nobody called.+In it:", {"others": ["Anna"]}),
    ("two of that name", "refusals/two_people_match", r"Several match.+#\d+", {}),
    ("not shared", "refusals/kept_private", r"keeps that private in this group", {}),
    ("not allowed", "refusals/only_admins", r"Only admins.+Admins: Anna", {"admins": ["Anna"]}),
    ("not begun", "refusals/period_not_started", r"hasn't started.+\*last week\*", {}),
    ("a picture", "start/only_text", r"not pictures\..+\.fit, \.tcx and \.gpx up to 10 MB", {"kind": "image"}),
    ("a bad file", "garmin/file_not_read", r"Send me one that ends in \.fit", {"problem": "unknown_kind"}),
    ("busy", "garmin/syncing", r"I'll write in a moment", {}),
    ("our fault", "refusals/our_fault", r"\(ref 7f3a\)\. Your data is safe; try again", {"reference": "7f3a"}),
]
ON_THE_PAGE = [
    (
        "a key rejected",
        "sources/garmin.html",
        "Garmin says that this key is not valid: copied in part,",
    ),
    ("sign-in held back", "sources/garmin.html", "so no password goes there before"),
    ("a wrong code", "sources/garmin.html", "That code was wrong or too old. Use the newest one."),
    ("timed out", "sources/garmin.html", "That took too long, so the sign-in was dropped."),
]


@pytest.mark.parametrize(("case", "template", "pattern", "facts"), CHAT, ids=[case for case, *_ in CHAT])
def test_each_case_is_told(case: str, template: str, pattern: str, facts: dict[str, Any]) -> None:
    source = (FOLDER / f"{template}.txt").read_text()
    needed = meta.find_undeclared_variables(environment().parse(source)) - {"reader"}
    given = FACTS | facts
    text = words(template, Reader(), **{name: given[name] for name in needed})
    assert re.search(pattern, " ".join(text.split())), text
    assert len(text) <= 700


@pytest.mark.parametrize(("case", "page", "sentence"), ON_THE_PAGE, ids=[case for case, *_ in ON_THE_PAGE])
def test_each_case_of_the_page_is_told(case: str, page: str, sentence: str) -> None:
    assert sentence in (PAGES / page).read_text()


def test_a_time_that_is_none_is_told_as_one() -> None:
    reading = understand("schedule sun 25:00")
    assert isinstance(reading, NotUnderstood)
    assert reading.why == Impossible(Wrong.NO_CLOCK, "25:00")
