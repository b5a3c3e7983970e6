"""A key of its own for hashes, which no change of SECRET_KEY or DATA_KEYS changes; and whose account a content is in.

Old code hashes with SECRET_KEY, and looks at neither: the key that new code makes beside existing members is SECRET_KEY
too, so both find what the other wrote. Contents that old code pushes have no account: they count as ours until Twilio
says that it does not have them.
"""

import sqlalchemy as sa
from alembic import op

revision = '0023_keys_and_contents'
down_revision = '0022_signs_of_health'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'hash_keys',
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('by_ring', sa.LargeBinary(), nullable=False),
        sa.Column('by_secret', sa.LargeBinary(), nullable=False),
        sa.CheckConstraint('id = 1', name=op.f('hash_keys_only_one_check')),
        sa.PrimaryKeyConstraint('id', name=op.f('hash_keys_pkey')),
    )
    op.add_column('contents', sa.Column('account', sa.String(length=40), nullable=True))
    op.add_column('contents', sa.Column('pushed_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('contents', 'pushed_at')
    op.drop_column('contents', 'account')
    op.drop_table('hash_keys')
