"""For each outgoing message, the turn or the run of a job in which it was written."""

import sqlalchemy as sa
from alembic import op

revision = "0024_turns_of_messages"
down_revision = "0023_keys_and_contents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbound_messages", sa.Column("turn", sa.String(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("outbound_messages", "turn")
