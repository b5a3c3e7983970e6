"""Manners: lines that come again, kind words, and what operators are told."""

import sqlalchemy as sa
from alembic import op

revision = '0010_manners'
down_revision = '0009_effort_points'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('inbound_messages', sa.Column('mark', sa.String(length=32), nullable=True))
    op.create_index('inbound_of_member_idx', 'inbound_messages', ['member_id', 'received_at'], unique=False)
    op.create_table('kudos',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('from_id', sa.BigInteger(), nullable=False),
    sa.Column('to_id', sa.BigInteger(), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('words', sa.String(length=80), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['from_id'], ['members.id'], name='kudos_from_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name='kudos_group_id_fkey', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['to_id'], ['members.id'], name='kudos_to_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='kudos_pkey')
    )
    op.create_index('kudos_from_id_idx', 'kudos', ['from_id'], unique=False)
    op.create_index('kudos_waiting_idx', 'kudos', ['to_id'], unique=False,
                    postgresql_where=sa.text('delivered_at IS NULL'))
    op.create_table('feedback',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('words', sa.LargeBinary(), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='feedback_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='feedback_pkey')
    )
    op.create_index('feedback_member_id_idx', 'feedback', ['member_id'], unique=False)


def downgrade() -> None:
    op.drop_table('feedback')
    op.drop_table('kudos')
    op.drop_index('inbound_of_member_idx', table_name='inbound_messages')
    op.drop_column('inbound_messages', 'mark')
