"""Template filters for figures, days and names, in the reader's language, units and time zone."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_interval, format_time, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import pass_context
from jinja2.runtime import Context

from fitness.metrics import FIELDS, METRICS
from fitness.sports import Sport, Style
from messages.languages import forms_of, help_of
from messages.message import units
from messages.words import isolated, one_line, without_markup

METRES_IN_MILE = 1609.344
METRES_IN_FOOT = 0.3048
METRES_IN_YARD = 0.9144
SPORTS = {sport.value: sport for sport in Sport}
MOST_QUOTED = 40
LINE_AROUND_NAME = 5


@pass_context
def brief(context: Context, value: float, metric: str) -> str:
    """Return a figure as short as possible, for the label of a column: "3:39", "30.5", "224"."""
    reader, unit = context["reader"], METRICS[metric].unit
    if unit == "duration":
        hours, minutes = divmod(round(value / 60), 60)
        return f"{hours}:{minutes:02d}"
    if unit == "far":
        return far(context, value).rsplit(" ", 1)[0]
    return format_decimal(round(value), locale=reader.locale)


@pass_context
def far(context: Context, metres: float) -> str:
    """Return metres as "8.1 km" or "5.0 mi": with one decimal under a hundred, with none above."""
    reader = context["reader"]
    unit, metres_in_unit = ("mi", METRES_IN_MILE) if reader.units == "imperial" else ("km", 1000.0)
    value = metres / metres_in_unit
    return f"{format_decimal(value, '#,##0.0' if value < 99.95 else '#,##0', locale=reader.locale)} {unit}"


def duration(seconds: float) -> str:
    """Return seconds as "3h 39m", "39 min" or "0 min"."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes} min"


@pass_context
def number(context: Context, value: float) -> str:
    """Return a whole number with the reader's separators."""
    return format_decimal(round(value), locale=context["reader"].locale)


@pass_context
def plural(context: Context, count: float, **forms: str) -> str:
    """Return the form for this count: {{ n|plural(one="session", other="sessions") }}; the
    language defines the forms.
    """
    form = Locale.parse(context["reader"].locale).plural_form(count)
    return forms.get(form, forms["other"])


@pass_context
def ordinal(context: Context, place: int) -> str:
    """Return a place with the language's ending, "1st", "2nd", "3rd"; "3." if the language has none."""
    locale = context["reader"].locale
    return f"{place}{forms_of(locale).ordinals.get(Locale.parse(locale).ordinal_form(place), '.')}"


@pass_context
def day(context: Context, when: date | datetime) -> str:
    """Return a day as "Sun 22 Nov"; for a time, the day in the reader's zone."""
    reader = context["reader"]
    local = when.astimezone(reader.zone).date() if isinstance(when, datetime) else when
    return format_date(local, "EEE d MMM", locale=reader.locale)


@pass_context
def short_day(context: Context, when: date) -> str:
    """Return the name of a day: "Sun"."""
    return format_date(when, "EEE", locale=context["reader"].locale)


@pass_context
def span(context: Context, dates_: Any) -> str:
    """Return a whole month or year by its name ("November 2026", "2026"), and other days as `dates` writes them."""
    locale = context["reader"].locale
    first, last = dates_.start, dates_.end
    ends_month = (last + timedelta(days=1)).day == 1
    if first.day == 1 and ends_month and (first.year, first.month) == (last.year, last.month):
        return format_date(first, "LLLL y", locale=locale)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return str(first.year)
    return dates(context, dates_)


@pass_context
def day_of_year(context: Context, when: date) -> str:
    """Return a day with its year: "19 Nov 2025"."""
    return format_date(when, "d MMM y", locale=context["reader"].locale)


@pass_context
def day_since(context: Context, when: date, year: int) -> str:
    """Return a past day: "1 Oct", or "19 Nov 2025" if it is in another year."""
    return format_date(when, "d MMM" if when.year == year else "d MMM y", locale=context["reader"].locale)


