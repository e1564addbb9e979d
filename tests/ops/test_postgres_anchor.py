"""The audit log's head in a real PostgreSQL: kept in the background, never replaced; killed and back; verified."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jett.app.record import audit_log
from jett.core.errors import ConfigError
from jett.core.postgres_place import Place
from jett.guard import Agreement, AuditLog, FileAnchor, Head, tail, verify
from jett.ops.postgres_anchor import PostgresAnchor
from jett.ops.postgres_table import parse_place
from jett.settings import Settings
from tests.deploy.support import cannot_be_tested
from tests.guard.support import at
from tests.guard.test_audit import entry, lines, problems, rewrite, segment
from tests.ops.postgres_server import PostgresServer, postgres_server, why_no_postgres

HANG_LIMIT_S = 30.0


@pytest.fixture(scope="module")
def _server() -> Iterator[PostgresServer]:
    if missing := why_no_postgres():
        cannot_be_tested(missing)
    with postgres_server() as running:
        yield running


@pytest.fixture
def server(_server: PostgresServer) -> PostgresServer:
    """With an empty table, which its owner must make anew since nobody can empty it."""
    emptied = "ALTER TABLE jett_audit.jett_audit_anchor DISABLE TRIGGER only_grows; "
    emptied += "DELETE FROM jett_audit.jett_audit_anchor; "
    emptied += "ALTER TABLE jett_audit.jett_audit_anchor ENABLE TRIGGER only_grows"
    assert _server.query("postgres", emptied) == (0, "")
    return _server


@pytest.fixture
def anchored(server: PostgresServer) -> Iterator[Callable[[], PostgresAnchor]]:
    """Makes anchors, and closes them."""
    made: list[PostgresAnchor] = []

    def make() -> PostgresAnchor:
        password = server.password_file.read_text().strip()
        made.append(PostgresAnchor(parse_place(server.address), lambda: password, first_retry_s=0.05))
        return made[-1]

    yield make
    for anchor in made:
        anchor.close()


Anchored = Callable[[], PostgresAnchor]


def test_every_head_arrives_and_verify_agrees(tmp_path: Path, anchored: Anchored, server: PostgresServer) -> None:
    """The newest at least; those that came while the database was slow may be skipped."""
    anchor = anchored()
    log = AuditLog(tmp_path / "log", anchors=[FileAnchor(tmp_path / "head"), anchor])
    for number in range(1, 21):
        log.append(entry(number), at(number))
    assert anchor.kept(HANG_LIMIT_S)
    assert anchor.heads()[-1] == tail(log, 1)[0].head
    assert [said.agreement for said in verify(log).anchors] == [Agreement.AGREES, Agreement.AGREES]
    assert log.anchor_warning == ""
    assert server.query("jett_audit", "SELECT count(*) > 0, max(at) <= now() FROM jett_audit_anchor") == (0, "t|t")


FORBIDDEN = [
    "UPDATE jett_audit_anchor SET hash = repeat('0', 64)",
    "DELETE FROM jett_audit_anchor",
    "TRUNCATE jett_audit_anchor",
    "DROP TABLE jett_audit_anchor",
    "DROP SCHEMA jett_audit CASCADE",
    "DROP TRIGGER only_grows ON jett_audit_anchor",
    "ALTER TABLE jett_audit_anchor DISABLE TRIGGER ALL",
    "INSERT INTO jett_audit_anchor (seq, hash, at) VALUES (7, repeat('1', 64), 'yesterday')",
    "INSERT INTO jett_audit_anchor (seq, hash) VALUES (1, repeat('1', 64))",
    "INSERT INTO jett_audit_anchor (seq, hash) VALUES (1, repeat('1', 64)) ON CONFLICT (seq) DO UPDATE SET hash = ''",
    "INSERT INTO jett_audit_anchor (seq, hash) VALUES (7, 'words')",
    "INSERT INTO jett_audit_anchor (seq, hash) VALUES (0, repeat('1', 64))",
    "ALTER ROLE jett_audit SUPERUSER",
    "SET ROLE postgres",
    "SET ROLE jett",
    "CREATE TABLE jett_audit.other ()",
]


@pytest.mark.parametrize("role", ["jett_audit", "jett", "n8n"])
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_no_role_of_the_stack_rewrites_what_is_anchored(server: PostgresServer, role: str, statement: str) -> None:
    """Even with a stolen password."""
    told = server.query("jett_audit", "INSERT INTO jett_audit_anchor (seq, hash) VALUES (1, repeat('a', 64))")
    assert told == (0, "")
    if (role, statement) != ("jett", "SET ROLE jett"):
        assert server.query(role, statement.replace(" jett_audit_anchor", " jett_audit.jett_audit_anchor"))[0] != 0
    assert server.query("jett_audit", "SELECT seq, hash FROM jett_audit_anchor") == (0, "1|" + "a" * 64)


@pytest.mark.parametrize(
    "statement", ["UPDATE jett_audit.jett_audit_anchor SET seq = 9", "DELETE FROM jett_audit.jett_audit_anchor"]
)
def test_a_slip_of_the_superuser_is_stopped_by_the_trigger(server: PostgresServer, statement: str) -> None:
    """Who means it can still drop it: root on the server has everything."""
    code, told = server.query("postgres", statement)
    assert code != 0
    assert "jett_audit_anchor only grows" in told


def test_a_database_that_is_killed_costs_no_record_and_gets_the_newest_when_it_is_back(
    tmp_path: Path, anchored: Anchored, server: PostgresServer
) -> None:
    """Meanwhile the warning says from which record on it lags; the heads between are not caught up."""
    anchor = anchored()
    log = AuditLog(tmp_path / "log", anchors=[anchor])
    log.append(entry(1), at(1))
    assert anchor.kept(HANG_LIMIT_S)
    server.kill()
    for number in range(2, 6):
        log.append(entry(number), at(number))
    while not anchor.behind():  # until the thread has noticed
        assert not anchor.kept(0.02)
    assert log.anchor_warning.startswith(
        f"audit: the anchor database 127.0.0.1:{server.port}/jett lags from record 2 ("
    )
    report = verify(log)
    assert (report.intact, report.records) == (True, 5)
    assert report.anchors[0].agreement is Agreement.UNREACHABLE
    server.start()
    assert anchor.kept(HANG_LIMIT_S)
    assert log.anchor_warning == ""
    assert [head.seq for head in anchor.heads()] == [1, 5]
    assert verify(log).anchors[0].agreement is Agreement.AGREES


def test_a_log_cut_off_with_its_anchor_file_rewritten_is_found_by_the_database(
    tmp_path: Path, anchored: Anchored
) -> None:
    """Also once it has grown beyond the place again."""
    anchor, file = anchored(), FileAnchor(tmp_path / "head")
    log = AuditLog(tmp_path / "log", anchors=[file, anchor])
    for number in range(1, 6):
        log.append(entry(number), at(number))
    assert anchor.kept(HANG_LIMIT_S)
    rewrite(segment(log), lines(segment(log))[:2])
    file.store(tail(log, 1)[0].head)
    cut = f"was cut off: {anchor.name} knows 5 records, 2 are left"
    assert problems(log) == [("audit-000001.jsonl", 5, cut)]
    (tmp_path / "head").unlink()
    assert problems(log) == [("audit-000001.jsonl", 5, cut)]

    again = anchored()
    grown = AuditLog(tmp_path / "log", anchors=[file, again])
    for number in range(30, 36):
        grown.append(entry(number), at(number))
    grown.close()
    assert "the log and the anchor database" in grown.anchor_warning or "another record" in grown.anchor_warning
    assert [said.agreement for said in verify(grown).anchors] == [Agreement.AGREES, Agreement.CONTRADICTS]


def test_a_short_command_is_anchored_when_it_closes(tmp_path: Path, anchored: Anchored) -> None:
    """It ends long before the retry would come."""
    log = AuditLog(tmp_path / "log", anchors=[anchored()])
    head = log.append(entry(1), at(1)).head
    log.close()
    assert anchored().heads() == [head]


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from jett.guard import AuditLog
from jett.guard.audit_record import Entry, Kind
from jett.ops.postgres_anchor import PostgresAnchor
from jett.ops.postgres_table import parse_place
anchor = PostgresAnchor(parse_place(sys.argv[2]), lambda: Path(sys.argv[3]).read_text().strip())
log = AuditLog(Path(sys.argv[1]), anchors=[anchor])
for number in range(25):
    log.append(Entry(Kind.NOTE, str(number)), datetime.now(UTC))
log.close()
sys.stdout.write(log.anchor_warning)
"""


