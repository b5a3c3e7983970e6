"""Counts and bans under keyed hashes of addresses, what was spent without members, and whom a picture shows.

Bans that exist need no hashes yet: each keeps its member, and gets the hashes when that member is erased.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026_limits_that_outlive_members"
down_revision = "0025_order_of_attempts"
branch_labels = None
depends_on = None

# What has left in the last day, by the hour: the ceilings go on where they were.
SPENT_BEFORE = """
INSERT INTO spent (at, what, group_id, count)
SELECT max(first_attempt_at), 'message', group_id, count(*) FROM outbound_messages
WHERE first_attempt_at > now() - interval '1 day'
GROUP BY date_trunc('hour', first_attempt_at), group_id
"""


def upgrade() -> None:
    op.create_table(
        "counted_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="counted_events_pkey"),
    )
    op.create_index("counted_events_address_idx", "counted_events", ["address_hash", "at"])
    op.create_index("counted_events_at_idx", "counted_events", ["at"])
    op.create_table(
        "spent",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="spent_pkey"),
    )
    op.create_index("spent_at_idx", "spent", ["at"])
    op.execute(SPENT_BEFORE)
    op.create_table(
        "ban_addresses",
        sa.Column("ban_id", sa.BigInteger(), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["ban_id"], ["bans.id"], name="ban_addresses_ban_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ban_id", "address_hash", name="ban_addresses_pkey"),
    )
    op.create_index("ban_addresses_address_hash_idx", "ban_addresses", ["address_hash"])
    _let_go_of_bans("SET NULL")
    op.alter_column("bans", "member_id", existing_type=sa.BigInteger(), nullable=True)
    op.create_table(
        "shown_members",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["token_hash"], ["media.token_hash"], name="shown_members_token_hash_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="shown_members_member_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", "member_id", name="shown_members_pkey"),
    )
    op.create_index("shown_members_member_id_idx", "shown_members", ["member_id"])


def downgrade() -> None:
    op.drop_table("shown_members")
    op.execute("DELETE FROM bans WHERE member_id IS NULL")
    op.alter_column("bans", "member_id", existing_type=sa.BigInteger(), nullable=False)
    _let_go_of_bans("CASCADE")
    op.drop_table("ban_addresses")
    op.drop_table("spent")
    op.drop_table("counted_events")


def _let_go_of_bans(how: str) -> None:
    """What becomes of a ban whose member is deleted."""
    op.drop_constraint("bans_member_id_fkey", "bans", type_="foreignkey")
    op.create_foreign_key("bans_member_id_fkey", "bans", "members", ["member_id"], ["id"], ondelete=how)
