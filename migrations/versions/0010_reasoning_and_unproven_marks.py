"""A model's reasoning beside its answer, marks behind what nothing proves, what a golden question's answer says

Revision ID: 0010
Revises: 0008
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0010'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('chat_turns', sa.Column('reasoning', sa.Text, nullable=False, server_default=''))
    op.add_column('chat_turns', sa.Column(
        'reasoning_repeats', postgresql.JSONB, nullable=False, server_default='[]'))
    op.add_column('instruments', sa.Column(
        'mark_unproven', sa.Boolean, nullable=False, server_default=sa.true()))
    for name in ('must', 'must_not'):
        op.add_column('golden_questions', sa.Column(name, sa.Text, nullable=False, server_default=''))
    op.add_column('golden_questions', sa.Column(
        'decline', sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade():
    for name in ('decline', 'must_not', 'must'):
        op.drop_column('golden_questions', name)
    op.drop_column('instruments', 'mark_unproven')
    op.drop_column('chat_turns', 'reasoning_repeats')
    op.drop_column('chat_turns', 'reasoning')
