"""Numbers change hands."""

import sqlalchemy as sa
from alembic import op

revision = '0007_numbers_change_hands'
down_revision = '0006_people_and_their_data'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('members', sa.Column('doubted_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('members', 'doubted_at')
