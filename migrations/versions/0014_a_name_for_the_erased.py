"""A name in the audit for people who were erased; whoever waits to be let in may want to be hidden at first."""

import sqlalchemy as sa
from alembic import op

revision = '0014_a_name_for_the_erased'
down_revision = '0013_records'
branch_labels = None
depends_on = None

# As in 0001, and a pseudonym may be put where the link to a person is cut. `message_events` has no such column.
REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - 'member_id' - 'group_id' {more} = to_jsonb(OLD) - 'member_id' - 'group_id' {more} THEN RETURN NEW; END IF;
  RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    op.add_column('audit_events', sa.Column('pseudonym', sa.String(length=20), nullable=True))
    op.execute(REFUSE.format(more="- 'pseudonym'"))
    op.add_column('join_requests', sa.Column('hidden', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column('join_requests', 'hidden')
    op.execute(REFUSE.format(more=''))
    op.drop_column('audit_events', 'pseudonym')
