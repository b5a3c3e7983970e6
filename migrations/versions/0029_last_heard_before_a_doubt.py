"""When the holder of a number was last heard before it came into doubt, so that whoever joined a group after that is not
known by its members.

Older code leaves the column empty: newer code goes by the beginning of the doubt then.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029_last_heard_before_a_doubt"
down_revision = "0028_leases_of_group_posts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("silent_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("members", "silent_since")
