"""The operator's page: sessions of browsers, one-time links, used codes, and an index of messages that did not arrive.
In the audit, the way in which each act came.

Older code does not know these tables. Messages cannot be written while the index is made, which takes about a second for
a million of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038_the_operators_page"
down_revision = "0037_codes_that_confirm"
branch_labels = None
depends_on = None

INDEX = "outbound_given_up_idx"


def at(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("audit_events", sa.Column("way", sa.String(10), nullable=True))
    op.create_table(
        "operator_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        at("began_at"),
        at("last_used_at"),
        at("expires_at"),
        at("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("operator_sessions_pkey")),
        sa.UniqueConstraint("browser_hash", name=op.f("operator_sessions_browser_hash_key")),
    )
    op.create_table(
        "operator_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        at("expires_at"),
        at("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("operator_links_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("operator_links_token_hash_key")),
    )
    op.create_table(
        "operator_codes",
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("operator_codes_pkey")),
    )
    for table in ("operator_sessions", "operator_links"):
        op.create_index(op.f(f"{table}_expires_at_idx"), table, ["expires_at"])
    given_up = sa.text("state IN ('failed', 'expired')")
    op.create_index(INDEX, "outbound_messages", ["created_at"], postgresql_where=given_up)


def downgrade() -> None:
    op.drop_index(INDEX, table_name="outbound_messages")
    for table in ("operator_codes", "operator_links", "operator_sessions"):
        op.drop_table(table)
    op.drop_column("audit_events", "way")
