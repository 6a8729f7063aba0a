"""Postings are read from their index alone; none is too long to stand in it

Revision ID: 0005
Revises: 0004
"""
from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

BYTES = 2000


def upgrade():
    op.add_column('postings', sa.Column('part', sa.SmallInteger(), nullable=False, server_default='0'))
    op.drop_constraint('pk_postings', 'postings', type_='primary')
    op.create_primary_key('pk_postings', 'postings', ['block_id', 'word', 'part'])
    op.execute(f"""
        INSERT INTO postings (block_id, word, part, instrument_id, entries)
        SELECT block_id, word, n, instrument_id, substring(entries FROM {BYTES} * n + 1 FOR {BYTES})
        FROM postings, generate_series(1, (octet_length(entries) - 1) / {BYTES}) AS n
        WHERE octet_length(entries) > {BYTES}
    """)
    op.execute(f"""
        UPDATE postings SET entries = substring(entries FROM 1 FOR {BYTES})
        WHERE octet_length(entries) > {BYTES}
    """)
    op.drop_index('ix_postings_word', table_name='postings')
    op.create_index('ix_postings_word', 'postings', ['instrument_id', 'word'], postgresql_include=['entries'])


def downgrade():
    op.drop_index('ix_postings_word', table_name='postings')
    op.execute("""
        UPDATE postings SET entries = whole.entries
        FROM (
            SELECT block_id, word, string_agg(entries, ''::bytea ORDER BY part) AS entries
            FROM postings GROUP BY block_id, word HAVING count(*) > 1
        ) AS whole
        WHERE (postings.block_id, postings.word, postings.part) = (whole.block_id, whole.word, 0)
    """)
    op.execute("DELETE FROM postings WHERE part > 0")
    op.drop_constraint('pk_postings', 'postings', type_='primary')
    op.create_primary_key('pk_postings', 'postings', ['block_id', 'word'])
    op.drop_column('postings', 'part')
    op.create_index('ix_postings_word', 'postings', ['instrument_id', 'word'])
