"""Goals, challenges, and who takes part."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0015_goals_and_challenges'
down_revision = '0014_a_name_for_the_erased'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('goals',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=True),
    sa.Column('group_id', sa.BigInteger(), nullable=True),
    sa.Column('metric', sa.String(length=24), nullable=False),
    sa.Column('sport', sa.String(length=24), nullable=True),
    sa.Column('target', sa.Float(), nullable=False),
    sa.Column('starts', sa.Date(), nullable=False),
    sa.Column('ends', sa.Date(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('num_nonnulls(member_id, group_id) = 1', name=op.f('goals_whose_check')),
    sa.CheckConstraint('starts <= ends', name=op.f('goals_days_check')),
    sa.CheckConstraint('target > 0', name=op.f('goals_target_check')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='goals_member_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name='goals_group_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='goals_pkey'),
    sa.UniqueConstraint('member_id', name='goals_member_id_key'),
    sa.UniqueConstraint('group_id', name='goals_group_id_key')
    )
    op.create_table('challenges',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('made_by_id', sa.BigInteger(), nullable=True),
    sa.Column('name', sa.String(length=40), nullable=True),
    sa.Column('contest', sa.String(length=24), nullable=False),
    sa.Column('metric', sa.String(length=24), nullable=False),
    sa.Column('sport', sa.String(length=24), nullable=True),
    sa.Column('route', sa.String(length=40), nullable=True),
    sa.Column('target', sa.Float(), nullable=True),
    sa.Column('starts', sa.Date(), nullable=False),
    sa.Column('ends', sa.Date(), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('starts <= ends', name=op.f('challenges_days_check')),
    sa.CheckConstraint('target IS NULL OR target > 0', name=op.f('challenges_target_check')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name='challenges_group_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['made_by_id'], ['members.id'], name='challenges_made_by_id_fkey', ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name='challenges_pkey'),
    sa.UniqueConstraint('group_id', 'number', name='challenges_group_id_number_key')
    )
    op.create_index('challenges_open_idx', 'challenges', ['closes_at'], unique=False, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('participants',
    sa.Column('challenge_id', sa.BigInteger(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['challenge_id'], ['challenges.id'], name='participants_challenge_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='participants_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('challenge_id', 'member_id', name='participants_pkey')
    )
    op.create_index('participants_member_id_idx', 'participants', ['member_id'], unique=False)


def downgrade() -> None:
    op.drop_table('participants')
    op.drop_index('challenges_open_idx', table_name='challenges', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_table('challenges')
    op.drop_table('goals')
