"""What is posted into a WhatsApp group itself."""

import sqlalchemy as sa
from alembic import op

revision = '0016_posts_in_groups'
down_revision = '0015_goals_and_challenges'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'group_posts',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('run_id', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=24), nullable=False),
        sa.Column('attempts', sa.BigInteger(), nullable=False),
        sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('vendor_id', sa.String(length=200), nullable=True),
        sa.Column('problem', sa.String(length=120), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['run_id'], ['digest_runs.id'], name=op.f('group_posts_run_id_fkey'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('group_posts_pkey')),
        sa.UniqueConstraint('run_id', name=op.f('group_posts_run_id_key')),
    )
    op.create_index('group_posts_open_idx', 'group_posts', ['next_attempt_at'], unique=False, postgresql_where=sa.text("state IN ('queued', 'sending')"))


def downgrade() -> None:
    op.drop_table('group_posts')
