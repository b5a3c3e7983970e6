"""The words for the values of arguments."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.arguments.choices import Each, PictureWanted, Setting
from bot.languages.lists import read_words, read_words_by
from bot.words.lines import LineWord

Found = tuple[Any, Sequence[int]]
Reader = Callable[[Sequence[LineWord]], Found | None]
# In addition to the figures, which can be shared too
FIELDS = {"sports": "sports sport types", "titles": "titles title names"}
YES = read_words("yes")
PLAINLY_YES = read_words("plainly_yes")
SETTINGS = {word: Setting(setting) for setting, words in read_words_by("settings").items() for word in words}
AROUND_SETTINGS = read_words("around_settings")
OFF = read_words("off")
EACH = {word: Each(each) for each, words in read_words_by("each").items() for word in words}
ON = read_words("on")
PICTURES = tuple((words, PictureWanted(picture)) for picture, words in read_words_by("pictures").items())
CHOICES = read_words_by("choices")
WEEKS_IN = {"week": 1, "fortnight": 2, "month": 4, "year": 52}
SESSIONS = read_words("sessions")
BESIDE_A_NAME = read_words("beside_a_name")
POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
CODE = re.compile(r"[A-HJKMNP-Z2-9]{6}")
LINK_CODE = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{6}")  # the letters of `services.training.binding`; a test compares them
