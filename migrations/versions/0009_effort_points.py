"""Effort points of each activity, and what is strange about it."""

import sqlalchemy as sa
from alembic import op

revision = '0009_effort_points'
down_revision = '0008_digests_that_freeze'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('activities', sa.Column('points', sa.Float(), server_default=sa.text('0'), nullable=False))
    op.add_column('activities', sa.Column('points_version', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('activities', sa.Column('doubt', sa.String(length=24), nullable=True))
    op.add_column('activities', sa.Column('doubt_answer', sa.String(length=24), nullable=True))
    op.add_column('activities', sa.Column('doubt_asked_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('activities_points_version_idx', 'activities', ['points_version'], unique=False)
    op.create_table('formula_runs',
    sa.Column('version', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('activities', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('version', name='formula_runs_pkey')
    )


def downgrade() -> None:
    op.drop_table('formula_runs')
    op.drop_index('activities_points_version_idx', table_name='activities')
    for column in ('doubt_asked_at', 'doubt_answer', 'doubt', 'points_version', 'points'):
        op.drop_column('activities', column)
