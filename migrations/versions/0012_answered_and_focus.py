"""whether a question is answered, how it was understood, what is near, what decides in a quote

Revision ID: 0012
Revises: 0011
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('chat_turns', sa.Column('answered', sa.String, nullable=True))
    op.add_column('chat_turns', sa.Column('understood_as', sa.Text, nullable=True))
    op.add_column('chat_turns', sa.Column(
        'related', postgresql.JSONB, nullable=False, server_default='[]'))
    op.add_column('citations', sa.Column('focus', postgresql.JSONB, nullable=True))


def downgrade():
    op.drop_column('citations', 'focus')
    for name in ('related', 'understood_as', 'answered'):
        op.drop_column('chat_turns', name)
