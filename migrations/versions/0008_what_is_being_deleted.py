"""Sources and instruments that were deleted and whose removal a job finishes

Revision ID: 0008
Revises: 0007
"""
from alembic import op
import sqlalchemy as sa

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade():
    for table in ('sources', 'instruments'):
        op.add_column(table, sa.Column('deleted_at', sa.DateTime(timezone=True)))
        op.create_index(
            f'ix_{table}_deleted', table, ['deleted_at'],
            postgresql_where=sa.text('deleted_at IS NOT NULL'),
        )


def downgrade():
    for table in ('sources', 'instruments'):
        op.drop_index(f'ix_{table}_deleted', table_name=table)
        op.drop_column(table, 'deleted_at')
