"""What Alembic runs: the revisions of this folder, on the connection and in the transaction of `history.migrate`."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
