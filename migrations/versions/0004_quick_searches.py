"""Sources are found by their exact name without reading them all, vectors by their ids

Revision ID: 0004
Revises: 0003
"""
from alembic import op
import sqlalchemy as sa

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade():
    op.create_index('ix_sources_title', 'sources', ['instrument_id', sa.text('md5(lower(title))')])
    op.create_index('ix_sources_filename', 'sources', ['instrument_id', sa.text('md5(lower(filename))')])
    op.drop_index('ix_keyword_blocks_totals', table_name='keyword_blocks')
    op.create_index('ix_keyword_blocks_totals', 'keyword_blocks', ['instrument_id'], postgresql_include=['fragments', 'words', 'id'])
    op.create_table('fragment_vectors',
    sa.Column('fragment_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('model', sa.String(), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['fragment_id'], ['fragments.id'], name=op.f('fk_fragment_vectors_fragment_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('fragment_id', 'model', name=op.f('pk_fragment_vectors'))
    )


def downgrade():
    op.drop_table('fragment_vectors')
    op.drop_index('ix_keyword_blocks_totals', table_name='keyword_blocks')
    op.create_index('ix_keyword_blocks_totals', 'keyword_blocks', ['instrument_id'], postgresql_include=['fragments', 'words'])
    op.drop_index('ix_sources_filename', table_name='sources')
    op.drop_index('ix_sources_title', table_name='sources')
