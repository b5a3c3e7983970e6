"""Files from the chat."""

import sqlalchemy as sa
from alembic import op

revision = '0004_files_from_the_chat'
down_revision = '0003_garmin_that_lasts'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('files',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=True),
    sa.Column('content_type', sa.String(length=100), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('problem', sa.String(length=60), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='files_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='files_pkey')
    )
    op.create_index('files_member_id_idx', 'files', ['member_id'], unique=False)
    op.create_index('files_waiting_idx', 'files', ['next_try_at'], unique=False, postgresql_where=sa.text('done_at IS NULL'))


def downgrade() -> None:
    op.drop_index('files_waiting_idx', table_name='files', postgresql_where=sa.text('done_at IS NULL'))
    op.drop_index('files_member_id_idx', table_name='files')
    op.drop_table('files')
