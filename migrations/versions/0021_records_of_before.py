"""Records of members who were there before records were, or before their rules changed, are written in the background.

Old code does not look at the column: whoever it writes records for is looked at once more.
"""

import sqlalchemy as sa
from alembic import op

revision = '0021_records_of_before'
down_revision = '0020_a_board_out_of_its_index'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('members', sa.Column('records_version', sa.BigInteger(), server_default='0', nullable=False))


def downgrade() -> None:
    op.drop_column('members', 'records_version')
