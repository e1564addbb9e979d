"""Conversations, their turns, what each turn used, and the words to search them by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DELETE = "INSERT INTO turn_words (turn_words, rowid, transcript, reply) "
_DELETE += "VALUES ('delete', old.id, old.transcript, old.reply)"
_INSERT = "INSERT INTO turn_words (rowid, transcript, reply) VALUES (new.id, new.transcript, new.reply)"
_SQLITE_WORDS = (
    "CREATE VIRTUAL TABLE turn_words USING fts5(transcript, reply, content='turns', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 2', prefix='2 3')",
    f"CREATE TRIGGER turn_words_insert AFTER INSERT ON turns BEGIN {_INSERT}; END",
    f"CREATE TRIGGER turn_words_delete AFTER DELETE ON turns BEGIN {_DELETE}; END",
    f"CREATE TRIGGER turn_words_update AFTER UPDATE OF transcript, reply ON turns BEGIN {_DELETE}; {_INSERT}; END",
)


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "conversations",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        _text("source"),
        _text("identity"),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
    )
    op.create_table(
        "turns",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("conversation_id", _ID, sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        *(_text(name) for name in ("transcript", "reply", "heard")),
        sa.Column("interrupted", sa.Boolean, nullable=False),
        sa.Column("withdrawn", sa.Integer, nullable=False),
        *(_text(name) for name in ("reason", "error")),
        sa.Column("ttfa_ms", sa.Float(53)),
        *(_text(name) for name in ("stages_ms", "engines")),
        sa.Column("tools", sa.Integer, nullable=False),
    )
    op.create_index("turns_of_conversation", "turns", ["conversation_id", "id"])
    _of_turn("spans", _text("name"), _float("start_ms", nullable=False), _float("end_ms", nullable=False))
    _of_turn(
        "tool_calls",
        *(_text(name) for name in ("name", "arguments", "result")),
        _float("start_ms"),
        _float("took_ms"),
        sa.Column("failed", sa.Boolean, nullable=False),
    )
    _of_turn("guard_decisions", *(_text(name) for name in ("operation", "verb", "target", "verdict", "rule", "at")))
    _of_turn("recordings", _text("path"))
    if op.get_bind().dialect.name == "postgresql":
        _postgres_words()
        return
    for statement in _SQLITE_WORDS:  # the words are read from `turns`; only the index is stored
        op.get_bind().exec_driver_sql(statement)


def _postgres_words() -> None:
    """A table of its own, so that a turn can be read without its words' positions; no page is read twice for a list."""
    op.create_table(
        "turn_words",
        sa.Column(
            "turn_id",
            _ID,
            sa.ForeignKey("turns.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("words", TSVECTOR, nullable=False),
    )
    op.create_index("turn_words_words", "turn_words", ["words"], postgresql_using="gin")


def _of_turn(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("turn_id", _ID, sa.ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        *columns,
        sqlite_with_rowid=False,
    )


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=False)


def _float(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Float(53), nullable=nullable)
