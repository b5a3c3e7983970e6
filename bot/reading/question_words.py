"""The roles of words in a question: which figure, which sport, who, and how it is asked."""

import re
from enum import Enum, auto
from typing import Any

from bot.arguments import Each
from bot.words.metrics import QUESTIONS
from fitness.sports import Sport
from fitness.vocabulary import COUNT


class QuestionSubject(Enum):
    """The people that a question is about."""

    ASKER = auto()
    GROUP = auto()
    RANKING = auto()


SHORT = {
    "whens": "when", "when's": "when", "when’s": "when",
    "whos": "who", "who's": "who", "who’s": "who", "whats": "what", "i've": "i", "ive": "i", "i’ve": "i", "i'm": "i",
    "im": "i", "we've": "we", "weve": "we", "we're": "we", "hows": "how", "lets": "let",
}  # fmt: skip
BEFORE_A_NAME = {"did", "has", "does", "is", "was", "have", "will", "hows", "how's", "how’s"}
FURTHEST = {"furthest", "farthest"}
ME = {"i", "me"}
PAST = {"did", "have", "has", "was", "were"}
DOERS = {
    "runners": Sport.RUN, "cyclist": Sport.RIDE, "cyclists": Sport.RIDE, "rider": Sport.RIDE, "riders": Sport.RIDE,
    "walker": Sport.WALK, "walkers": Sport.WALK, "swimmer": Sport.SWIM, "swimmers": Sport.SWIM,
    "hiker": Sport.HIKE, "hikers": Sport.HIKE, "rower": Sport.ROW, "rowers": Sport.ROW,
}  # fmt: skip
# Words of metrics.txt that people also put into questions about other figures: "how long", "how many metres did I run".
NO_FIGURE_IN_QUESTIONS = {"far", "long", "many", "metres", "meters"}
NOT_IN_QUESTIONS = {"sup", "other", "multi", "team", "mobility", "erg", "tri", "spin", "skate"}
_COUNTED = (
    r"(?:times|sessions|workouts|trainings|activities|runs|rides|swims|walks|hikes|jogs|lifts|strolls|treks|outings)"
)
NEWEST = re.compile(
    rf" (?:(?P<before>{COUNT}) )?(?:last|latest|newest|most recent|recent) (?:few |couple of |couple )?"
    rf"(?:(?P<count>{COUNT}) )?"
    r"(?:session|workout|training|activit(?=y|ies)|run|ride|swim|walk|hike)(?:s|y|ies)?(?= )"
)
_RACE = r"[0-9]+ ?(?:k(?:m|ms)?|mi|miles?|kilomet(?:re|er)s?|met(?:re|er)s?)|mile|half marathon|half|marathon"
_RECORD_OF = (
    r"(?:pb|pr|record|best)(?: time)? (?:for|over|on|at|in) (?:a |the |my )?"
    rf"(?:{_RACE})"
)
_EXPLAINED = (
    r"(?:what|how) (?:do|does|is|are) (?:the |my |our |these |those |all )?(?:points|scores?|effort points|scoring)"
    r"(?: (?:mean|work|works|made|calculated|computed|counted|worked out|come about|come from|given|for))+"
)
_EXPLAINED_YOU = (
    r"(?:how|where) (?:do|did|does) (?:you|i|my|the|these) "
    r"(?:get|got|come|calculate|compute|make|count|points|work out|figure out|worked out)"
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
        (r"(?:met(?:re|er)s of|height) (?:height|climb|climbing|altitude|elevation|ascent|met(?:re|er)s)",
         "metric", "elevation"),
        (r"how far|howfar", "metric", "distance"),
        (r"how long", "metric", "time"),
        (r"how often", "metric", "count"),
        (r"how many times", "metric", "count"),
        (rf"how many(?= {_COUNTED})", "metric", "count"),
        (rf"number of(?= {_COUNTED})", "metric", "count"),
        (r"how (?:many|much)", "asks", True),
        (r"most improved|improved (?:the )?most|biggest improvement|improving (?:the )?most", "metric", "improved"),
        (rf"personal {_RECORD_OF}", "record", True),
        (_RECORD_OF, "record", True),
        (r"personal (?:best|bests|record|records)|best times?", "record", True),
        (rf"(?:best|fastest|quickest) (?:\S+ )?(?:{_RACE})",
         "record", True),
        (r"(?:[0-9]+ ?k(?:m|ms)?|half marathon|marathon|mile|half)(?= (?:pb|pr|record|time))", "record", True),
        (r"(?:per|a|each|every|by) week|weekly", "each", Each.WEEK),
        (r"(?:per|a|each|every|by) month|monthly", "each", Each.MONTH),
        (r"(?:per|a|each|every|by) day|daily", "each", Each.DAY),
        (r"(?:per|a|each|every) (?:session|run|ride|swim|walk|hike|workout|activity)", "each", Each.SESSION),
        (r"(?:in|as) (?:the|a|our|my|this) (?:whole )?group|in (?:all|total)", "asks", True),
        (r"(?:give|show|tell|send|let|gis|gives|chuck) us", "asks", True),
        (r"(?:which|who|which one) of us", "who", QuestionSubject.RANKING),
        (r"(?:of )?(?:the|our|my) (?:whole )?(?:group|club|team|crew|gang|squad)|all of us",
         "who", QuestionSubject.GROUP),
        (r"(?:better|more|further|farther|longer|faster|fitter|stronger|slower|less) than|compared (?:to|with)",
         "compared", True),
    )
)  # fmt: skip


def _roles() -> dict[str, tuple[str, Any]]:
    """Return the role of each single word. A word for a figure has no other role."""
    roles: dict[str, tuple[str, Any]] = {}
    plain = {
        ("who", QuestionSubject.RANKING): "who whose ranking leaderboard lb",
        ("who", QuestionSubject.ASKER): "i me my mine myself",
        ("who", QuestionSubject.GROUP): "we us our together everyone everybody group team's altogether ourselves",
        ("most", True): (
            "most greatest maximum max best top winning"
            " leading first ahead lead leads winner highest leader won win wins fittest busiest"
            " laziest least fewest strongest worst slowest"
        ),
        ("longest", True): "longest biggest largest",
        ("record", True): "pb pbs pr prs record records fastest fast quickest",
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
            whole entire spend spent will been up not anything something add added number numbers figure
            stats bit meters metres""",
    }
    for (name, value), spoken in plain.items():
        roles |= dict.fromkeys(spoken.split(), (name, value))
    figures = {word: ("metric", metric.value) for word, metric in QUESTIONS.items()}
    roles |= {word: role for word, role in figures.items() if word not in NO_FIGURE_IN_QUESTIONS}
    roles |= {word: ("sport", sport) for word, sport in DOERS.items()}
    for sport in Sport:
        roles |= {word: ("sport", sport) for word in (sport.value, *sport.words) if word not in NOT_IN_QUESTIONS}
    return roles


ROLES = _roles()
FIGURE_PHRASES = {spoken: metric.value for spoken, metric in QUESTIONS.items() if "_" in spoken}
NOTHING = ("", None)