def test_two_processes_anchor_one_log(tmp_path: Path, anchored: Anchored, server: PostgresServer) -> None:
    """Neither takes the other's newer head for tampering."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "log"), server.address, str(server.password_file)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=HANG_LIMIT_S)[0] for process in both]
    assert told == ["", ""]
    log = AuditLog(tmp_path / "log", anchors=[anchored()])
    report = verify(log)
    assert (report.records, report.intact, report.anchors[0].agreement) == (50, True, Agreement.AGREES)


class Silent:
    """Takes connections and says nothing, as a machine behind a dead tunnel; counts what it is asked."""

    def __enter__(self) -> Silent:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.place = Place("jett_audit", "127.0.0.1", int(self.socket.getsockname()[1]), "jett")
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_a_database_that_does_not_answer_holds_up_neither_an_operation_nor_the_end(tmp_path: Path) -> None:
    """One head waits, whatever is written; closing gives up at its limit with the thread still waiting."""
    with Silent() as silent:
        anchor = PostgresAnchor(silent.place, lambda: "x", timeout_s=HANG_LIMIT_S, flush_s=0.05)
        log = AuditLog(tmp_path, anchors=[anchor])
        for number in range(1, 51):
            log.append(entry(number), at(number))
        with pytest.raises(OSError, match="no answer yet"):
            anchor.latest()
        log.close()
        assert any(thread.name == "jett-anchor" for thread in threading.enumerate()), "it still waits for an answer"
        assert log.anchor_warning == f"audit: the anchor database {silent.place} cannot be read (no answer yet)"
        accepted, _ = silent.socket.accept()
        accepted.close()
    for thread in threading.enumerate():
        if thread.name == "jett-anchor":
            thread.join(HANG_LIMIT_S)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"N" * 40, b"\xff" * 9, b""])
def test_somebody_else_at_that_port_is_a_database_out_of_reach(answer: bytes) -> None:
    """Whatever it says."""
    with Silent() as silent:

        def speak() -> None:
            connection, _ = silent.socket.accept()
            connection.recv(1000)
            connection.sendall(answer)
            connection.close()

        speaker = threading.Thread(target=speak)
        speaker.start()
        with pytest.raises(OSError, match=r"\w"):
            PostgresAnchor(silent.place, lambda: "hunter2", timeout_s=HANG_LIMIT_S).heads()
        speaker.join()


def test_a_wrong_password_and_a_missing_file_are_told_without_the_password(server: PostgresServer) -> None:
    """With what the database says."""
    anchor = PostgresAnchor(parse_place(server.address), lambda: "hunter2-and-more")
    with pytest.raises(OSError, match="password authentication failed") as told:
        anchor.heads()
    assert "hunter2" not in str(told.value)

    def unreadable() -> str:
        raise OSError("ops.anchor_password_file 'x' cannot be read (No such file or directory)")

    with pytest.raises(OSError, match=r"ops\.anchor_password_file 'x'"):
        PostgresAnchor(parse_place(server.address), unreadable).heads()


def test_another_record_of_the_same_number_is_told(server: PostgresServer, anchored: Anchored) -> None:
    """By a process that never compared."""
    anchored_once = anchored()
    anchored_once.store(Head(3, "a" * 64))
    assert anchored_once.kept(HANG_LIMIT_S)
    other = anchored()
    other.store(Head(3, "b" * 64))
    assert other.kept(HANG_LIMIT_S)
    assert other.behind() == "holds another record 3; run `jett audit verify`"
    other.store(Head(4, "c" * 64))
    assert other.kept(0)
    assert anchored_once.heads() == [Head(3, "a" * 64)]


def test_the_newest_head_wins_and_an_older_one_changes_nothing(anchored: Anchored) -> None:
    """Threads may come in any order."""
    anchor = anchored()
    for seq in (5, 3, 4):
        anchor.store(Head(seq, f"{seq}" * 64))
    assert anchor.kept(HANG_LIMIT_S)
    assert anchor.heads()[-1] == Head(5, "5" * 64)


ADDRESSES = [
    ("postgresql://jett_audit@10.0.0.2:5432/jett", Place("jett_audit", "10.0.0.2", 5432, "jett")),
    ("postgres://a@localhost/b", Place("a", "localhost", 5432, "b")),
    ("postgresql://a@[::1]:6000/b", Place("a", "::1", 6000, "b")),
    ("postgresql://a@[fd00::2]/b", Place("a", "fd00::2", 5432, "b")),
    ("postgresql://a%40b@db.example.org/b?sslmode=require", Place("a@b", "db.example.org", 5432, "b", "require")),
    ("postgresql://a@203.1.114.5/b?sslmode=verify-full", Place("a", "203.1.114.5", 5432, "b", "verify-full")),
]


@pytest.mark.parametrize(("address", "place"), ADDRESSES)
def test_an_address_is_understood(address: str, place: Place) -> None:
    assert parse_place(address) == place


REFUSED = [
    ("mysql://a@10.0.0.2/b", "is not understood"),
    ("postgresql://10.0.0.2/b", "is not understood"),
    ("postgresql://a@10.0.0.2", "is not understood"),
    ("postgresql://a@/b", "is not understood"),
    ("postgresql://a@10.0.0.2:99999/b", "is not understood"),
    ("postgresql://a@10.0.0.2/b/c", "is not understood"),
    ("postgresql://a@10.0.0.2/b?sslmode=prefer", "is not understood"),
    ("postgresql://a@10.0.0.2/b?password=hunter2", "is not understood"),
    ("postgresql://a:hunter2@10.0.0.2/b", "has a password in it; put it into a file: ops.anchor_password_file"),
    ("postgresql://a@8.8.8.8/b", "neither this machine nor a private address"),
    ("postgresql://a@db.example.org/b", "neither this machine nor a private address"),
]


@pytest.mark.parametrize(("address", "why"), REFUSED)
def test_an_address_is_refused_without_its_password(address: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as refused:
        parse_place(address)
    assert "hunter2" not in str(refused.value)


def test_a_server_without_tls_is_refused_where_it_is_wanted(server: PostgresServer) -> None:
    """Never in plain text instead."""
    password = server.password_file.read_text().strip()
    wanted = parse_place(server.address + "?sslmode=require")
    with pytest.raises(OSError, match="Server refuses SSL"):
        PostgresAnchor(wanted, lambda: password).heads()


def test_tls_is_used_and_a_stranger_s_certificate_is_refused_where_it_is_checked(server: PostgresServer) -> None:
    """`require` encrypts, `verify-full` knows whom it talks to."""
    key, certificate = server.folder / "data" / "server.key", server.folder / "data" / "server.crt"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    made += ["-subj", "/CN=elsewhere", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    for file in (key, certificate):
        file.chmod(0o600)
        os.chown(file, *_postgres_ids(server))
    assert server.query("postgres", "ALTER SYSTEM SET ssl = on")[0] == 0
    assert server.query("postgres", "SELECT pg_reload_conf()")[0] == 0
    password = server.password_file.read_text().strip()
    with suppress(OSError):  # the reload may take a moment; then the next connection has it
        PostgresAnchor(parse_place(server.address + "?sslmode=require"), lambda: password).heads()
    assert PostgresAnchor(parse_place(server.address + "?sslmode=require"), lambda: password).heads() == []
    checked = PostgresAnchor(parse_place(server.address + "?sslmode=verify-full"), lambda: password)
    with pytest.raises((OSError, ssl.SSLError), match="certificate"):
        checked.heads()
    assert server.query("postgres", "ALTER SYSTEM SET ssl = off")[0] == 0
    assert server.query("postgres", "SELECT pg_reload_conf()")[0] == 0


def _postgres_ids(server: PostgresServer) -> tuple[int, int]:
    seen = (server.folder / "data").stat()
    return seen.st_uid, seen.st_gid


def test_the_command_line_verifies_against_the_database_of_the_settings(tmp_path: Path, server: PostgresServer) -> None:
    """`jett audit verify --json`, a process of its own; and a missing password file is a mistake in the settings."""
    variables = {
        "JETT_CONFIG": "",
        "JETT_OPS__AUDIT_DIR": str(tmp_path / "log"),
        "JETT_OPS__ANCHOR": str(tmp_path / "head"),
        "JETT_OPS__ANCHOR_DATABASE": server.address,
        "JETT_OPS__ANCHOR_PASSWORD_FILE": str(server.password_file),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    settings = Settings.load(env=variables)
    log = audit_log(settings)
    for number in range(1, 4):
        log.append(entry(number), at(number))
    log.close()
    assert log.anchor_warning == ""
    command = [sys.executable, "-m", "jett", "audit", "verify"]

    def verified(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *options], env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )

    report = json.loads(verified("--json").stdout)
    assert [(said["agreement"], said["newest"]) for said in report["anchors"]] == [("agrees", 3), ("agrees", 3)]
    rewrite(segment(log), lines(segment(log))[:1])
    (tmp_path / "head").unlink()
    cut = verified()
    assert cut.returncode == 7
    assert "the anchor file: lags 1 records behind, at record 0" in cut.stdout
    assert f"the anchor database 127.0.0.1:{server.port}/jett: contradicts at record 3" in cut.stdout
    assert "knows 3 records, 1 are left" in cut.stderr
    with pytest.raises(ConfigError, match=r"ops\.anchor_password_file is not"):
        audit_log(Settings.load(env={**variables, "JETT_OPS__ANCHOR_PASSWORD_FILE": ""}, overrides={}))
