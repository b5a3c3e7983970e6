"""A group's settings: any stored value can be read, and only valid ones are written."""

import pytest

from models import Group
from services.ground import settings
from services.ground.refusals import SettingNotUsable
from services.ground.settings import GroupSettings
from services.group import groups


def test_a_group_that_chose_nothing_has_the_defaults() -> None:
    assert settings.read_settings(Group(settings={})) == GroupSettings()
    assert groups.read_settings is settings.read_settings
    assert settings.read(None) == GroupSettings(ranking=True, cheer_below=2, manual_percent=70, week_start=0)


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
        assert getattr(settings.change(group, key, value), key) == value
        assert getattr(settings.read_settings(group), key) == value
    before = settings.read_settings(group)
    for value in unusable:
        with pytest.raises(SettingNotUsable):
            settings.change(group, key, value)
        assert getattr(settings.read({key: value}), key) == getattr(GroupSettings(), key)
    assert settings.read_settings(group) == before
    assert group.settings["of a later version"] == 1


def test_a_setting_that_does_not_exist_is_a_bug() -> None:
    with pytest.raises(KeyError):
        settings.change(Group(settings={}), "colour", "blue")


def test_a_board_is_ranked_when_enough_people_are_active() -> None:
    assert [GroupSettings(cheer_below=3).is_ranked(active) for active in (0, 2, 3, 9)] == [False, False, True, True]
    assert not GroupSettings(ranking=False).is_ranked(9)
