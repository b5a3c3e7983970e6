"""The words for the values of arguments."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.arguments.choices import Each, PictureWanted, Setting
from bot.languages import words_by, words_for
from bot.words.lines import LineWord

Found = tuple[Any, Sequence[int]]
Reader = Callable[[Sequence[LineWord]], Found | None]
FIELDS = {"sports": "sports sport types", "titles": "titles title names"}  # beside the figures, which may be shared too
YES = words_for("yes")
PLAINLY_YES = words_for("plainly_yes")
SETTINGS = {word: Setting(setting) for setting, words in words_by("settings").items() for word in words}
AROUND_SETTINGS = words_for("around_settings")
OFF = words_for("off")
EACH = {word: Each(each) for each, words in words_by("each").items() for word in words}
ON = words_for("on")
PICTURES = tuple((words, PictureWanted(picture)) for picture, words in words_by("pictures").items())
CHOICES = words_by("choices")
WEEKS_IN = {"week": 1, "fortnight": 2, "month": 4, "year": 52}
SESSIONS = words_for("sessions")
BESIDE_A_NAME = words_for("beside_a_name")
POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
CODE = re.compile(r"[A-HJKMNP-Z2-9]{6}")
LINK_CODE = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{6}")  # the letters of `services.training.binding`; a test compares them
