"""How many messages left in the last 24 hours, and about which groups, is looked up before each batch."""

from alembic import op

revision = '0019_messages_of_the_day'
down_revision = '0018_sealed_copies'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('outbound_day_idx', 'outbound_messages', ['first_attempt_at', 'group_id'], unique=False)


def downgrade() -> None:
    op.drop_index('outbound_day_idx', table_name='outbound_messages')
