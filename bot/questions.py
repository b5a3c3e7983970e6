"""Questions in plain language become commands: what, which sport, who, when, and whether as an average.

No model of language: words fill slots, in any order, and what no slot wants must be small beside what was understood.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from bot.arguments import Each, Person
from bot.command import Command, commands
from bot.lines import Word
from fitness.forms import Relative, Which
from fitness.metrics import Metric
from fitness.periods import BadPeriod, Period, find_period
from fitness.sports import Sport
from fitness.vocabulary import COUNT, number

MOST_WORDS = 24
LEAST_SURE = 0.75
MOST_NAMED = 2
MOST_EMPTY = 1  # words without meaning beside nothing but days: "you all sunday" asks for no numbers
NOTHING = ("", None)


class Who(Enum):
    """About whom a question is."""

    ASKER = auto()
    GROUP = auto()
    RANKING = auto()


@dataclass
class Slots:
    """What a question's words said. `strange` are those that no slot wanted."""

    metric: str | None = None
    sport: Sport | None = None
    who: Who | None = None
    person: str | None = None
    period: Period | None = None
    each: Each | None = None
    most: bool = False
    longest: bool = False
    record: bool = False
    compared: bool = False
    asks: bool = False
    past: bool = False
    furthest: bool = False
    empty: int = 0  # words that say nothing
    newest: int | None = None
    explained: bool = False
    strange: list[str] = field(default_factory=list)

    @property
    def filled(self) -> int:
        """How many slots have something in them."""
        slots = (self.metric, self.sport, self.who, self.person, self.period, self.each)
        flags = (self.most, self.longest, self.record, self.compared, self.newest is not None, self.explained)
        return sum(each is not None for each in slots) + sum(flags)

    @property
    def is_sure(self) -> bool:
        """Whether what was understood outweighs what was not."""
        return not self.strange or (
            len(self.strange) == 1 and self.asks and self.filled / (self.filled + len(self.strange)) >= LEAST_SURE
        )


def read_question(words: Sequence[Word]) -> tuple[Command, dict[str, Any]] | None:
    """The command that answers a question, and what it is told; None for what is no question of ours."""
    if not 0 < len(words) <= MOST_WORDS:
        return None
    slots = slots_of(words)
    if slots is None or not slots.filled:
        return None
    if (
        slots.compared
        and slots.person is None
        and 0 < len(slots.strange) <= MOST_NAMED
        and slots.who is not Who.RANKING
    ):
        slots.person, slots.strange = " and ".join(slots.strange), []
    return _answered_by(slots) if slots.is_sure else None


def slots_of(words: Sequence[Word]) -> Slots | None:
    """Fill the slots. None where a day to come or one that no calendar has is asked about."""
    keys = [_spoken(word.key) for word in words]
    slots = Slots()
    try:
        found = find_period(keys)
    except BadPeriod:
        return None
    taken: set[int] = set()
    if found is not None:
        slots.period, taken = found[0], set(found[1])
        if isinstance(found[0], Relative) and found[0].which is Which.NEXT:
            return None
    _either(slots, words, keys, taken)
    _newest(slots, keys, taken)
    _phrases(slots, keys, taken)
    slots.past = not PAST.isdisjoint(keys)
    slots.furthest = not FURTHEST.isdisjoint(keys)
    for i, (word, key) in enumerate(zip(words, keys, strict=True)):
        if i not in taken and key:
            _word(slots, word, key, before=words[i - 1].key if i else "")
    return slots


def _either(slots: Slots, words: Sequence[Word], keys: list[str], taken: set[int]) -> None:
    """Of "me or Ben" or "Ben or me", the two are compared."""
    for i in range(1, len(keys) - 1):
        around = {keys[i - 1], keys[i + 1]}
        if keys[i] == "or" and around & ME and len(around - ME) == 1:
            name = words[i + 1 if keys[i - 1] in ME else i - 1]
            if name.key not in ROLES and name.is_spoken:
                slots.person, slots.compared = _name(name.raw), True
                taken.update((i - 1, i, i + 1))


