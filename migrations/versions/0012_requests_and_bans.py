"""Who may be in a group: requests that wait for an admin, and bans."""

import sqlalchemy as sa
from alembic import op

revision = '0012_requests_and_bans'
down_revision = '0011_pages_to_share'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('join_requests',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.String(24), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name='join_requests_group_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='join_requests_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='join_requests_pkey')
    )
    op.create_index('join_requests_member_id_idx', 'join_requests', ['member_id'], unique=False)
    op.create_index('join_requests_one_open_idx', 'join_requests', ['group_id', 'member_id'], unique=True, postgresql_where=sa.text('answer IS NULL'))
    op.create_table('bans',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('banned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name='bans_group_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='bans_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='bans_pkey'),
    sa.UniqueConstraint('group_id', 'member_id', name='bans_group_id_member_id_key')
    )
    op.create_index('bans_member_id_idx', 'bans', ['member_id'], unique=False)


def downgrade() -> None:
    op.drop_table('bans')
    op.drop_table('join_requests')
