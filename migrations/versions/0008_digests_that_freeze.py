"""When a digest's days are frozen."""

import sqlalchemy as sa
from alembic import op

revision = '0008_digests_that_freeze'
down_revision = '0007_numbers_change_hands'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('digest_runs', sa.Column('freeze_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('digest_runs_freeze_idx', 'digest_runs', ['freeze_at'], unique=False, postgresql_where=sa.text('freeze_at IS NOT NULL'))


def downgrade() -> None:
    op.drop_index('digest_runs_freeze_idx', table_name='digest_runs')
    op.drop_column('digest_runs', 'freeze_at')
