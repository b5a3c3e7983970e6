"""Changes all texts of a chart, for fonts or a renderer that cannot draw the original ones."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from providers.charts import Bar, Chart

Say = Callable[[str], str]
NOT_WORDS = {"kind", "sport"}


def reword_chart(chart: Chart, say: Say) -> Chart:
    """Return the chart with `say` applied to each text. Members whose name became empty are numbered."""
    return replace(chart, **_changed(chart, say))


def _changed(value: Any, say: Say) -> dict[str, Any]:
    return {each.name: _said(each.name, getattr(value, each.name), say) for each in fields(value)}


def _said(name: str, value: Any, say: Say) -> Any:
    if name in NOT_WORDS:
        return value
    if isinstance(value, str):
        return say(value)
    if name == "legend":
        return tuple((sport, say(label) or sport) for sport, label in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **_changed(value, say))
    if isinstance(value, tuple):
        return _all(name, value, say)
    return value


def _all(name: str, values: Sequence[Any], say: Say) -> tuple[Any, ...]:
    made = tuple(_said("", each, say) for each in values)
    if all(isinstance(each, Bar) for each in made):
        return tuple(replace(bar, name=bar.name or f"Member {n}") for n, bar in enumerate(made, 1))
    if name == "awards":
        return tuple(replace(award, label=award.label or f"Member {n}") for n, award in enumerate(made, 1))
    return made
