"""The facts of a digest: each kind of fact is found by one small function, and the best few are used."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fitness.sports import Sport
from services.digest.stories.scene import Scene
from services.group.privacy import VisibleMember

MOST = 5
MOST_ABOUT_ONE = 2
MOST_OF_A_KIND = 2
ONCE = {"all_rounder", "best_week"}
# Kinds whose sentence names people but is not about what one of them did in these days.
BESIDES = {"close", "away", "rivalry", "rivalry_flip", "challenge_led"}


@dataclass(frozen=True)
class Fact:
    """Something worth telling. Its words are the lines of templates/<language>/chat/digest/fact_<kind>.txt.

    `who` are the members that it names, first the one that it is about; empty if it is about the group. The meaning of
    the other fields depends on the kind. A `competitive` fact is about places, and is not used if nobody is ranked.
    """

    kind: str
    score: int
    who: tuple[VisibleMember, ...] = ()
    value: float = 0.0
    before: float = 0.0
    number: int = 0
    sport: Sport | None = None
    sports: tuple[Sport, ...] = ()
    since: date | None = None
    thing: Any = field(default=None, compare=False, repr=False)
    competitive: bool = field(default=False, compare=False)

    def is_about(self, member_id: int) -> bool:
        """Return whether this member is the subject of its sentence."""
        return self.kind not in BESIDES and self.who[:1] != () and self.who[0].id == member_id


Finder = Callable[[Scene], Iterable[Fact]]
FINDERS: list[Finder] = []


def finder(find: Finder) -> Finder:
    """Register a function that finds facts (a decorator). Facts are used in the order in which finders are declared."""
    FINDERS.append(find)
    return find


def gather_facts(scene: Scene) -> list[Fact]:
    """Return all facts of a scene, in the order of the finders."""
    found = [fact for find in FINDERS for fact in find(scene)]
    return found if scene.ranked else [fact for fact in found if not fact.competitive]


def choose_best(facts: Sequence[Fact], most: int = MOST, about_one: int = MOST_ABOUT_ONE) -> list[Fact]:
    """Return the facts with the highest scores, with few about one person and few of a kind, in
    their original order.
    """
    order = sorted(range(len(facts)), key=lambda place: (-facts[place].score, place))
    about: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    taken: list[int] = []
    for place in order:
        fact = facts[place]
        if len(taken) == most:
            break
        room = kinds[fact.kind] < (1 if fact.kind in ONCE else MOST_OF_A_KIND)
        again = any(facts[each].kind == fact.kind and facts[each].who[:1] == fact.who[:1] for each in taken)
        if room and not again and all(about[each.id] < about_one for each in fact.who):
            taken.append(place)
            kinds[fact.kind] += 1
            about.update(each.id for each in fact.who)
    return [facts[place] for place in sorted(taken)]


def choose_variant(group_id: int, first: date, kind: str, count: int, said: Mapping[str, int]) -> int:
    """Choose one of `count` texts for a kind of fact. The choice is always the same for a group and its days, and
    differs from the last one, which is in `said`.
    """
    if count < 2:
        return 0
    seed = hashlib.blake2b(f"{group_id}|{first}|{kind}".encode(), digest_size=4).digest()
    chosen = int.from_bytes(seed) % count
    return (chosen + 1) % count if said.get(kind) == chosen else chosen
