"""Checks whether the newest backup is young enough."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from models import Sign
from services.ground import signs
from services.health.findings import Finding, report_problem

HOUR = timedelta(hours=1)


def judge_backup(standing: Mapping[str, Sign], now: datetime, within_hours: int, *, is_wanted: bool) -> Finding:
    """Return the finding `backup`: is the newest backup at most so many hours old? Not asked unless backups are wanted,
    that is, unless BACKUP_TO is set.
    """
    if not is_wanted:
        return report_problem("backup", None)
    last = standing.get(signs.BACKUP)
    if last is None:
        return report_problem("backup", "No backup was made yet")
    age = now - last.at
    says = f"The newest backup is {age // HOUR} hours old" if age > within_hours * HOUR else None
    return report_problem("backup", says, seconds_ago=max(int(age.total_seconds()), 0))
