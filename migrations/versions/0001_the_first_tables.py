"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001_the_first_tables'
down_revision = None
branch_labels = None
depends_on = None


# What happened stays as it was written. Only the links to people and groups may be cut, when these are erased.
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - 'member_id' - 'group_id' = to_jsonb(OLD) - 'member_id' - 'group_id' THEN RETURN NEW; END IF;
  RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME;
END $$
"""
KEEP = "CREATE TRIGGER {table}_keep BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"


def upgrade() -> None:
    op.execute(REFUSE)
    op.create_table('contents',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('sid', sa.String(length=40), nullable=False),
    sa.Column('fingerprint', sa.String(length=32), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('contents_pkey'))
    )
    op.create_table('groups',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('description', sa.String(length=400), nullable=True),
    sa.Column('whatsapp_group_id', sa.String(length=80), nullable=True),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('digest_schedule', sa.String(length=40), nullable=True),
    sa.Column('next_digest_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('groups_pkey')),
    sa.UniqueConstraint('whatsapp_group_id', name=op.f('groups_whatsapp_group_id_key'))
    )
    op.create_index('groups_due_idx', 'groups', ['next_digest_at'], unique=False, postgresql_where=sa.text('is_active AND next_digest_at IS NOT NULL'))
    op.create_table('media',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('png', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('media_pkey'))
    )
    op.create_table('digest_runs',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False),
    sa.Column('period_end', sa.Date(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(24), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('generated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('problem', sa.String(length=60), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('period_start <= period_end', name=op.f('digest_runs_period_check')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('digest_runs_group_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('digest_runs_pkey')),
    sa.UniqueConstraint('group_id', 'period_start', 'period_end', name=op.f('digest_runs_group_id_period_start_period_end_key'))
    )
    op.create_index('digest_runs_pending_idx', 'digest_runs', ['due_at'], unique=False, postgresql_where=sa.text("status = 'pending'"))
    op.create_table('members',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('full_name', sa.String(length=120), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('locale', sa.String(length=12), nullable=False),
    sa.Column('units', sa.String(24), nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('quiet_from', sa.Time(), nullable=False),
    sa.Column('quiet_until', sa.Time(), nullable=False),
    sa.Column('preferences', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('address', sa.String(length=150), nullable=False),
    sa.Column('last_inbound_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opted_out_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_send_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('current_group_id', sa.BigInteger(), nullable=True),
    sa.Column('unfinished', sa.String(length=400), nullable=True),
    sa.Column('unfinished_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['current_group_id'], ['groups.id'], name=op.f('members_current_group_id_fkey'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('members_pkey'))
    )
    op.create_table('audit_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=True),
    sa.Column('group_id', sa.BigInteger(), nullable=True),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('audit_events_group_id_fkey'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('audit_events_member_id_fkey'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('audit_events_pkey'))
    )
    op.create_index(op.f('audit_events_group_id_idx'), 'audit_events', ['group_id'], unique=False)
    op.create_index(op.f('audit_events_member_id_idx'), 'audit_events', ['member_id'], unique=False)
    op.create_table('garmin_accounts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('method', sa.String(24), nullable=False),
    sa.Column('garmin_email', sa.String(length=254), nullable=True),
    sa.Column('garmin_id', sa.String(length=64), nullable=False),
    sa.Column('display_name', sa.String(length=120), nullable=False),
    sa.Column('tokens', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.String(24), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_sync_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_sync_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('last_error', sa.String(length=60), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('garmin_accounts_member_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('garmin_accounts_pkey')),
    sa.UniqueConstraint('member_id', name=op.f('garmin_accounts_member_id_key'))
    )
    op.create_index('garmin_accounts_due_idx', 'garmin_accounts', ['next_sync_at'], unique=False, postgresql_where=sa.text("status = 'linked'"))
    op.create_table('identities',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(24), nullable=False),
    sa.Column('value', sa.String(length=140), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('identities_member_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('identities_pkey')),
    sa.UniqueConstraint('kind', 'value', name=op.f('identities_kind_value_key'))
    )
    op.create_index(op.f('identities_member_id_idx'), 'identities', ['member_id'], unique=False)
    op.create_table('inbound_messages',
    sa.Column('sid', sa.String(length=40), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('command', sa.String(length=40), nullable=True),
    sa.Column('reference', sa.String(length=16), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('inbound_messages_member_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sid', name=op.f('inbound_messages_pkey'))
    )
    op.create_index(op.f('inbound_messages_member_id_idx'), 'inbound_messages', ['member_id'], unique=False)
    op.create_table('invites',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('made_by_id', sa.BigInteger(), nullable=True),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uses', sa.BigInteger(), nullable=False),
    sa.Column('most_uses', sa.BigInteger(), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('uses <= most_uses', name=op.f('invites_uses_check')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('invites_group_id_fkey'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['made_by_id'], ['members.id'], name=op.f('invites_made_by_id_fkey'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('invites_pkey')),
    sa.UniqueConstraint('code_hash', name=op.f('invites_code_hash_key'))
    )
    op.create_index(op.f('invites_group_id_idx'), 'invites', ['group_id'], unique=False)
    op.create_table('memberships',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.String(24), nullable=False),
    sa.Column('shares', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('hidden', sa.Boolean(), nullable=False),
    sa.Column('muted_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('consented_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('consent_version', sa.String(length=20), nullable=False),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('memberships_group_id_fkey'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('memberships_member_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('memberships_pkey')),
    sa.UniqueConstraint('group_id', 'member_id', name=op.f('memberships_group_id_member_id_key'))
    )
    op.create_index(op.f('memberships_member_id_idx'), 'memberships', ['member_id'], unique=False)
    op.create_index('memberships_one_owner_idx', 'memberships', ['group_id'], unique=True, postgresql_where=sa.text("role = 'owner' AND left_at IS NULL"))
    op.create_table('one_time_links',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('purpose', sa.String(24), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('session_hash', sa.String(length=64), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('one_time_links_member_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('one_time_links_pkey')),
    sa.UniqueConstraint('session_hash', name=op.f('one_time_links_session_hash_key')),
    sa.UniqueConstraint('token_hash', name=op.f('one_time_links_token_hash_key'))
    )
    op.create_index(op.f('one_time_links_member_id_idx'), 'one_time_links', ['member_id'], unique=False)
    op.create_table('outbound_messages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('group_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.String(24), nullable=False),
    sa.Column('dedupe_key', sa.String(length=120), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(24), nullable=False),
    sa.Column('priority', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.BigInteger(), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_attempt_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('looks', sa.BigInteger(), nullable=False),
    sa.Column('sid', sa.String(length=40), nullable=True),
    sa.Column('said_as', sa.String(length=60), nullable=True),
    sa.Column('body_hash', sa.String(length=32), nullable=True),
    sa.Column('error_code', sa.BigInteger(), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("state IN ('queued', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read', 'failed', 'expired', 'suppressed')", name=op.f('outbound_messages_state_check')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('outbound_messages_group_id_fkey'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('outbound_messages_member_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('outbound_messages_pkey')),
    sa.UniqueConstraint('dedupe_key', name=op.f('outbound_messages_dedupe_key_key')),
    sa.UniqueConstraint('sid', name=op.f('outbound_messages_sid_key'))
    )
    op.create_index('outbound_in_flight_idx', 'outbound_messages', ['member_id'], unique=False, postgresql_where=sa.text("state IN ('sending', 'unknown')"))
    op.create_index('outbound_leased_idx', 'outbound_messages', ['leased_until'], unique=False, postgresql_where=sa.text("state = 'sending'"))
    op.create_index(op.f('outbound_messages_member_id_idx'), 'outbound_messages', ['member_id'], unique=False)
    op.create_index('outbound_queued_idx', 'outbound_messages', ['priority', 'next_attempt_at'], unique=False, postgresql_where=sa.text("state = 'queued'"))
    op.create_index('outbound_unknown_idx', 'outbound_messages', ['next_attempt_at'], unique=False, postgresql_where=sa.text("state = 'unknown'"))
    op.create_table('activities',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('garmin_activity_id', sa.BigInteger(), nullable=False),
    sa.Column('type', sa.String(length=60), nullable=False),
    sa.Column('sport', sa.String(length=24), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('start_utc', sa.DateTime(timezone=True), nullable=False),
    sa.Column('utc_offset', sa.BigInteger(), nullable=False),
    sa.Column('local_date', sa.Date(), nullable=False),
    sa.Column('duration', sa.Double(), nullable=False),
    sa.Column('moving_duration', sa.Double(), nullable=True),
    sa.Column('elapsed_duration', sa.Double(), nullable=True),
    sa.Column('distance', sa.Double(), nullable=True),
    sa.Column('elevation_gain', sa.Double(), nullable=True),
    sa.Column('calories', sa.Double(), nullable=True),
    sa.Column('average_hr', sa.Double(), nullable=True),
    sa.Column('moderate_minutes', sa.BigInteger(), nullable=True),
    sa.Column('vigorous_minutes', sa.BigInteger(), nullable=True),
    sa.Column('manual', sa.Boolean(), nullable=False),
    sa.Column('processed_metrics', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('raw_data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('fingerprint', sa.String(length=32), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['garmin_accounts.id'], name=op.f('activities_account_id_fkey'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('activities_member_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('activities_pkey')),
    sa.UniqueConstraint('account_id', 'garmin_activity_id', name=op.f('activities_account_id_garmin_activity_id_key'))
    )
    op.create_index('activities_counting_idx', 'activities', ['member_id', 'local_date'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('link_attempts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('link_id', sa.BigInteger(), nullable=False),
    sa.Column('step', sa.String(24), nullable=False),
    sa.Column('garmin_email', sa.String(length=254), nullable=True),
    sa.Column('secret', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.LargeBinary(), nullable=True),
    sa.Column('method', sa.String(length=20), nullable=True),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('problem', sa.String(length=40), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['link_id'], ['one_time_links.id'], name=op.f('link_attempts_link_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('link_attempts_pkey'))
    )
    op.create_index(op.f('link_attempts_link_id_idx'), 'link_attempts', ['link_id'], unique=False)
    op.create_index('link_attempts_waiting_idx', 'link_attempts', ['created_at'], unique=False, postgresql_where=sa.text("step IN ('asked', 'answered')"))
    op.create_table('message_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('message_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(24), nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['outbound_messages.id'], name=op.f('message_events_message_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('message_events_pkey'))
    )
    op.create_index(op.f('message_events_message_id_idx'), 'message_events', ['message_id'], unique=False)
    for table in ("audit_events", "message_events"):
        op.execute(KEEP.format(table=table))


def downgrade() -> None:
    op.execute("DROP FUNCTION refuse_change CASCADE")
    op.drop_index(op.f('message_events_message_id_idx'), table_name='message_events')
    op.drop_table('message_events')
    op.drop_index('link_attempts_waiting_idx', table_name='link_attempts', postgresql_where=sa.text("step IN ('asked', 'answered')"))
    op.drop_index(op.f('link_attempts_link_id_idx'), table_name='link_attempts')
    op.drop_table('link_attempts')
    op.drop_index('activities_counting_idx', table_name='activities', postgresql_where=sa.text('deleted_at IS NULL'))
    op.drop_table('activities')
    op.drop_index('outbound_unknown_idx', table_name='outbound_messages', postgresql_where=sa.text("state = 'unknown'"))
    op.drop_index('outbound_queued_idx', table_name='outbound_messages', postgresql_where=sa.text("state = 'queued'"))
    op.drop_index(op.f('outbound_messages_member_id_idx'), table_name='outbound_messages')
    op.drop_index('outbound_leased_idx', table_name='outbound_messages', postgresql_where=sa.text("state = 'sending'"))
    op.drop_index('outbound_in_flight_idx', table_name='outbound_messages', postgresql_where=sa.text("state IN ('sending', 'unknown')"))
    op.drop_table('outbound_messages')
    op.drop_index(op.f('one_time_links_member_id_idx'), table_name='one_time_links')
    op.drop_table('one_time_links')
    op.drop_index('memberships_one_owner_idx', table_name='memberships', postgresql_where=sa.text("role = 'owner' AND left_at IS NULL"))
    op.drop_index(op.f('memberships_member_id_idx'), table_name='memberships')
    op.drop_table('memberships')
    op.drop_index(op.f('invites_group_id_idx'), table_name='invites')
    op.drop_table('invites')
    op.drop_index(op.f('inbound_messages_member_id_idx'), table_name='inbound_messages')
    op.drop_table('inbound_messages')
    op.drop_index(op.f('identities_member_id_idx'), table_name='identities')
    op.drop_table('identities')
    op.drop_index('garmin_accounts_due_idx', table_name='garmin_accounts', postgresql_where=sa.text("status = 'linked'"))
    op.drop_table('garmin_accounts')
    op.drop_index(op.f('audit_events_member_id_idx'), table_name='audit_events')
    op.drop_index(op.f('audit_events_group_id_idx'), table_name='audit_events')
    op.drop_table('audit_events')
    op.drop_table('members')
    op.drop_index('digest_runs_pending_idx', table_name='digest_runs', postgresql_where=sa.text("status = 'pending'"))
    op.drop_table('digest_runs')
    op.drop_table('media')
    op.drop_index('groups_due_idx', table_name='groups', postgresql_where=sa.text('is_active AND next_digest_at IS NOT NULL'))
    op.drop_table('groups')
    op.drop_table('contents')
