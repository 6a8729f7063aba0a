"""Embedding in shards, an index per instrument that can be made anew, texts known by their hash

Revision ID: 0002
Revises: 0001
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('instruments', sa.Column('index', postgresql.JSONB(), nullable=True))
    op.add_column('instruments', sa.Column('shadow_index', postgresql.JSONB(), nullable=True))
    op.add_column('fragments', sa.Column('content_hash', sa.LargeBinary(), nullable=True))
    op.create_index(op.f('ix_fragments_content_hash'), 'fragments', ['content_hash'])
    op.create_table('shards',
    sa.Column('job_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('instrument_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('version_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('first_ordinal', sa.BigInteger(), nullable=False),
    sa.Column('end_ordinal', sa.BigInteger(), nullable=False),
    sa.Column('index', postgresql.JSONB(), nullable=False),
    sa.Column('lease_owner', sa.String(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('spent', postgresql.JSONB(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.UUID(as_uuid=False), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_shards_job_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['instrument_id'], ['instruments.id'], name=op.f('fk_shards_instrument_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['source_versions.id'], name=op.f('fk_shards_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shards'))
    )
    op.create_index(op.f('ix_shards_instrument_id'), 'shards', ['instrument_id'])
    op.create_index(op.f('ix_shards_version_id'), 'shards', ['version_id'])
    op.create_index('ix_shards_to_do', 'shards', ['job_id', 'first_ordinal'], postgresql_where=sa.text('done_at IS NULL'))


def downgrade():
    op.drop_table('shards')
    op.drop_index(op.f('ix_fragments_content_hash'), 'fragments')
    op.drop_column('fragments', 'content_hash')
    op.drop_column('instruments', 'shadow_index')
    op.drop_column('instruments', 'index')