@pass_context
def month_name(context: Context, when: date) -> str:
    """The name of a day's month: "November"."""
    return format_date(when, "LLLL", locale=context["reader"].locale)


@pass_context
def short_month(context: Context, when: date) -> str:
    """The short name of a day's month: "Nov"."""
    return format_date(when, "LLL", locale=context["reader"].locale)


@pass_context
def clock(context: Context, when: datetime) -> str:
    """Return the time of day in the reader's zone: "18:00"."""
    reader = context["reader"]
    return format_time(when.astimezone(reader.zone), "HH:mm", locale=reader.locale)


@pass_context
def dates(context: Context, span: Any, today: date | None = None) -> str:
    """Return a span of days: "16–22 Nov", "22 Nov", or with the year if it covers two years or is not in today's."""
    locale = context["reader"].locale
    with_year = span.start.year != span.end.year or (today is not None and span.end.year != today.year)
    if span.start == span.end:
        return format_date(span.start, "d MMM y" if with_year else "d MMM", locale=locale)
    skeleton = "yMMMd" if with_year else "MMMd"
    return _as_the_language_has_it(span, locale, with_year) or format_interval(
        span.start, span.end, skeleton, locale=locale
    )


@pass_context
def day_in(context: Context, when: datetime, zone: str) -> str:
    """Return the day of a time in another zone than the reader's."""
    return format_date(when.astimezone(ZoneInfo(zone)).date(), "EEE d MMM", locale=context["reader"].locale)


@pass_context
def weekday(context: Context, number: int) -> str:
    """Return the name of a weekday; Monday is 0."""
    names = get_day_names("wide", locale=context["reader"].locale)
    return str(names[number])


@pass_context
def tenths(context: Context, value: float) -> str:
    """Return a figure with one decimal, or with none if that would be zero: "57.6", "60"."""
    return format_decimal(value, "#,##0.#", locale=context["reader"].locale)


@pass_context
def speed(context: Context, kmh: float) -> str:
    """Return a mean speed as "10.3 km/h" or "6.4 mph"."""
    is_imperial = context["reader"].units == "imperial"
    value = kmh * 1000 / METRES_IN_MILE if is_imperial else kmh
    return f"{format_decimal(value, '#,##0.0', locale=context['reader'].locale)} {'mph' if is_imperial else 'km/h'}"


