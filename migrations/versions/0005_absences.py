"""Days in which members are away."""

import sqlalchemy as sa
from alembic import op

revision = '0005_absences'
down_revision = '0004_files_from_the_chat'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('absences',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('starts', sa.Date(), nullable=False),
    sa.Column('ends', sa.Date(), nullable=True),
    sa.Column('shown', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('ends IS NULL OR starts <= ends', name=op.f('absences_days_check')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='absences_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='absences_pkey')
    )
    op.create_index('absences_member_idx', 'absences', ['member_id', 'starts'], unique=False)


def downgrade() -> None:
    op.drop_index('absences_member_idx', table_name='absences')
    op.drop_table('absences')
