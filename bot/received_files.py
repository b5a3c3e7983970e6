"""The activity files that members send into the chat: finds them among the attachments, and lets a worker read them."""

import re

from bot.declaring.turn import Turn
from messages.message import Message
from providers.messenger import Inbound
from services.ground.refusals import EnoughFiles
from services.training import files

FILE = re.compile(r"(application|text)/(.*\b)?(octet-stream|xml|fit|tcx|gpx)\b", re.IGNORECASE)


def find_files(inbound: Inbound) -> tuple[tuple[str, str], ...]:
    """Return the attachments that may be activity files, as addresses and types: all documents, and all types that
    phones give such files. An edited message has none, because its files were read before.
    """
    if inbound.kind == "edit":
        return ()
    is_document = inbound.kind == "document"
    return tuple((url, kind) for url, kind in inbound.media if url and (is_document or FILE.match(kind)))


def take_files(turn: Turn) -> Message:
    """Let a worker read the files, as many as the day's limit allows. Raises `EnoughFiles` if it is used up."""
    most = turn.world.settings.files_a_day
    left = files.count_left_today(turn.session, turn.member, most, turn.now)
    if not left:
        raise EnoughFiles(most=most)
    for url, content_type in turn.files[:left]:
        files.keep(turn.session, turn.member, url, content_type, turn.now)
    return turn.say("garmin/reading_file", left_out=max(len(turn.files) - left, 0))
