"""Which name the WhatsApp profile had: another one may mean that the number changed hands. And by which rules names
were last looked at: none yet, so that each that stands in the database is looked at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027_names_on_profiles"
down_revision = "0026_limits_that_outlive_members"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("profile_name", sa.String(40), nullable=True))
    for table in ("members", "groups"):
        op.add_column(table, sa.Column("names_version", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    for table in ("groups", "members"):
        op.drop_column(table, "names_version")
    op.drop_column("members", "profile_name")
