"""Runs the migrations inside the Flask application, over its own database connection."""

from alembic import context
from flask import current_app

from api.extensions import db

# A change of constraint or default must not wait forever behind a long reader.
LOCK_TIMEOUT = "10s"


def upgrade_online() -> None:
    configure_args = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.commit()
        context.configure(connection=connection, target_metadata=db.metadata, **configure_args)
        with context.begin_transaction():
            context.run_migrations()


upgrade_online()
