"""A member may have an account at each of several sources, and two sources may use the same id for a session.

All accounts so far are Garmin's. Activities that came from a file or were logged in the chat have negative ids, and
those that were logged are `manual`.

Older code that still runs writes "garmin" as the source of activities from a file. If such a file is sent again, its
activities are stored twice and count once, because they are twins.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031_accounts_at_sources"
down_revision = "0030_calories_on_boards"
branch_labels = None
depends_on = None

TABLES = ("garmin_accounts", "activities", "link_attempts")
ACCOUNTS, ACTIVITIES = "garmin_accounts_member_id_source_key", "activities_member_id_source_key"
ACCOUNTS_BEFORE, ACTIVITIES_BEFORE = "garmin_accounts_member_id_key", "activities_member_id_garmin_activity_id_key"
SENT = "UPDATE activities SET source = CASE WHEN manual THEN 'chat' ELSE 'file' END WHERE garmin_activity_id < 0"
# Errors now have the same names for all sources, and events are counted for each source.
ERRORS = "UPDATE garmin_accounts SET last_error = '{0}' || substr(last_error, 7) WHERE last_error LIKE '{1}%'"
COUNTS = "UPDATE counted_events SET kind = '{0}' WHERE kind = '{1}'"


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("source", sa.String(24), server_default="garmin", nullable=False))
    op.execute(SENT)
    op.execute(ERRORS.format("Source", "Garmin"))
    op.execute(COUNTS.format("garmin throttled", "throttled"))
    op.create_unique_constraint(ACCOUNTS, "garmin_accounts", ["member_id", "source"])
    op.drop_constraint(ACCOUNTS_BEFORE, "garmin_accounts", type_="unique")
    op.create_unique_constraint(ACTIVITIES, "activities", ["member_id", "source", "garmin_activity_id"])
    op.drop_constraint(ACTIVITIES_BEFORE, "activities", type_="unique")


def downgrade() -> None:
    op.execute("DELETE FROM garmin_accounts WHERE source <> 'garmin'")
    op.execute("DELETE FROM activities WHERE source NOT IN ('garmin', 'file', 'chat')")
    op.create_unique_constraint(ACTIVITIES_BEFORE, "activities", ["member_id", "garmin_activity_id"])
    op.drop_constraint(ACTIVITIES, "activities", type_="unique")
    op.create_unique_constraint(ACCOUNTS_BEFORE, "garmin_accounts", ["member_id"])
    op.drop_constraint(ACCOUNTS, "garmin_accounts", type_="unique")
    op.execute(COUNTS.format("throttled", "garmin throttled"))
    op.execute(ERRORS.format("Garmin", "Source"))
    for table in reversed(TABLES):
        op.drop_column(table, "source")
