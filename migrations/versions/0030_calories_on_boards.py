"""Adds calories to the index of boards, so that a board by calories needs only the index, as the other boards do.

The column has existed since the first table, so nothing has to be filled in. Activities cannot be written while the
index is made, which takes a second or two for 300,000 of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030_calories_on_boards"
down_revision = "0029_last_heard_before_a_doubt"
branch_labels = None
depends_on = None

NAME, TABLE, COLUMNS = "activities_counting_idx", "activities", ["member_id", "local_date"]
COUNTING = sa.text("deleted_at IS NULL AND twin_of IS NULL")
BEFORE = [
    "sport", "duration", "distance", "elevation_gain", "points", "manual", "private", "excluded_at", "doubt", "doubt_answer",
]  # fmt: skip
ADDED_UP = [
    "sport", "duration", "distance", "points", "elevation_gain", "calories", "manual", "private", "excluded_at", "doubt",
    "doubt_answer",
]  # fmt: skip


def upgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS, unique=False, postgresql_where=COUNTING, postgresql_include=ADDED_UP)


def downgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS, unique=False, postgresql_where=COUNTING, postgresql_include=BEFORE)
