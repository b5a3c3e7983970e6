"""Which worker sends a post into a WhatsApp group, and until when, by the database's clock.

Older code sets `next_attempt_at` instead, and leaves the new column empty: newer code waits for both.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028_leases_of_group_posts"
down_revision = "0027_names_on_profiles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("group_posts", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("group_posts", "leased_until")
