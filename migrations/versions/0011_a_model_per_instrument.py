"""Instruments choose their embedding model; keyword blocks know how their words were made

Revision ID: 0011
Revises: 0008
"""
from alembic import op
import sqlalchemy as sa

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

BLOCKS = 'keyword_blocks'


def upgrade():
    op.add_column('instruments', sa.Column('embedding_model', sa.String()))
    op.add_column(BLOCKS, sa.Column('form', sa.SmallInteger(), server_default='0', nullable=False))
    op.add_column(BLOCKS, sa.Column('languages', sa.String(), server_default='', nullable=False))
    op.create_index('ix_keyword_blocks_form', BLOCKS, ['instrument_id', 'form'])
    op.create_index(
        'ix_keyword_blocks_languages', BLOCKS, ['instrument_id', 'languages'],
        postgresql_where=sa.text("languages <> ''"), postgresql_include=['fragments'],
    )


def downgrade():
    op.drop_index('ix_keyword_blocks_languages', table_name=BLOCKS)
    op.drop_index('ix_keyword_blocks_form', table_name=BLOCKS)
    op.drop_column(BLOCKS, 'languages')
    op.drop_column(BLOCKS, 'form')
    op.drop_column('instruments', 'embedding_model')
