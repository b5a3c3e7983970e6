"""A number that tells which of two tries to sign in to Garmin is the newer one."""

import sqlalchemy as sa
from alembic import op

revision = "0025_order_of_attempts"
down_revision = "0024_turns_of_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("link_attempts", sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False))


def downgrade() -> None:
    op.drop_column("link_attempts", "number")
