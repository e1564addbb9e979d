"""Backup and restore for real: PostgreSQL's server and tools in the shipped stack, a stand-in for Qdrant's API."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.deploy.support import DEPLOY
from tests.deploy.vps import Vps

pytestmark = [pytest.mark.stage, pytest.mark.root, pytest.mark.timeout(300)]

MANY = """
CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, text text NOT NULL, raw bytea);
TRUNCATE notes;
INSERT INTO notes (text, raw) SELECT 'Zürich ''' || n || E'\\n\\t' || md5(n::text), sha256(n::text::bytea)
FROM generate_series(1, 5000) n;
"""
DIGEST = "SELECT count(*), md5(string_agg(id || text || raw::text, ',' ORDER BY id)) FROM notes"


def run(server: Vps, script: str, *arguments: str, check: bool = True, **variables: str) -> tuple[int, str]:
    done = server.inside(server.server, str(DEPLOY / script), *arguments, check=check, **variables)
    return done.returncode, done.stderr + done.stdout


def backed_up(server: Vps, keep: int = 14) -> Path:
    return Path(run(server, "backup.sh", JETT_BACKUP_KEEP=str(keep))[1].splitlines()[-1])


@pytest.fixture
def filled(server: Vps) -> Vps:
    """With rows in both databases and one collection."""
    shutil.rmtree(server.data / "backups", ignore_errors=True)
    for role in ("n8n", "jett"):
        server.query(role, role, MANY)
    server.engine.docker("exec", "qdrant", "sh", "-c", "echo first > /qdrant/storage/memory")
    return server


def memory(server: Vps) -> str:
    return server.engine.docker("exec", "qdrant", "cat", "/qdrant/storage/memory")


def test_each_role_has_its_own_database_and_no_other(server: Vps) -> None:
    assert server.query("n8n", "n8n", "SELECT current_user") == "n8n"
    assert server.query("n8n", "jett", "SELECT 1", check=False) == ""
    assert server.query("jett", "n8n", "SELECT 1", check=False) == ""
    assert server.query("jett_audit", "n8n", "SELECT 1", check=False) == ""
    assert server.query("jett_audit", "jett", "SELECT count(*) FROM jett_audit_anchor") != ""
    assert server.query("postgres", "postgres", "SELECT count(*) FROM pg_roles WHERE rolsuper") == "1"


def test_what_was_backed_up_comes_back_whole(filled: Vps) -> None:
    before = {role: filled.query(role, role, DIGEST) for role in ("n8n", "jett")}
    anchored = "INSERT INTO jett_audit_anchor (seq, hash) VALUES ({0}, repeat('a', 64)) ON CONFLICT DO NOTHING"
    filled.query("jett_audit", "jett", anchored.format(1))
    backup = backed_up(filled)
    filled.query("n8n", "n8n", "DELETE FROM notes WHERE id % 2 = 0")
    filled.query("jett", "jett", "DROP TABLE notes")
    filled.engine.docker("exec", "qdrant", "sh", "-c", "echo second > /qdrant/storage/memory")

    told = run(filled, "restore.sh", str(backup))[1]

    assert {role: filled.query(role, role, DIGEST) for role in ("n8n", "jett")} == before
    assert memory(filled) == "first"
    assert filled.query("n8n", "n8n", "SELECT tableowner FROM pg_tables WHERE tablename = 'notes'") == "n8n"
    filled.query("n8n", "n8n", "INSERT INTO notes (text) VALUES ('goes on')")
    replaced = next(word for word in told.split() if word.startswith("n8n_before_"))
    assert filled.query("postgres", replaced, "SELECT count(*) FROM notes") == "2500"
    assert filled.query("n8n", "jett", "SELECT 1", check=False) == ""
    assert filled.engine.state("n8n") == "running"
    filled.query("jett_audit", "jett", anchored.format(2))
    assert filled.query("jett_audit", "jett", "SELECT max(seq) FROM jett_audit_anchor") == "2"
    for role in ("jett_audit", "jett", "postgres"):
        filled.query(role, "jett", "DELETE FROM jett_audit.jett_audit_anchor", check=False)
    assert filled.query("jett_audit", "jett", "SELECT count(*) FROM jett_audit_anchor") == "2"


def test_a_backup_is_closed_to_others_and_whole(filled: Vps) -> None:
    backup = backed_up(filled)
    files = {str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file()}
    assert files == {"n8n.dump", "jett.dump", "n8n_encryption_key", "qdrant/memory.snapshot", "SHA256SUMS"}
    assert {path.stat().st_mode & 0o077 for path in [backup, *backup.rglob("*")]} == {0}
    assert not list(backup.parent.glob(".partial*"))


def test_a_damaged_backup_and_another_key_are_refused_and_change_nothing(filled: Vps) -> None:
    backup = backed_up(filled)
    before = filled.query("n8n", "n8n", DIGEST)
    dump = backup / "n8n.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    code, told = run(filled, "restore.sh", str(backup), check=False)
    assert code == 1
    assert "damaged" in told
    dump.write_bytes(whole)
    other = filled.folder / "other-secrets"
    shutil.copytree(filled.data / "secrets", other, dirs_exist_ok=True)
    (other / "n8n_encryption_key").chmod(0o600)
    (other / "n8n_encryption_key").write_text("another\n")
    code, told = run(filled, "restore.sh", str(backup), check=False, JETT_SECRETS=str(other))
    assert code == 1
    assert "n8n's key" in told
    assert filled.query("n8n", "n8n", DIGEST) == before


def test_a_backup_that_fails_leaves_nothing_and_the_newest_stay(filled: Vps) -> None:
    backups = filled.data / "backups"
    for day in ("01", "02", "03"):
        (backups / f"2026-01-{day}T03-00-00Z").mkdir(parents=True)
    newest = backed_up(filled, keep=2)
    assert sorted(path.name for path in backups.glob("2*")) == ["2026-01-03T03-00-00Z", newest.name]

    code, told = run(filled, "backup.sh", check=False, JETT_BACKUP_KEEP="0")
    assert code == 1
    assert "JETT_BACKUP_KEEP" in told
    filled.engine.docker("stop", "qdrant")
    code, _ = run(filled, "backup.sh", check=False)
    filled.engine.docker("start", "qdrant")
    assert code != 0
    assert sorted(path.name for path in backups.glob("[!.]*")) == ["2026-01-03T03-00-00Z", newest.name]
    assert not list(backups.glob(".partial*"))
