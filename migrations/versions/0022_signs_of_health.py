"""Signs that processes leave for each other, and what health checks and the tick look up, each out of an index.

An index of a million messages is made in about a second, in which none is written: a webhook waits for it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0022_signs_of_health'
down_revision = '0021_records_of_before'
branch_labels = None
depends_on = None

NAME = "substring({column}, 3, get_byte(substring({column}, 1, 2) || '\\x0000'::bytea, 1))"
SEALED = (
    ('outbound_content_key_idx', 'outbound_messages', 'content'),
    ('outbound_offers_key_idx', 'outbound_messages', 'offers'),
    ('garmin_accounts_tokens_key_idx', 'garmin_accounts', 'tokens'),
    ('garmin_accounts_password_key_idx', 'garmin_accounts', 'password'),
)


def upgrade() -> None:
    op.create_table(
        'signs',
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('count', sa.BigInteger(), nullable=False),
        sa.Column('detail', sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('signs_pkey')),
    )
    for name, table, column in SEALED:
        expression = sa.text(f'({NAME.format(column=column)})')
        op.create_index(name, table, [expression], unique=False)


def downgrade() -> None:
    for name, table, _ in SEALED:
        op.drop_index(name, table_name=table)
    op.drop_table('signs')
