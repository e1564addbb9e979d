"""Whose voice a turn was: the name of an enrolled one, empty for nobody's, null where nobody looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Turns of before were looked at by nobody."""
    op.add_column("turns", sa.Column("speaker", sa.Text))
    op.add_column("turns", sa.Column("speaker_score", sa.Float(53)))
