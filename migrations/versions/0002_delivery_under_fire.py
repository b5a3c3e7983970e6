"""What delivery under fire needs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002_delivery_under_fire'
down_revision = '0001_the_first_tables'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('breakers',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('shut_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('why', sa.String(length=120), nullable=False),
    sa.Column('trips', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('name', name='breakers_pkey')
    )
    op.add_column('members', sa.Column('unreachable_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('members', sa.Column('template_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('members_template_at_idx', 'members', ['template_at'], unique=False)
    op.add_column('outbound_messages', sa.Column('old_sids', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False))
    op.drop_index('outbound_queued_idx', table_name='outbound_messages', postgresql_where="((state)::text = 'queued'::text)")
    op.create_index('outbound_queued_idx', 'outbound_messages', ['priority', 'next_attempt_at', 'created_at'], unique=False, postgresql_where=sa.text("state = 'queued'"))
    op.create_index('outbound_silent_idx', 'outbound_messages', ['next_attempt_at'], unique=False, postgresql_where=sa.text("state IN ('accepted', 'sent')"))


def downgrade() -> None:
    op.drop_index('outbound_silent_idx', table_name='outbound_messages', postgresql_where=sa.text("state IN ('accepted', 'sent')"))
    op.drop_index('outbound_queued_idx', table_name='outbound_messages', postgresql_where=sa.text("state = 'queued'"))
    op.create_index('outbound_queued_idx', 'outbound_messages', ['priority', 'next_attempt_at'], unique=False, postgresql_where="((state)::text = 'queued'::text)")
    op.drop_column('outbound_messages', 'old_sids')
    op.drop_index('members_template_at_idx', table_name='members')
    op.drop_column('members', 'template_at')
    op.drop_column('members', 'unreachable_at')
    op.drop_table('breakers')
