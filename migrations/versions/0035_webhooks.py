"""Webhooks of members' programs, the messages that are sent there, and the attempts to send them.

Older code does not know these tables. What it does meanwhile is not told to any webhook.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035_webhooks"
down_revision = "0034_browsers_signed_in"
branch_labels = None
depends_on = None

NAME = "substring({column}, 3, get_byte(substring({column}, 1, 2) || '\\x0000'::bytea, 1))"


def at(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"{table}_{column}_fkey"), ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("events", postgresql.JSONB(), nullable=False),
        sa.Column("group_ids", postgresql.JSONB(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        at("former_until"),
        at("off_at"),
        sa.Column("off_why", sa.String(24), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        at("failing_since"),
        at("paused_until"),
        at("last_attempt_at"),
        at("leased_until"),
        at("created_at", nullable=False),
        at("updated_at", nullable=False),
        refers("webhooks", "member_id", "members"),
        sa.PrimaryKeyConstraint("id", name=op.f("webhooks_pkey")),
    )
    op.create_index(op.f("webhooks_member_id_idx"), "webhooks", ["member_id"])
    for column in ("secret", "former_secret"):
        op.create_index(f"webhooks_{column}_key_idx", "webhooks", [sa.text(f"({NAME.format(column=column)})")])
    op.create_table(
        "webhook_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(24), nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        at("next_attempt_at"),
        at("done_at"),
        at("created_at", nullable=False),
        at("updated_at", nullable=False),
        refers("webhook_messages", "webhook_id", "webhooks"),
        refers("webhook_messages", "about_id", "members"),
        refers("webhook_messages", "group_id", "groups"),
        sa.PrimaryKeyConstraint("id", name=op.f("webhook_messages_pkey")),
    )
    op.create_index("webhook_messages_of_idx", "webhook_messages", ["webhook_id", "created_at"])
    op.create_index(
        "webhook_messages_due_idx",
        "webhook_messages",
        ["webhook_id", "next_attempt_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for column in ("created_at", "about_id", "group_id"):
        op.create_index(op.f(f"webhook_messages_{column}_idx"), "webhook_messages", [column])
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        at("at", nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(24), nullable=True),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        refers("webhook_attempts", "message_id", "webhook_messages"),
        sa.PrimaryKeyConstraint("id", name=op.f("webhook_attempts_pkey")),
    )
    op.create_index(op.f("webhook_attempts_message_id_idx"), "webhook_attempts", ["message_id"])


def downgrade() -> None:
    for table in ("webhook_attempts", "webhook_messages", "webhooks"):
        op.drop_table(table)
