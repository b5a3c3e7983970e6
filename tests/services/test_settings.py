"""A group's settings: any stored value can be read, and only valid ones are written."""

from dataclasses import fields

import pytest

from api.schemas.groups import SettingsSchema
from bot.arguments import Setting
from bot.arguments.spoken import SETTINGS
from models import Group
from services.ground import group_settings
from services.ground.group_settings import GroupSettings
from services.ground.refusals import SettingNotUsable
from services.group import groups
from tests.imports import ROOT


def test_a_group_that_chose_nothing_has_the_defaults() -> None:
    assert group_settings.read_settings(Group(settings={})) == GroupSettings()
    assert groups.read_settings is group_settings.read_settings
    assert group_settings.read(None) == GroupSettings(ranking=True, cheer_below=2, manual_percent=70, week_start=0)


@pytest.mark.parametrize(
    ("key", "usable", "unusable"),
    [
        ("ranking", (True, False), ("on", 1, None)),
        ("cheer_below", (1, 50), (0, 51, True, "2")),
        ("manual_percent", (0, 100), (-1, 101, 70.0, False)),
        ("week_start", (0, 5, 6), (1, 4, 7, False, "Mon")),
        ("approval", (True, False), (0,)),
        ("members_invite", (True, False), ("yes",)),
        ("members_challenge", (True, False), (None,)),
    ],
)
def test_only_what_is_usable_is_written(key: str, usable: tuple, unusable: tuple) -> None:
    group = Group(settings={"of a later version": 1})
    for value in usable:
        assert getattr(group_settings.change(group, key, value), key) == value
        assert getattr(group_settings.read_settings(group), key) == value
    before = group_settings.read_settings(group)
    for value in unusable:
        with pytest.raises(SettingNotUsable):
            group_settings.change(group, key, value)
        assert getattr(group_settings.read({key: value}), key) == getattr(GroupSettings(), key)
    assert group_settings.read_settings(group) == before
    assert group.settings["of a later version"] == 1


def test_a_setting_that_does_not_exist_is_a_bug() -> None:
    with pytest.raises(KeyError):
        group_settings.change(Group(settings={}), "colour", "blue")


def test_a_board_is_ranked_when_enough_people_are_active() -> None:
    assert [GroupSettings(cheer_below=3).is_ranked(active) for active in (0, 2, 3, 9)] == [False, False, True, True]
    assert not GroupSettings(ranking=False).is_ranked(9)


def test_each_setting_can_be_changed_and_is_told_everywhere() -> None:
    """A setting that is declared in `GroupSettings` is known to the chat, to programs and to the texts."""
    declared = {each.name for each in fields(GroupSettings)}
    assert group_settings.USABLE.keys() == declared
    assert {each.value for each in Setting} == declared
    assert {each.value for each in SETTINGS.values()} == declared, "[settings] in bot/languages/en/words.toml"
    assert SettingsSchema().fields.keys() == declared
    texts = ROOT / "templates/en/chat/settings"
    shown, changed = (texts / "show.txt").read_text(), (texts / "changed.txt").read_text()
    assert [each for each in declared if f"chosen.{each}" not in shown] == []
    assert [each for each in declared if f'setting == "{each}"' not in changed] == []
