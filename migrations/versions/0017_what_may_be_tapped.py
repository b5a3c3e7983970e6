"""What may be tapped under a message, sealed, so that a number or a quoted reply can answer it."""

import sqlalchemy as sa
from alembic import op

revision = '0017_what_may_be_tapped'
down_revision = '0016_posts_in_groups'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('outbound_messages', sa.Column('offers', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column('outbound_messages', 'offers')
