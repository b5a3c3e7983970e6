"""The newest digests of a group, as a feed shows them: with nothing about a single reader."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from fitness.dates import Dates
from messages.render import Reader
from models import Group
from services.digest import digests
from services.digest.stories import scenes
from services.digest.stories.text import Teller

MOST_ITEMS = 4  # each is computed again for each request


@dataclass(frozen=True)
class DigestItem:
    """A digest that was sent: its id, its days, when it was made, and its text."""

    id: int
    dates: Dates
    made_at: datetime
    text: str


def list_items(session: Session, group: Group, reader: Reader) -> list[DigestItem]:
    """Return the newest digests of a group, the newest first, told from the figures as they are now.

    So a member who has left or hides since a digest was sent no longer stands in it.
    """
    found = []
    for run in digests.list_sent(session, group, MOST_ITEMS):
        dates = Dates(run.period_start, run.period_end)
        teller = Teller(scenes.make_scene(session, group, dates))
        text = teller.text_for_all(reader, digests.find_form(group))
        found.append(DigestItem(run.id, dates, run.generated_at or run.due_at, text))
    return found
