"""Random groups of one to a thousand: every mix of hidden, nameless, away, unlinked and resting members, any script.

`python -m tests.stories.inventing 20 7` prints the digests of twenty groups made from the seed 7, for a person to read.
"""

import sys
from datetime import timedelta
from random import Random

from fitness.dates import Dates, find_month
from fitness.sports import Sport
from messages.render import Reader
from messages.words import clean_name
from models import Group, Member
from services.digest.stories.text import DigestForm, Teller
from tests.stories.invented import FIELDS, MONDAY, WEEK, Club, Done, Friend
from tests.stories.matters import matters

MOST = 1_000
SPORTS = (Sport.RUN, Sport.RIDE, Sport.SWIM, Sport.WALK, Sport.HIKE, Sport.STRENGTH, Sport.YOGA, Sport.ROW)
METRES_A_SECOND = {Sport.RUN: 2.8, Sport.RIDE: 6.9, Sport.SWIM: 0.7, Sport.WALK: 1.5, Sport.HIKE: 1.1, Sport.ROW: 2.5}
HARD = {Sport.RUN: 1.6, Sport.SWIM: 1.2, Sport.RIDE: 1.1, Sport.WALK: 0.5, Sport.YOGA: 0.4}  # points a minute
SCRIPTS = {
    "Latin": "Anna|Ben|Chloé|Dev|Eva|Finn|Gül|Hugo|Iris|Jo|Kim|Léa|Mia|Noor|Olu|Nguyễn Thị Phương|Zoë-Ann O'Neill",
    "Arabic": "سارة|محمد عبد الله|دينا|علی‌رضا|أبو بكر الصدّيق",
    "Hebrew": "דניאל|שרה לוי|נועם",
    "Chinese, Japanese, Korean": "小明|さくら|李雷|王小明|김민수|한국어이름",
    "Cyrillic, Greek, Georgian, Armenian": "Ганна|Сергій|Ελένη|Ωμέγα|ქართული|Հայերեն",
    "Indian": "ज्ञानेश्वरी|प्रिया|தமிழ்|తెలుగు|മലയാളം|ਪੰਜਾਬੀ|বাংলা",
    "Thai and neighbours": "สมชาย|ลลิตา|ລາວ|ខ្មែរ|မြန်မာ|አማርኛ",
    "emoji": "🚴 Max|👩‍👩‍👧‍👦|🇫🇷 Léo|Zoë 🏃🏿‍♀️|1️⃣ first|❤️‍🔥",
    "odd": f"{'W' * 40}|{'و' * 40}|Zoë-Ann O'Neill-Łukasiewicz the Third of It|*_~`x|Z̷̡̛͇̪a̵͓͋l̶̰͗g̸͙̈́ö̵́"
    "|1. Ben|🥇|a.b.c|{{ 7 }}",
}  # fmt: skip
ALL = [name for names in SCRIPTS.values() for name in names.split("|")]
RANGES = ((0x20, 0x7F), (0xA0, 0x24F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF), (0x2000, 0x206F))
RANGES = (*RANGES, (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0x1F1E6, 0x1FAFF))


def invent(seed: int) -> Club:
    """Return a random group; the same seed gives the same group."""
    random = Random(seed)
    dates = find_month(MONDAY) if random.random() < 0.15 else Dates(MONDAY, MONDAY + timedelta(6))
    mix = {
        "keen": random.choice((0.0, 0.3, 0.8, 0.97)),
        "open": random.choice((0.3, 0.85, 0.97, 1.0)),
        "hidden": random.choice((0.0, 0.05, 0.12, 0.5, 0.9)),
        "anonymous": random.choice((0.0, 0.0, 0.1, 0.4)),
        "linked": random.choice((1.0, 0.9, 0.5, 0.05)),
        "away": random.choice((0.0, 0.05, 0.3)),
    }
    names = random.choice([*SCRIPTS.values(), "|".join(ALL), "|".join(ALL)]).split("|")
    friends = [_friend(number, random, names, mix) for number in range(1, size(random) + 1)]
    called = random.choice(("Sunday Legends", "Office swim", _name(random, names)))
    group = Group(id=seed + 1, name=clean_name(called) or "G", timezone="UTC")
    ranking, cheer_below = random.random() < 0.85, random.choice((1, 2, 2, 2, 3, 5))
    return Club(group, friends, dates, ranking, cheer_below, matters(seed, random, dates))


def size(random: Random) -> int:
    """Return a number of members: mostly a handful; one group in two hundred has the largest size allowed."""
    lot = random.random()
    if lot < 0.105:
        return MOST if lot < 0.005 else 1 if lot < 0.055 else 2
    return max(1, min(MOST, round(10 ** random.triangular(0, 3, 0.75))))


def _friend(number: int, random: Random, names: list[str], mix: dict[str, float]) -> Friend:
    hidden = random.random() < mix["hidden"]
    name = f"Zq{number}" if hidden else clean_name(_name(random, names)) or f"Friend {number}"
    if random.random() < 0.3:
        name = clean_name(f"{name[:30]} {number}")
    units = random.choice(("metric", "metric", "imperial"))
    member = Member(id=number, name=name, units=units, locale="en", timezone=random.choice(("UTC", "Asia/Tokyo")))
    fields = frozenset(each for each in FIELDS if random.random() < mix["open"])
    fields |= {"points"} if random.random() < 0.8 else set()
    friend = Friend(
        member, fields, hidden, random.random() < mix["anonymous"], random.random() < mix["linked"],
        random.random() < mix["away"],
    )  # fmt: skip
    if friend.linked:
        strength, liked = random.uniform(0.4, 2.5), random.sample(SPORTS, random.randint(1, 4))
        for back in range(random.choice((1, 4, 12, 30))):
            if random.random() < max(mix["keen"], 0.25):
                friend.weeks[MONDAY - back * WEEK] = _week(random, strength, liked)
    return friend


def _name(random: Random, names: list[str]) -> str:
    if random.random() < 0.05:
        return "".join(chr(random.randint(*random.choice(RANGES))) for _ in range(random.randint(1, 30)))
    return random.choice(names)


def _week(random: Random, strength: float, liked: list[Sport]) -> dict[Sport, Done]:
    week = {}
    for sport in random.sample(liked, random.randint(1, len(liked))):
        sessions = [random.uniform(1_200, 5_400) * strength for _ in range(random.randint(1, 4))]
        pace = METRES_A_SECOND.get(sport, 0.0)
        seconds = sum(sessions)
        points = seconds / 60 * HARD.get(sport, 0.8) * random.choice((1, 1, 1, 0.001))
        week[sport] = Done(len(sessions), seconds, pace * seconds, pace * max(sessions), points)
    return week


def main(count: int, seed: int) -> None:
    """Print digests, mostly of small groups, each for one of its members."""
    shown = 0
    while shown < count:
        club = invent(seed)
        seed += 1
        if len(club.friends) > 40:
            continue
        random = Random(seed)
        friend = random.choice(club.friends)
        form = random.choice((DigestForm.TABLE, DigestForm.TABLE, DigestForm.STORY))
        reader = Reader(units=friend.member.units)
        text = Teller(club.scene()).text(club.me(friend), reader, form)
        sys.stdout.write(
            f"──── seed {seed - 1}, for {friend.member.name}{' (hidden)' if friend.hidden else ''}\n{text}\n\n"
        )
        shown += 1


if __name__ == "__main__":
    main(*(int(each) for each in (*sys.argv[1:], "20", "1")[:2]))
