"""Garmin that lasts."""

import sqlalchemy as sa
from alembic import op

revision = '0003_garmin_that_lasts'
down_revision = '0002_delivery_under_fire'
branch_labels = None
depends_on = None


COUNTING = {
    "index_name": "activities_counting_idx",
    "table_name": "activities",
    "columns": ["member_id", "local_date"],
}


def upgrade() -> None:
    op.create_table('days',
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('steps', sa.BigInteger(), nullable=False),
    sa.Column('goal', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name='days_member_id_fkey', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('member_id', 'day', name='days_pkey')
    )
    op.add_column('activities', sa.Column('twin_of', sa.BigInteger(), nullable=True))
    op.alter_column('activities', 'account_id',
               existing_type=sa.BIGINT(),
               nullable=True)
    op.drop_constraint('activities_account_id_garmin_activity_id_key', 'activities', type_='unique')
    op.create_index('activities_account_id_idx', 'activities', ['account_id'], unique=False)
    op.create_unique_constraint('activities_member_id_garmin_activity_id_key', 'activities', ['member_id', 'garmin_activity_id'])
    op.add_column('garmin_accounts', sa.Column('password', sa.LargeBinary(), nullable=True))
    op.add_column('garmin_accounts', sa.Column('password_used_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('garmin_accounts', sa.Column('key_ends_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('garmin_accounts', sa.Column('reminded_days', sa.BigInteger(), nullable=True))
    op.add_column('garmin_accounts', sa.Column('whole_year_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('garmin_accounts', sa.Column('steps_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('garmin_accounts', sa.Column('failed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('garmin_accounts', sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('link_attempts', sa.Column('way', sa.String(24), server_default='password', nullable=False))
    op.add_column('link_attempts', sa.Column('keep', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('link_attempts', sa.Column('key_ends_at', sa.DateTime(timezone=True), nullable=True))
    op.drop_index("activities_counting_idx", "activities")
    op.create_index(**COUNTING, postgresql_where=sa.text("deleted_at IS NULL AND twin_of IS NULL"))


def downgrade() -> None:
    op.drop_index("activities_counting_idx", "activities")
    op.create_index(**COUNTING, postgresql_where=sa.text("deleted_at IS NULL"))
    op.execute("DELETE FROM activities WHERE account_id IS NULL")
    op.drop_column('link_attempts', 'key_ends_at')
    op.drop_column('link_attempts', 'keep')
    op.drop_column('link_attempts', 'way')
    op.drop_column('garmin_accounts', 'refused_at')
    op.drop_column('garmin_accounts', 'failed_at')
    op.drop_column('garmin_accounts', 'steps_at')
    op.drop_column('garmin_accounts', 'whole_year_at')
    op.drop_column('garmin_accounts', 'reminded_days')
    op.drop_column('garmin_accounts', 'key_ends_at')
    op.drop_column('garmin_accounts', 'password_used_at')
    op.drop_column('garmin_accounts', 'password')
    op.drop_constraint('activities_member_id_garmin_activity_id_key', 'activities', type_='unique')
    op.drop_index('activities_account_id_idx', table_name='activities')
    op.create_unique_constraint('activities_account_id_garmin_activity_id_key', 'activities', ['account_id', 'garmin_activity_id'], postgresql_nulls_not_distinct=False)
    op.alter_column('activities', 'account_id',
               existing_type=sa.BIGINT(),
               nullable=False)
    op.drop_column('activities', 'twin_of')
    op.drop_table('days')