def _newest(slots: Slots, keys: list[str], taken: set[int]) -> None:
    """Find "my last run", "the three latest sessions": those, and not how far they went."""
    text = "".join(f" {key if i not in taken else '_'}" for i, key in enumerate(keys)) + " "
    match = NEWEST.search(text)
    if match is not None:
        count = match["before"] or match["count"]
        slots.newest = number(count) if count else 0
        first = text.count(" ", 0, match.start())
        taken.update(range(first, first + match.group().strip().count(" ") + 1))


def _phrases(slots: Slots, keys: list[str], taken: set[int]) -> None:
    """What takes several words: "how far", "personal best", "per week"."""
    places = [i for i in range(len(keys)) if i not in taken]
    text = "".join(f" {keys[i]}" for i in places) + " "
    for pattern, name, value in PHRASES:
        match = pattern.search(text)
        if match is None:
            continue
        setattr(slots, name, value)
        slots.asks = slots.asks or match.group().startswith((" how ", " what "))
        first = text.count(" ", 0, match.start())
        covered = places[first : first + match.group().strip().count(" ") + 1]
        taken.update(covered)
        places = [i for i in places if i not in taken]
        text = "".join(f" {keys[i]}" for i in places) + " "


def _word(slots: Slots, word: Word, key: str, before: str) -> None:
    role = ROLES.get(key)
    slots.empty += role == NOTHING
    if role is not None:
        _fill(slots, key, *role)
    elif slots.person is None and _is_a_name(word, key, before):
        slots.person = _name(word.raw)
    elif word.is_spoken:
        slots.strange.append(_name(word.raw))


def _is_a_name(word: Word, key: str, before: str) -> bool:
    """By its "@", by "did" before it, or by what belongs to it."""
    placed = before in BEFORE_A_NAME or (before == "of" and not word.raw.islower()) or word.key.endswith(("'s", "’s"))
    return word.raw.startswith("@") or (placed and key.isalpha())


def _fill(slots: Slots, key: str, name: str, value: Any) -> None:
    """The first metric counts, "who" and "we" win over "I", and one question is about one sport."""
    if name == "sport" and slots.sport not in (None, value):
        slots.strange.append(key)
    elif name == "who" and value is not Who.RANKING and slots.who in (Who.RANKING, Who.GROUP):
        return
    elif name and not (name == "metric" and slots.metric is not None and value != "streak"):
        setattr(slots, name, value)


def _answered_by(slots: Slots) -> tuple[Command, dict[str, Any]] | None:
    if slots.explained or slots.newest is not None:
        return _about_sessions(slots)
    if slots.metric is not None and slots.metric not in METRICS:
        return None
    if slots.furthest and slots.who is not Who.RANKING and slots.person is None:
        slots.longest = True
    about = {"metric": METRICS.get(slots.metric or ""), "sport": slots.sport}
    told: dict[str, Any] = {**about, "period": slots.period, "each": slots.each}
    if slots.record and slots.who is not Who.RANKING:
        return _command("pb", told)
    if slots.compared:
        return _comparison(slots, told)
    if slots.longest and slots.who in (None, Who.ASKER) and slots.person is None:
        return _command("longest", told)
    if slots.longest and told["metric"] is None:
        told["metric"] = Metric.TIME
    return _about_people(slots, told)


def _about_people(slots: Slots, told: dict[str, Any]) -> tuple[Command, dict[str, Any]] | None:
    """Who did most, all together, somebody, or oneself."""
    what = slots.metric or slots.sport
    name = None
    if slots.metric == "streak" and slots.who in (None, Who.ASKER) and slots.person is None:
        name = "streak"
    elif slots.who is Who.RANKING or (slots.metric in NOT_SUMS and slots.person is None):
        name = "leaderboard" if what or slots.most or slots.longest or slots.record else None
    elif slots.who is Who.GROUP:
        name = "we" if what or (slots.period and slots.asks and slots.past) else None
    elif slots.person is not None:
        told["who"] = Person(slots.person)
        sure = what or slots.period or (slots.asks and not slots.person.islower())
        name = "stats" if sure and not slots.strange else None
    elif what or slots.each or (slots.period and (slots.who or slots.asks or slots.empty <= MOST_EMPTY)):
        name = "me" if not slots.most or slots.who else "leaderboard" if slots.metric else None
    return _command(name, told) if name else None


