"""The cells of the tables in a fragment, beside its text

Revision ID: 0007
Revises: 0006
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('fragments', sa.Column('tables', postgresql.JSONB(), nullable=False, server_default='[]'))


def downgrade():
    op.drop_column('fragments', 'tables')
