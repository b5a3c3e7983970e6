"""What members read is in their language's folder, and not in Python code."""

from pathlib import Path

import pytest

from fitness import crons, forms, schedules  # noqa: F401 - they declare errors that members are told
from tests.imports import ROOT
from tests.words_in_code import stale, texts, unexplained


def test_no_words_that_members_read_stand_in_code() -> None:
    assert unexplained(ROOT) == []


def test_the_list_of_exceptions_names_none_that_is_gone() -> None:
    assert stale(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        'turn.say("goals/dropped", buttons=[Button("My week", "me")])',
        'turn.say("goals/dropped", buttons=[Offer("Drop it", "goal off")])',
        'commands["me"].button("My week")',
        'commands["me"].button("Leaderboard")',
        'raise BadPeriod(f"There is no {day}.")',
        'raise ScheduleNotUsable(why="A day of every month is 1 to 28, or last.")',
        'message = f"{done} of {target}"',
        'return f"{count} more"',
        'says, label = "me", "Your week so far"',
        'groups = {"a": "Nobody has moved yet."}',
        'return "Fine!"',
    ],
)
def test_a_sentence_or_a_label_in_code_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "x.py").write_text(f"def f():\n    {line}\n")
    assert len(list(texts(tmp_path))) == 1


@pytest.mark.parametrize(
    "line",
    [
        '"""What it does, in a sentence."""',
        'log.warning("sign-in failed", attempt=1)',
        'raise ValueError("no such field")',
        'x = re.compile("half an hour")',
        'x = Offer("my_week", "me last week")',
        'x = commands["link garmin"]',
        'x = commands["me"].button("my_week", "last week")',
        'turn.say("digest/skipped", says=f"digest between {one} and {other}")',
        '__all__ = ["Message", "Button"]',
        'x: "Message" = y',
        'tell(session, "error", "vendor shut off")',
    ],
)
def test_what_is_for_a_reader_of_code_or_typed_by_a_member_is_left_alone(tmp_path: Path, line: str) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "x.py").write_text(f"def f():\n    {line}\n")
    assert list(texts(tmp_path)) == []


def test_a_sentence_in_an_error_is_found_in_every_file(tmp_path: Path) -> None:
    (tmp_path / "fitness").mkdir()
    (tmp_path / "fitness" / "x.py").write_text('raise BadPeriod(f"There is no {day}.")\nwords = "last weekend"\n')
    assert [each.text for each in unexplained(tmp_path)] == ["There is no "]


def test_a_command_is_declared_with_its_help(tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    declared = '@command("goal", help="Set yourself a goal", examples=("goal run 100 km",))\ndef goal(turn): ...\n'
    (tmp_path / "bot" / "x.py").write_text(declared)
    assert list(texts(tmp_path)) == []