def stopwatch(seconds: float) -> str:
    """Return seconds as "4:12", "49:58" or "1:41:07"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@pass_context
def session(context: Context, activity: Any) -> str:
    """Return one activity in a line: "🏃 Run 8.1 km in 47 min, Tue 17 Nov"."""
    return _said(context, "records/session.txt", activity=activity)


@pass_context
def feat(context: Context, record: Any) -> str:
    """Return a record: "5 km 23:41", "farthest 78.0 km"."""
    return _said(context, "records/feat.txt", record=record)


@pass_context
def race(context: Context, metres: int) -> str:
    """Return the name of a race distance: "half marathon"."""
    return _said(context, "words/race.txt", race=metres)


@pass_context
def climbed(context: Context, metres: float) -> str:
    """Return metres climbed as "1,240 m" or "4,068 ft"."""
    reader = context["reader"]
    is_imperial = reader.units == "imperial"
    value = metres / METRES_IN_FOOT if is_imperial else metres
    return f"{format_decimal(round(value), locale=reader.locale)} {'ft' if is_imperial else 'm'}"


@pass_context
def points(context: Context, value: float) -> str:
    """Return effort points: "224 pts"."""
    return _said(context, "words/points.txt", points=value)


@pass_context
def rhythm(context: Context, schedule: Any) -> str:
    """Return when a digest is sent: "every Sunday at 18:00"."""
    return _said(context, "words/rhythm.txt", schedule=schedule)


@pass_context
def figure(context: Context, totals: Any, metric: str, sport: str | None = None) -> str:
    """Return a figure by the metric that a board ranks by; `totals` are a member's totals, or the figure itself.

    `sport` is the sport of the figure: the form of a speed depends on it.
    """
    known = METRICS[metric]
    value = totals if isinstance(totals, int | float) else totals.value(metric)
    if known.unit == "pace":
        return pace(context, value, sport)
    return f"{WRITTEN[known.unit](context, value)} {known.sign}".rstrip()


@pass_context
def pace(context: Context, metres_a_second: float, sport: str | None) -> str:
    """Return a mean speed in the form that is usual in the sport, or "–" for none.

    Examples: "5:12 /km", "1:58 /100 m", "28.4 km/h".
    """
    style = SPORTS[sport].style if sport else Style.FOOT
    if metres_a_second <= 0:
        return "–"
    if style is Style.WHEELS:
        return speed(context, metres_a_second * 3.6)
    is_imperial = context["reader"].units == "imperial"
    if style is Style.SWIM:
        metres, sign = (100 * METRES_IN_YARD, "/100 yd") if is_imperial else (100.0, "/100 m")
    else:
        metres, sign = (METRES_IN_MILE, "/mi") if is_imperial else (1000.0, "/km")
    return f"{stopwatch(metres / metres_a_second)} {sign}"


@pass_context
def out_of(context: Context, done: float, target: float, metric: str) -> str:
    """Return how much of a target is done: "120 of 500 km", "4,900 of 6,000 pts", "58 of 60", "58h 20m of 100h 00m"."""
    written = METRICS[metric].unit
    if written == "times":
        return _said(context, "words/out_of.txt", part=number(context, done), whole=number(context, target))
    said, whole = figure(context, done, metric), figure(context, target, metric)
    amount, _, unit = said.rpartition(" ")
    part = amount if written != "duration" and whole.endswith(f" {unit}") else said
    return _said(context, "words/out_of.txt", part=part, whole=whole)


def _times(context: Context, value: float) -> str:
    return f"{number(context, value)}×"


def _weeks(context: Context, value: float) -> str:
    return _said(context, "words/weeks.txt", in_a_row=round(value))


def _usual(context: Context, value: float) -> str:
    return _said(context, "words/usual.txt", percent=round(value))


def _said(context: Context, template: str, **facts: Any) -> str:
    found = context.environment.get_template(template)
    return found.render(reader=context["reader"], **facts).strip()


# How a figure is written, by the unit that its metric declares; the metric's sign follows it.
WRITTEN: dict[str, Callable[[Context, float], str]] = {
    "duration": lambda _context, value: duration(value),
    "far": far,
    "climbed": climbed,
    "times": _times,
    "number": number,
    "points": points,
    "weeks": _weeks,
    "usual": _usual,
}


@pass_context
def stretch(context: Context, span: Any) -> str:
    """Return the days of a digest: a month by its name, "November 2026", any others as `dates` writes them."""
    last_day = monthrange(span.start.year, span.start.month)[1]
    if span.start.day == 1 and span.end == span.start.replace(day=last_day):
        return format_date(span.start, "LLLL y", locale=context["reader"].locale)
    return dates(context, span)


@pass_context
def sport(context: Context, which: str) -> str:
    """Return a sport with its sign: "🏃 Run"."""
    return _said(context, "words/sport.txt", sport=str(which))


@pass_context
def sport_sign(context: Context, which: str) -> str:
    """Return the sign of a sport: "🏃"."""
    return sport(context, which).split()[0]


@pass_context
def did(context: Context, which: str) -> str:
    """Return the past tense of a sport: "ran"."""
    return _said(context, "words/did.txt", sport=str(which))


@pass_context
def done(context: Context, which: str) -> str:
    """Return the past participle of a sport: "run"."""
    return _said(context, "words/done.txt", sport=str(which))


@pass_context
def sport_name(context: Context, which: str) -> str:
    """Return the name of a sport: "Run"."""
    return _said(context, "words/sport_name.txt", sport=str(which))


@pass_context
def figure_name(context: Context, which: str) -> str:
    """Return the name of a figure: "climbing"."""
    return _said(context, "words/figure_name.txt", metric=str(which))


@pass_context
def aims(context: Context, _reader: Any, last: str) -> str:
    """Return the figures that a goal or a challenge may be about: "time, distance or
    points", with `last` as the "or".
    """
    names = [figure_name(context, each) for each in METRICS.values() if each.is_aim]
    return f"{', '.join(names[:-1])}{last}{names[-1]}"


def shareable(_reader: Any) -> str:
    """Return what a member may share, by the words that are typed for it: "sports, time, distance"."""
    return ", ".join(FIELDS)


@pass_context
def field(context: Context, which: str) -> str:
    """Return the name of something that can be shared: "number of sessions"."""
    return _said(context, "words/field.txt", field=str(which))


@pass_context
def metric(context: Context, which: str) -> str:
    """Return what a board ranks by: "by time"."""
    return _said(context, "words/metric.txt", metric=str(which))


@pass_context
def asked(context: Context, which: str | None, sport: str | None, each: str | None) -> str:
    """Return what a question was understood to ask for: "Running distance", "All sports", "Time per week"."""
    facts = {"metric": which and str(which), "sport": sport and str(sport), "each": each and str(each)}
    return _said(context, "words/asked.txt", **facts)


@pass_context
def impossible(context: Context, why: Any) -> str:
    """Return a sentence that says why days, a time or a schedule are impossible; `why` is a
    `fitness.impossible.Impossible`.
    """
    return _said(context, "words/impossible.txt", why=why)


@pass_context
def does(context: Context, command: Any) -> str:
    """Return what a command does, in the reader's language if it has a sentence for it,
    otherwise from its declaration.
    """
    said = help_of(context["reader"].locale).get(command.name)
    return str(command.help if said is None else said)


@pass_context
def deed(context: Context, what: str) -> str:
    """Return what only some members may do: a command by its name, or in other words."""
    return _said(context, "words/deed.txt", what=what)


@pass_context
def challenge_title(context: Context, challenge: Any) -> str:
    """Return a challenge's name, "Tour of the Lakes", or a description if it has no name."""
    return _said(context, "words/challenge.txt", challenge=challenge)


