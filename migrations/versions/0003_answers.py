"""Keyword index, language models and prompts, chosen answers, moved citations, evaluation

Revision ID: 0003
Revises: 0002
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('keyword_blocks',
    sa.Column('id', sa.BigInteger(), sa.Identity(), nullable=False),
    sa.Column('instrument_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('version_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('first_ordinal', sa.BigInteger(), nullable=False),
    sa.Column('end_ordinal', sa.BigInteger(), nullable=False),
    sa.Column('fragments', sa.Integer(), nullable=False),
    sa.Column('words', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['source_versions.id'], name=op.f('fk_keyword_blocks_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_keyword_blocks'))
    )
    op.create_index('ix_keyword_blocks_totals', 'keyword_blocks', ['instrument_id'], postgresql_include=['fragments', 'words'])
    op.create_index('ix_keyword_blocks_version', 'keyword_blocks', ['version_id', 'first_ordinal'])
    op.create_table('postings',
    sa.Column('block_id', sa.BigInteger(), nullable=False),
    sa.Column('word', sa.String(), nullable=False),
    sa.Column('instrument_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('entries', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['block_id'], ['keyword_blocks.id'], name=op.f('fk_postings_block_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('block_id', 'word', name=op.f('pk_postings'))
    )
    op.create_index('ix_postings_word', 'postings', ['instrument_id', 'word'])
    op.create_table('llm_defaults',
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('model', sa.String(), nullable=False),
    sa.Column('fallbacks', postgresql.JSONB(), nullable=False),
    sa.Column('updated_by', sa.UUID(as_uuid=False), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['updated_by'], ['users.id'], name=op.f('fk_llm_defaults_updated_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('type', name=op.f('pk_llm_defaults'))
    )
    op.create_table('llm_prompts',
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_by', sa.UUID(as_uuid=False), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.UUID(as_uuid=False), nullable=False),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_llm_prompts_created_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_llm_prompts')),
    sa.UniqueConstraint('type', 'version', name=op.f('uq_llm_prompts_type'))
    )
    op.create_index('uq_llm_prompts_active', 'llm_prompts', ['type'], unique=True, postgresql_where=sa.text('is_active'))
    op.create_table('golden_questions',
    sa.Column('instrument_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('question', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('filename', sa.String(), nullable=True),
    sa.Column('page', sa.Integer(), nullable=True),
    sa.Column('turn_id', sa.UUID(as_uuid=False), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.UUID(as_uuid=False), nullable=False),
    sa.ForeignKeyConstraint(['instrument_id'], ['instruments.id'], name=op.f('fk_golden_questions_instrument_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['turn_id'], ['chat_turns.id'], name=op.f('fk_golden_questions_turn_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_golden_questions'))
    )
    op.create_index(op.f('ix_golden_questions_instrument_id'), 'golden_questions', ['instrument_id'])
    op.create_table('eval_runs',
    sa.Column('instrument_id', sa.UUID(as_uuid=False), nullable=False),
    sa.Column('settings', postgresql.JSONB(), nullable=False),
    sa.Column('figures', postgresql.JSONB(), nullable=False),
    sa.Column('items', postgresql.JSONB(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.UUID(as_uuid=False), nullable=False),
    sa.ForeignKeyConstraint(['instrument_id'], ['instruments.id'], name=op.f('fk_eval_runs_instrument_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_eval_runs'))
    )
    op.create_index(op.f('ix_eval_runs_instrument_id'), 'eval_runs', ['instrument_id'])
    op.add_column('chat_turns', sa.Column('is_chosen', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column('chat_turns', 'is_chosen', server_default=None)
    choose_one_answer()
    op.create_index('uq_chat_turns_chosen', 'chat_turns', [sa.text('coalesce(regenerated_from, id)')], unique=True, postgresql_where=sa.text('is_chosen'))
    op.add_column('chat_turns', sa.Column('history', postgresql.JSONB(), nullable=True))
    op.add_column('chat_sessions', sa.Column('origin', sa.String(), nullable=False, server_default='chat'))
    op.alter_column('chat_sessions', 'origin', server_default=None)
    op.add_column('citations', sa.Column('moved_from', sa.UUID(as_uuid=False), nullable=True))


def choose_one_answer():
    """Answers regenerated from one another name the first of them; the newest done is chosen."""
    op.execute("""
        with recursive lineage as (
            select id, id as root from chat_turns where regenerated_from is null
            union all
            select turn.id, lineage.root
            from chat_turns turn join lineage on turn.regenerated_from = lineage.id
        )
        update chat_turns set regenerated_from = lineage.root
        from lineage where lineage.id = chat_turns.id and chat_turns.regenerated_from is not null
    """)
    op.execute("""
        update chat_turns set is_chosen = false where id not in (
            select distinct on (coalesce(regenerated_from, id)) id from chat_turns
            order by coalesce(regenerated_from, id), status = 'done' desc, created_at desc
        )
    """)


def downgrade():
    op.drop_column('citations', 'moved_from')
    op.drop_column('chat_sessions', 'origin')
    op.drop_column('chat_turns', 'history')
    op.drop_index('uq_chat_turns_chosen', table_name='chat_turns')
    op.drop_column('chat_turns', 'is_chosen')
    for table in ('eval_runs', 'golden_questions', 'llm_prompts', 'llm_defaults', 'postings', 'keyword_blocks'):
        op.drop_table(table)
