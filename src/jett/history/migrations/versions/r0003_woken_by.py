"""What woke Jett for a turn: the name that was called, `key`, `request` or `announcement`; null where it was awake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Of turns of before nobody knows."""
    op.add_column("turns", sa.Column("woken_by", sa.Text))