@pass_context
def dates_of(context: Context, challenge: Any, today: date | None = None) -> str:
    """Return the days of a challenge."""
    return dates(context, _Days(challenge.starts, challenge.ends), today)


@pass_context
def route_name(context: Context, which: str) -> str:
    """Return the name of a route: "Pennine Way"."""
    return _said(context, "words/route.txt", route=str(which))


@pass_context
def against(context: Context, now: float, before: float) -> str:
    """Return a change and what it is compared with: "▲12% on the time before"; empty if there is
    nothing to compare with.
    """
    return _said(context, "words/against.txt", change=change(now, before))


@pass_context
def nobody_yet(context: Context, metric: str) -> str:
    """Return the text of a board without rows."""
    return _said(context, "words/nobody_yet.txt", metric=str(metric))


@pass_context
def contest_rule(context: Context, which: str) -> str:
    """Return what decides a challenge, in a sentence or two."""
    return _said(context, "words/contest_rule.txt", contest=str(which))


@pass_context
def scored(context: Context, value: float, challenge: Any) -> str:
    """Return a participant's value in a challenge: "8.1 km", "3 weeks", "+42%"."""
    facts = {"value": value, "contest": challenge.contest, "metric": challenge.metric}
    return _said(context, "words/scored.txt", **facts)


def name(text: str) -> str:
    """Return a name that a member chose, isolated so that it cannot reverse the direction of its line."""
    return isolated(text)


