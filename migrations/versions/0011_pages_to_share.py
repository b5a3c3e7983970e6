"""Pages that show one digest to whoever has their address."""

import sqlalchemy as sa
from alembic import op

revision = '0011_pages_to_share'
down_revision = '0010_manners'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'shares',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('group_id', sa.BigInteger(), nullable=False),
        sa.Column('made_by_id', sa.BigInteger(), nullable=True),
        sa.Column('period_start', sa.Date(), nullable=False),
        sa.Column('period_end', sa.Date(), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('wants_picture', sa.Boolean(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('shares_group_id_fkey'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['made_by_id'], ['members.id'], name=op.f('shares_made_by_id_fkey'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('shares_pkey')),
        sa.UniqueConstraint('token_hash', name=op.f('shares_token_hash_key')),
    )
    op.create_index(op.f('shares_group_id_idx'), 'shares', ['group_id'], unique=False)
    op.create_index(op.f('shares_made_by_id_idx'), 'shares', ['made_by_id'], unique=False)
    op.create_index('shares_waiting_idx', 'shares', ['id'], unique=False, postgresql_where=sa.text('wants_picture'))


def downgrade() -> None:
    op.drop_table('shares')
