"""Copies that wait to be fetched are sealed: those that lie open are thrown away, and can be asked for again."""

from alembic import op

revision = '0018_sealed_copies'
down_revision = '0017_what_may_be_tapped'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('UPDATE exports SET archive = NULL, token_hash = NULL WHERE archive IS NOT NULL')


def downgrade() -> None:
    op.execute('UPDATE exports SET archive = NULL, token_hash = NULL WHERE archive IS NOT NULL')
