"""Browsers that are signed in to the dashboard stand in the table of sessions, beside the programs.

Older code lists and ends such a session like any other. It has no refresh token, so no program can go on with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034_browsers_signed_in"
down_revision = "0033_access_for_programs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_sessions", sa.Column("browser_hash", sa.String(64), nullable=True))
    op.create_unique_constraint(op.f("api_sessions_browser_hash_key"), "api_sessions", ["browser_hash"])


def downgrade() -> None:
    op.execute("DELETE FROM api_sessions WHERE browser_hash IS NOT NULL")
    op.execute("DELETE FROM one_time_links WHERE purpose = 'dashboard'")
    op.drop_column("api_sessions", "browser_hash")
