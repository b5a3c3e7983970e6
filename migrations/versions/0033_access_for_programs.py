"""Access for programs: codes to sign in with, sessions and refresh tokens, personal tokens, answers that are kept for
repeated requests, and files that came through the API.

Older code does not know these tables. If an older worker takes a file that came through the API, its address is empty,
and the worker gives it up after three tries.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033_access_for_programs"
down_revision = "0032_keys_that_end"
branch_labels = None
depends_on = None

NAME = "substring({column}, 3, get_byte(substring({column}, 1, 2) || '\\x0000'::bytea, 1))"
SEALED = (("kept_answers_answer_key_idx", "kept_answers", "answer"), ("files_content_key_idx", "files", "content"))


def at(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def stamps() -> tuple[sa.Column, ...]:
    return tuple(
        sa.Column(name, sa.DateTime(timezone=True), nullable=False)
        for name in ("created_at", "updated_at")
    )


def whose(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    key = sa.ForeignKeyConstraint(
        ["member_id"], ["members.id"], name=op.f(f"{table}_member_id_fkey"), ondelete="CASCADE"
    )
    return sa.Column("member_id", sa.BigInteger(), nullable=False), key


def upgrade() -> None:
    op.create_table(
        "sign_in_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        *whose("sign_in_codes"),
        sa.Column("code_hash", sa.String(64), nullable=False),
        at("expires_at"),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        at("used_at", nullable=True),
        *stamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_codes_pkey")),
    )
    op.create_table(
        "api_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        *whose("api_sessions"),
        sa.Column("device", sa.String(60), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        at("signed_in_at"),
        at("last_used_at"),
        at("expires_at"),
        at("ended_at", nullable=True),
        sa.Column("ended_why", sa.String(24), nullable=True),
        *stamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("api_sessions_pkey")),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        at("made_at"),
        at("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["api_sessions.id"], name=op.f("refresh_tokens_session_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("refresh_tokens_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("refresh_tokens_token_hash_key")),
    )
    op.create_table(
        "personal_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        *whose("personal_tokens"),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        at("made_at"),
        at("expires_at"),
        at("last_used_at", nullable=True),
        at("ended_at", nullable=True),
        *stamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("personal_tokens_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("personal_tokens_token_hash_key")),
    )
    op.create_table(
        "kept_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_hash", sa.String(64), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        at("at"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("kept_answers_member_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("kept_answers_pkey")),
        sa.UniqueConstraint("owner_hash", "key_hash", name=op.f("kept_answers_owner_hash_key_hash_key")),
    )
    for table in ("sign_in_codes", "api_sessions", "personal_tokens", "kept_answers"):
        op.create_index(op.f(f"{table}_member_id_idx"), table, ["member_id"])
    op.create_index(op.f("refresh_tokens_session_id_idx"), "refresh_tokens", ["session_id"])
    for table in ("sign_in_codes", "api_sessions", "personal_tokens"):
        op.create_index(op.f(f"{table}_expires_at_idx"), table, ["expires_at"])
    op.create_index(op.f("kept_answers_at_idx"), "kept_answers", ["at"])
    op.add_column("files", sa.Column("content", sa.LargeBinary(), nullable=True))
    for name, table, column in SEALED:
        op.create_index(name, table, [sa.text(f"({NAME.format(column=column)})")])


def downgrade() -> None:
    op.drop_index("files_content_key_idx", table_name="files")
    op.drop_column("files", "content")
    for table in ("kept_answers", "personal_tokens", "refresh_tokens", "api_sessions", "sign_in_codes"):
        op.drop_table(table)