def _about_sessions(slots: Slots) -> tuple[Command, dict[str, Any]] | None:
    """One's own newest sessions or their points; those of others are not told one by one."""
    if slots.explained:
        return _command("why", {}) if slots.who is not Who.RANKING and slots.person is None else None
    if slots.person is not None or slots.who in (Who.RANKING, Who.GROUP) or slots.compared:
        return None
    return _command("last", {"number": slots.newest or None})


def _comparison(slots: Slots, told: dict[str, Any]) -> tuple[Command, dict[str, Any]] | None:
    """With somebody, or with the time before: "did I beat last week" is about this one."""
    if slots.person is not None:
        return _command("compare", {**told, "whom": Person(slots.person)})
    return _command("compare", told) if slots.period is not None or slots.metric else None


def _command(name: str, told: dict[str, Any]) -> tuple[Command, dict[str, Any]] | None:
    """The command, told as much as it takes; None while there is none of that name."""
    command = commands.get(name)
    if command is None:
        return None
    takes = {argument.name for argument in command.arguments}
    return command, {key: value for key, value in told.items() if value is not None and key in takes}


def _spoken(key: str) -> str:
    """As it counts: "who's" and "whos" are "who", "dev's" is "dev"."""
    key = SHORT.get(key, key)
    return key.removesuffix("'s").removesuffix("’s")


def _name(raw: str) -> str:
    bare = raw.strip("@?!.,:;\"'()*_~")
    return re.sub(r"['’]s$", "", bare)


METRICS = {metric.value: metric for metric in Metric}
SHORT = {
    "whos": "who", "who's": "who", "who’s": "who", "whats": "what", "i've": "i", "ive": "i", "i’ve": "i", "i'm": "i",
    "im": "i", "we've": "we", "weve": "we", "we're": "we", "hows": "how", "lets": "let",
}  # fmt: skip
BEFORE_A_NAME = {"did", "has", "does", "is", "was", "have", "will", "hows", "how's", "how’s"}
FURTHEST = {"furthest", "farthest"}
ME = {"i", "me"}
PAST = {"did", "have", "has", "was", "were"}
NOT_SUMS = {"improved", "consistency", "streak"}

_COUNTED = (
    r"(?:times|sessions|workouts|trainings|activities|runs|rides|swims|walks|hikes|jogs|lifts|strolls|treks|outings)"
)
NEWEST = re.compile(
    rf" (?:(?P<before>{COUNT}) )?(?:last|latest|newest|most recent|recent) (?:(?P<count>{COUNT}) )?"
    r"(?:session|workout|training|activit(?=y|ies)|run|ride|swim|walk|hike)(?:s|y|ies)?(?= )"
)
_RECORD_OF = (
    r"(?:pb|pr|record|best)(?: time)? (?:for|over|on|at|in) (?:a |the |my )?"
    r"(?:[0-9]+ ?(?:k(?:m|ms)?|mi|miles?)|mile|half marathon|half|marathon)"
)
_EXPLAINED = (
    r"(?:what|how) (?:do|does|is|are) (?:the |my |our |these |those |all )?(?:points|scores?|effort points|scoring)"
    r"(?: (?:mean|work|works|made|calculated|computed|counted|worked out|come about|come from|given|for))+"
)
_EXPLAINED_YOU = (
    r"(?:how|where) (?:do|did|does) (?:you|i|my|the|these) (?:get|got|come|calculate|compute|make|count|points)"
    r"(?: up)?(?: with| to| from)? ?(?:that|this|these|those|my|the|come from)? ?(?:points|score)?"
)
PHRASES: tuple[tuple[re.Pattern[str], str, Any], ...] = tuple(
    (re.compile(f" (?:{pattern})(?= )"), name, value)
    for pattern, name, value in (
        (_EXPLAINED, "explained", True),
        (_EXPLAINED_YOU, "explained", True),
        (r"why .*(?:points|pts|score)", "explained", True),
        (r"(?:weeks|days) in a row", "metric", "streak"),
        (r"how far (?:ahead|behind|off)(?: of)?|(?:ahead|in front|behind) of|closer? to", "compared", True),
        (r"how many (?:k|ks)(?= )", "metric", "distance"),
        (r"how far", "metric", "distance"),
        (r"how long", "metric", "time"),
        (r"how often", "metric", "count"),
        (r"how many times", "metric", "count"),
        (rf"how many(?= {_COUNTED})", "metric", "count"),
        (r"how (?:many|much)", "asks", True),
        (r"most improved|improved (?:the )?most|biggest improvement|improving (?:the )?most", "metric", "improved"),
        (r"personal (?:best|bests|record|records)|best times?", "record", True),
        (r"(?:best|fastest|quickest) (?:\S+ )?(?:[0-9]+ ?(?:k(?:m|ms)?|mi|miles?)|mile|half marathon|half|marathon)",
         "record", True),
        (_RECORD_OF, "record", True),
        (r"(?:[0-9]+ ?k(?:m|ms)?|half marathon|marathon|mile|half)(?= (?:pb|pr|record|time))", "record", True),
        (r"(?:per|a|each|every|by) week|weekly", "each", Each.WEEK),
        (r"(?:per|a|each|every|by) month|monthly", "each", Each.MONTH),
        (r"(?:per|a|each|every|by) day|daily", "each", Each.DAY),
        (r"(?:per|a|each|every) (?:session|run|ride|swim|walk|hike|workout|activity)", "each", Each.SESSION),
        (r"(?:in|of|as) (?:the|a|our|my|this) (?:whole )?group|in (?:all|total)", "asks", True),
        (r"(?:the|our|my) (?:whole )?group|all of us", "who", Who.GROUP),
        (r"(?:better|more|further|farther|longer|faster|fitter|stronger|slower|less) than|compared (?:to|with)",
         "compared", True),
    )
)  # fmt: skip


