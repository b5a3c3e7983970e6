"""An index for Garmin keys that expire soon: every tick searches for them.

It contains only keys, which few members have. Old code becomes faster too, and needs no change. It is made in
the transaction of the other migrations, as all are: an index of a million accounts takes about a second,
during which no account can be written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032_keys_that_end"
down_revision = "0031_accounts_at_sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('garmin_accounts_key_ends_idx', 'garmin_accounts', ['key_ends_at'], unique=False, postgresql_where=sa.text("status = 'linked' AND key_ends_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index('garmin_accounts_key_ends_idx', table_name='garmin_accounts')
