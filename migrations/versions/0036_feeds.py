"""Addresses for calendar apps and feed readers.

Older code does not know this table. If it erases a member, the rows are deleted with the member's row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036_feeds"
down_revision = "0035_webhooks"
branch_labels = None
depends_on = None


def at(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        at("made_at"),
        at("last_read_at", nullable=True),
        sa.Column("content_hash", sa.String(64), nullable=True),
        at("changed_at", nullable=True),
        at("ended_at", nullable=True),
        at("created_at"),
        at("updated_at"),
        sa.CheckConstraint("(kind = 'digests') = (group_id IS NOT NULL)", name=op.f("feeds_group_check")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("feeds_member_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("feeds_group_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("feeds_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("feeds_token_hash_key")),
    )
    for column in ("member_id", "group_id", "ended_at"):
        op.create_index(op.f(f"feeds_{column}_idx"), "feeds", [column])


def downgrade() -> None:
    op.drop_table("feeds")
