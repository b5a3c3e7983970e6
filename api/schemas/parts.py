"""Fields that several schemas use."""

import re
import unicodedata
from typing import Any
from zoneinfo import available_timezones

from marshmallow import fields, validate

from fitness.metrics import Metric
from fitness.sports import Sport

PLAIN = r"^[^\u0000-\u001f\u007f-\u009f]*$"
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
SPORTS = [each.value for each in Sport]
METRICS = [each.value for each in Metric]
DIMENSIONS = "Metres, seconds, kilocalories, metres a second, points or times, as the metric is."


class Text(fields.String):
    """A line of text without control characters, and without characters that UTF-8 cannot encode."""

    def __init__(self, most: int, *, least: int = 1, **more: Any) -> None:
        metadata = {"pattern": PLAIN} | more.pop("metadata", {})
        super().__init__(validate=validate.Length(least, most), metadata=metadata, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text):
            raise self.make_error("invalid")
        return text


class Whole(fields.Integer):
    """A whole number, written as one: neither 1.5 nor "1" nor true."""

    def __init__(self, least: int, most: int, **more: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **more)


class Size(fields.Float):
    """A positive figure, written as a number."""

    def __init__(self, most: float, *, least: float = 0.0, **more: Any) -> None:
        inclusive = least > 0
        if not inclusive:
            more["metadata"] = {"exclusiveMinimum": least} | more.get("metadata", {})
        super().__init__(validate=validate.Range(least, most, min_inclusive=inclusive), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **more)


class Switch(fields.Boolean):
    """true or false, but not as a string."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **more)


class Flag(fields.Boolean):
    """`true` or `false` in a query."""

    def __init__(self, **more: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **more)


class Clock(fields.Time):
    """A time of day: two digits, a colon, two digits."""

    def __init__(self, **more: Any) -> None:
        super().__init__(format="%H:%M", metadata={"pattern": CLOCK, "example": "21:30"}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if not (isinstance(value, str) and re.fullmatch(CLOCK, value, re.ASCII) and not value.endswith("\n")):
            raise self.make_error("invalid", input=value, obj_type="time")
        return super()._deserialize(value, attr, data, **more)


def one_of(values: list[str], **more: Any) -> fields.String:
    """Return a field for one of these words."""
    return fields.String(validate=validate.OneOf(values), **more)


def zone(**more: Any) -> fields.String:
    """Return a field for the name of a time zone."""
    known = sorted(available_timezones())
    metadata = {"description": "A name of the IANA time zone database, such as Europe/Paris."}
    return fields.String(validate=validate.OneOf(known), metadata=metadata, **more)


def sort(columns: list[str], first: str) -> fields.String:
    """Return a field for the column that a list is sorted by; a minus before the name reverses the order."""
    both = [sign + each for each in columns for sign in ("", "-")]
    return fields.String(load_default=first, validate=validate.OneOf(both))
