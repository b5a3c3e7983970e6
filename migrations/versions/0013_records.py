"""The records of members."""

import sqlalchemy as sa
from alembic import op

revision = '0013_records'
down_revision = '0012_requests_and_bans'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('records',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('activity_id', sa.BigInteger(), nullable=False),
    sa.Column('sport', sa.String(length=24), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('metres', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('value', sa.Float(), nullable=False),
    sa.Column('before', sa.Float(), nullable=True),
    sa.Column('deserves', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activities.id'], name='records_activity_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='records_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='records_pkey')
    )
    op.create_index('records_activity_id_idx', 'records', ['activity_id'], unique=False)
    op.create_index('records_member_idx', 'records', ['member_id', 'day'], unique=False)


def downgrade() -> None:
    op.drop_table('records')
