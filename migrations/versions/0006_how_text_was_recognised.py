"""What engine recognised a text, and how sure it was, with the fragment and the proof

Revision ID: 0006
Revises: 0005
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('fragments', sa.Column('recognised', postgresql.JSONB(), nullable=False, server_default='[]'))
    op.add_column('citations', sa.Column('recognition', postgresql.JSONB()))


def downgrade():
    op.drop_column('citations', 'recognition')
    op.drop_column('fragments', 'recognised')
