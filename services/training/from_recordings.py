"""Turns a recording into a row of `activities`, without a database query."""

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from math import isfinite
from typing import Any

from fitness.sports import find_sport
from models import Activity
from providers.recordings import Recording, write_recording
from services.training import scoring
from services.training.activity_figures import read_metrics

Key = tuple[str, int]  # a source, and the id of an activity there
# Twins are marked at the end of a sync, so that a sync that fails half-way does not let a session count twice.
STAYS = {
    "id", "account_id", "member_id", "source", "external_id", "created_at", "updated_at", "twin_of",
    "doubt_answer", "doubt_asked_at", "excluded_at",
}  # fmt: skip


def make_rows(recordings: Iterable[Recording], member_id: int, account_id: int | None = None) -> dict[Key, Activity]:
    """Return rows by their keys for the recordings that are activities of their own."""
    return {(each.source, each.id): make_row(each, member_id, account_id) for each in recordings if each.is_session}


def make_row(recording: Recording, member_id: int, account_id: int | None = None) -> Activity:
    """Return a recording as a row of this member, with its figures and points."""
    kept = {name: make_storable(value) for name, value in (recording.told or write_recording(recording)).items()}
    type_key, offset = make_storable(recording.type_key), recording.offset or timedelta()
    made = Activity(
        account_id=account_id,
        member_id=member_id,
        source=recording.source,
        external_id=recording.id,
        type=type_key[:60],
        sport=find_sport(type_key, recording.parent_type),
        name=make_storable(recording.name)[:200] or None,
        start_utc=recording.start,
        utc_offset=round(offset.total_seconds()),
        local_date=(recording.start + offset).date(),
        duration=recording.seconds,
        moving_duration=recording.moving,
        elapsed_duration=recording.elapsed,
        distance=recording.metres,
        elevation_gain=recording.climb,
        calories=recording.calories,
        average_hr=recording.pulse,
        moderate_minutes=_whole(recording.moderate_minutes),
        vigorous_minutes=_whole(recording.vigorous_minutes),
        manual=recording.manual,
        private=recording.private,
        processed_metrics=read_metrics(recording),
        raw_data=kept,
        fingerprint=_fingerprint(kept),
    )
    scoring.score_row(made)
    return made


def take_over(old: Activity, new: Activity) -> None:
    """Copy the new row's values into the old one. The owner's answer to a doubt stays, unless the
    doubt is another one now.
    """
    if "legs" in old.processed_metrics:
        new.processed_metrics |= {"legs": old.processed_metrics["legs"]}
        scoring.score_row(new)
    if new.doubt != old.doubt:
        old.doubt_answer = old.doubt_asked_at = None
    for column in Activity.__mapper__.column_attrs:
        if column.key not in STAYS:
            setattr(old, column.key, getattr(new, column.key))


def make_storable(value: Any) -> Any:
    """Return a value without what Postgres refuses: NUL, unpaired surrogates, and floats that are not finite."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: make_storable(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def _fingerprint(kept: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:32]


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)
