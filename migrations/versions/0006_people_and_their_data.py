"""People and their data."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006_people_and_their_data'
down_revision = '0005_absences'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('memberships', sa.Column('anonymous', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('memberships', sa.Column('seen_from', sa.Date(), nullable=True))
    op.add_column('memberships', sa.Column('consent_wording', sa.String(length=1600), nullable=True))
    op.add_column('members', sa.Column('includes_private', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('members', sa.Column('erase_code', sa.String(length=64), nullable=True))
    op.add_column('members', sa.Column('erase_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('activities', sa.Column('private', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('activities', sa.Column('excluded_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE activities SET private = true WHERE raw_data -> 'privacy' ->> 'typeKey' = 'private'")
    op.create_table('acts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='acts_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='acts_pkey')
    )
    op.create_index('acts_open_idx', 'acts', ['member_id', 'at'], unique=False, postgresql_where=sa.text('undone_at IS NULL'))
    op.create_index('acts_until_idx', 'acts', ['until'], unique=False)
    op.create_table('exports',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('token_hash', sa.String(length=64), nullable=True),
    sa.Column('archive', sa.LargeBinary(), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='exports_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='exports_pkey'),
    sa.UniqueConstraint('token_hash', name='exports_token_hash_key')
    )
    op.create_index('exports_member_id_idx', 'exports', ['member_id'], unique=False)
    op.create_index('exports_waiting_idx', 'exports', ['asked_at'], unique=False, postgresql_where=sa.text('made_at IS NULL AND tries < 5'))
    op.create_table('erased',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('member_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('pseudonym', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name='erased_pkey')
    )
    op.create_table('erasures',
    sa.Column('sid', sa.String(length=40), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('problem', sa.String(length=60), nullable=True),
    sa.PrimaryKeyConstraint('sid', name='erasures_pkey')
    )
    op.create_index('erasures_due_idx', 'erasures', ['next_try_at'], unique=False, postgresql_where=sa.text('done_at IS NULL'))


def downgrade() -> None:
    op.drop_table('erasures')
    op.drop_table('erased')
    op.drop_table('exports')
    op.drop_table('acts')
    op.drop_column('activities', 'excluded_at')
    op.drop_column('activities', 'private')
    op.drop_column('members', 'erase_until')
    op.drop_column('members', 'erase_code')
    op.drop_column('members', 'includes_private')
    op.drop_column('memberships', 'consent_wording')
    op.drop_column('memberships', 'seen_from')
    op.drop_column('memberships', 'anonymous')