def _roles() -> dict[str, tuple[str, Any]]:
    """What a single word says."""
    roles: dict[str, tuple[str, Any]] = {}
    plain = {
        (
            "metric",
            "distance",
        ): "distance km kms kilometres kilometers kilometre miles mileage furthest farthest howfar",
        ("metric", "time"): "time hours hour minutes duration hrs howlong",
        ("metric", "count"): "sessions workouts times activities trainings outings session workout often",
        ("metric", "elevation"): "climb climbed climbing climbs elevation ascent ascended vert vertical gain hm uphill",
        ("metric", "steps"): "steps step",
        ("metric", "points"): "points pts score scores point effort scored",
        ("metric", "improved"): "improved improver improvement",
        ("metric", "streak"): "streak streaks",
        ("metric", "consistency"): "consistent consistency consistently steady regular",
        ("who", Who.RANKING): "who whose ranking leaderboard lb",
        ("who", Who.ASKER): "i me my mine myself",
        ("who", Who.GROUP): "we us our together everyone everybody group team's altogether ourselves",
        ("most", True): (
            "most best top winning leading first ahead lead leads winner highest leader won win wins fittest busiest"
            " laziest least fewest strongest worst slowest"
        ),
        ("longest", True): "longest biggest largest",
        ("record", True): "pb pbs pr prs record records fastest fast pace quickest",
        ("compared", True): "compare compared comparison behind vs versus against beat beaten",
        ("asks", True): "how what when where much many howmany did does was were is am show tell give",
        ("", None): """
            do done doing does have has had are be been go gone went going in on at the a an of to for this that so far
            now please pls thanks and with total totals overall average avg mean averages train trained training
            exercise exercised work worked move moved moving active all you can could would like know get got make made
            by as it some any from bot dear activity the there put cover covered covering log logged logging already yet
            just only long hey hi hello hiya bot gruppetto ok okay lol thx ty cheers mate then anyway btw out again
            more or actually really ever atm moment right plz want wanna need check let lets look safe
            still alive lost lose kept keep
            whole entire spend spent will been up not anything something add added number numbers figure stats bit""",
    }
    for (name, value), spoken in plain.items():
        roles |= dict.fromkeys(spoken.split(), (name, value))
    for sport in Sport:
        roles |= {word: ("sport", sport) for word in (sport.value, *sport.words) if word not in NOT_IN_QUESTIONS}
    return roles


NOT_IN_QUESTIONS = {"sup", "other", "multi", "team", "mobility", "erg", "tri", "spin", "skate"}
ROLES = _roles()
