"""The tables of the history, as the newest revision of `migrations/` makes them; a test compares the two.

Times are milliseconds since 1970 in UTC, since SQLite has no type for them. Lists that are only ever read with their
turn, such as stages, are JSON text. What one turn used lies in rows of its own and goes with it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

HEAD = "0003"
"""The revision that this Jett reads and writes."""

ID = BigInteger().with_variant(Integer(), "sqlite")
"""`INTEGER PRIMARY KEY` is the row's own number in SQLite, anything else an index beside it."""

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
)

turns = Table(
    "turns",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("conversation_id", ID, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("transcript", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("heard", Text, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("ttfa_ms", Float(53)),
    Column("stages_ms", Text, nullable=False),
    Column("engines", Text, nullable=False),
    Column("tools", Integer, nullable=False),
    Column("speaker", Text),
    Column("speaker_score", Float(53)),
    Column("woken_by", Text),
    Index("turns_of_conversation", "conversation_id", "id"),
)


def _of_turn(name: str, *columns: Column[object]) -> Table:
    """A table of what a turn had, in order."""
    turn_id = Column("turn_id", ID, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    position = Column("position", Integer, primary_key=True, autoincrement=False)
    return Table(name, metadata, turn_id, position, *columns, sqlite_with_rowid=False)


spans = _of_turn(
    "spans",
    Column("name", Text, nullable=False),
    Column("start_ms", Float(53), nullable=False),
    Column("end_ms", Float(53), nullable=False),
)

tool_calls = _of_turn(
    "tool_calls",
    Column("name", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("start_ms", Float(53)),
    Column("took_ms", Float(53)),
    Column("failed", Boolean, nullable=False),
)

guard_decisions = _of_turn(
    "guard_decisions",
    Column("operation", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("at", Text, nullable=False),
)

recordings = _of_turn("recordings", Column("path", Text, nullable=False))
"""Sound that was kept of a turn, where the owner asked for it: files that go when the turn goes."""

turn_words = Table(
    "turn_words",
    metadata,
    Column("turn_id", ID, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("words", TSVECTOR, nullable=False),
    Index("turn_words_words", "words", postgresql_using="gin"),
)
"""PostgreSQL's side of the search. In SQLite `turn_words` is an FTS5 table over `turns`, kept by triggers."""
