"""Which name the WhatsApp profile had: another one may mean that the number changed hands."""

import sqlalchemy as sa
from alembic import op

revision = '0027_names_on_profiles'
down_revision = '0026_limits_that_outlive_members'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('members', sa.Column('profile_name', sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column('members', 'profile_name')