def quoted(text: str) -> str:
    """Return what a member typed, shortened and without markup, so that it can be quoted to them."""
    plain = one_line(without_markup(text))
    return isolated(plain if len(plain) <= MOST_QUOTED else plain[:MOST_QUOTED].rstrip() + "…")


@pass_context
def listed(context: Context, texts: Sequence[str], most: int = 10) -> str:
    """Return names as "Anna, Ben and Dev", or, if they are more than `most`, "Anna, Ben and 7 more"."""
    names = [isolated(text) for text in texts]
    if len(names) > most:
        names[most - 1 :] = [_said(context, "words/more.txt", more=len(names) - most + 1)]
    locale = context["reader"].locale
    return format_list(names, locale=forms_of(locale).lists or locale)


def fitting(names: Iterable[str], room: int, beside: int = 0) -> int:
    """Return how many of these names fit into `room` characters, each on its own line with `beside` more characters."""
    lines = accumulate(units(each) + LINE_AROUND_NAME + beside for each in names)
    return sum(length <= room for length in lines)


def change(now: float, before: float) -> str:
    """Return a change in percent with an arrow: "▲12%", "▼8%", "=", or empty if there is nothing to compare with."""
    if before <= 0:
        return ""
    percent = round(100 * (now / before - 1))
    return f"▲{percent}%" if percent > 0 else f"▼{-percent}%" if percent < 0 else "="


def moved(places: int | None) -> str:
    """Return a change of place: "▲2", "▼1", or empty."""
    return "" if not places else f"▲{places}" if places > 0 else f"▼{-places}"


def medal(place: int) -> str:
    """Return a medal for the first three places, and a number for others."""
    return {1: "🥇", 2: "🥈", 3: "🥉"}.get(place, f"{place}.")


def _as_the_language_has_it(span: Any, locale: str, with_year: bool) -> str:
    """Return two days in the language's own pattern; empty if it has none."""
    patterns = forms_of(locale).days
    if not patterns:
        return ""
    same_year, same_month = span.start.year == span.end.year, span.start.month == span.end.month
    common = "none" if not same_year else "month" if same_month else "year"
    told = {"month": "month_and_year_told", "year": "year_told"}
    first, between, last = patterns[told.get(common, common) if with_year else common]
    return format_date(span.start, first, locale=locale) + between + format_date(span.end, last, locale=locale)


class _Days(NamedTuple):
    start: date
    end: date


ALL = {
    "brief": brief,
    "short_day": short_day,
    "span": span,
    "far": far,
    "duration": duration,
    "number": number,
    "plural": plural,
    "ordinal": ordinal,
    "day": day,
    "month_name": month_name,
    "short_month": short_month,
    "clock": clock,
    "dates": dates,
    "day_in": day_in,
    "day_of_year": day_of_year,
    "day_since": day_since,
    "weekday": weekday,
    "session": session,
    "feat": feat,
    "race": race,
    "tenths": tenths,
    "speed": speed,
    "stopwatch": stopwatch,
    "rhythm": rhythm,
    "climbed": climbed,
    "points": points,
    "figure": figure,
    "out_of": out_of,
    "stretch": stretch,
    "sport_sign": sport_sign,
    "did": did,
    "done": done,
    "sport": sport,
    "sport_name": sport_name,
    "metric": metric,
    "field": field,
    "figure_name": figure_name,
    "aims": aims,
    "shareable": shareable,
    "pace": pace,
    "asked": asked,
    "impossible": impossible,
    "deed": deed,
    "does": does,
    "challenge_title": challenge_title,
    "dates_of": dates_of,
    "contest_rule": contest_rule,
    "against": against,
    "nobody_yet": nobody_yet,
    "route_name": route_name,
    "scored": scored,
    "name": name,
    "quoted": quoted,
    "listed": listed,
    "fitting": fitting,
    "change": change,
    "moved": moved,
    "medal": medal,
}
