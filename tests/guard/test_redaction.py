"""Secrets go, ordinary lines stay, hostile text costs no more than other text."""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jett.guard import redact
from jett.guard.redaction_words import REDACTED
from tests.guard.support import cases

HEX64 = "3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a"
KEEP = [
    "mysql -uroot -p -h db.example.com",
    "mysqld is up; mkdir -p /var/lib/mysql",
    "docker run -u 1000:1000 alpine",
    "requirepass is not set",
    "curl -u admin https://host:8080/x",
    "'bob' is nobody; use voice, dashboard, terminal or token:NAME",
    "2026-11-24T11:44:21.123Z INFO n8n started on port 5678",
    "2026-11-24 11:44:21.123 UTC [1] LOG:  database system is ready to accept connections",
    '2026-11-24 11:44:21 UTC [77] FATAL:  password authentication failed for user "postgres"',
    "connection authorized: user=n8n database=n8n application_name=psql SSL enabled (protocol=TLSv1.3)",
    "3f2a9c8b7d6e",
    HEX64,
    f"sha256:{HEX64}",
    f"container {HEX64} died",
    f"n8nio/n8n:1.64.0@sha256:{HEX64}",
    f"/var/lib/docker/overlay2/{HEX64}/merged",
    f"/var/lib/docker/containers/{HEX64}/{HEX64}-json.log",
    '0123456789ab  n8nio/n8n  "tini -- /docker-entr…"  2 hours ago  Up 2 hours',
    "commit e5a8831f0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
    "d41d8cd98f00b204e9800998ecf8427e  backup.tar.gz",
    "123e4567-e89b-12d3-a456-426614174000",
    "execution 123e4567-e89b-12d3-a456-426614174000 finished successfully",
    "request-id=123e4567-e89b-12d3-a456-426614174000 status=200",
    "trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "10.0.0.2:5678 -> 192.168.1.10:51820",
    "fe80::1ff:fe23:4567:890a%eth0",
    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "GET /api/v1/workflows?limit=100&cursor=2 HTTP/1.1 200 1534",
    "https://n8n.example.org:5678/webhook/backup?day=2026-11-24",
    "http://10.0.0.2:6333/collections/notes/points/search",
    "http://localhost:80/@scope/package",
    "git@github.com:n8n-io/n8n.git",
    "ssh://git@github.com/n8n-io/n8n.git",
    "postgres://localhost:5432/n8n?sslmode=disable",
    "mailto:ops@example.org",
    "/usr/share/nginx/html/index.html",
    "/home/User1/Projects/App2/src/Main3.java",
    "C:\\Users\\Owner\\AppData\\Local\\Temp\\n8n.log",
    "usr/lib/node_modules/n8n/dist/src/commands/start.js:123:45",
    "at Object.<anonymous> (/usr/local/lib/node_modules/n8n/packages/cli/src/WorkflowRunner.ts:612:19)",
    "java.lang.IllegalStateException: NioEventLoopGroupThreadFactory is shut down",
    "org.springframework.beans.factory.UnsatisfiedDependencyException",
    "N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS is not set",
    "GENERIC_TIMEZONE=Europe/Berlin",
    "POSTGRES_DB=n8n POSTGRES_USER=n8n",
    "max_tokens=200 prompt_tokens=1523 completion_tokens: 48",
    '{"usage": {"prompt_tokens": 12, "total_tokens": 60}, "model": "qwen3-4b-instruct-2507"}',
    "tokens: 512, tokens per second: 34.5",
    "tokenizer loaded in 0.3 s",
    "pass: 12, fail: 0, skipped: 3",
    "secretary: Bob",
    "the token is valid",
    "the password is incorrect",
    "your password has expired",
    "basic authentication is required",
    "bearer authentication is required",
    "password: ",
    '"password": null, "token": "", "api_key": false',
    "author: Ada",
    "compass: north",
    "significant=yes",
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    "nginx-7d5b8f6c9d-x2x4z",
    "x86_64-unknown-linux-gnu",
    "linux/amd64 docker-ce-cli_27.3.1-1~debian.12~bookworm_amd64.deb",
    "kernel: [12345.678901] br-3f2a9c8b7d6e: port 1(veth3f2a9c8) entered forwarding state",
    "eth0: link up, 1000Mbps, full-duplex, lpa 0xCDE1",
    "CPU 12.5% MEM 123.4MiB / 1.952GiB NET 1.2kB / 648B PIDS 23",
    "Restarting (1) 5 seconds ago",
    "risk-based-assessment-of-the-whole-system",
    "disk-usage-monitor-for-production-hosts",
    "task-runner-launcher-javascript is ready",
    "==========================================================",
    "----------------------------------------------------------",
    "................................................................",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "12345678901234567890",
    "20261124T114421Z-20261125T114421Z",
    "eyJ",
    f"password authentication failed in container {HEX64}",
    f"the token was made for n8nio/n8n@sha256:{HEX64}",
    f"secret removed container={HEX64}",
    f"token checked, image sha256:{HEX64} is current",
    f"container n8n ({HEX64}) has no password",
    f"a secret was replaced\n{HEX64} died",
    f"commit {HEX64[:40]} is not signed with a token",
    "ALTER ROLE n8n PASSWORD NULL",
    "CREATE ROLE n8n LOGIN NOSUPERUSER",
    "is identified by the name of the container",
    "invalid api key",
    "the api key was not found",
    "no encryption key found, one was made",
    '["--tokens", 5, "--verbose"]',
    '["password","user"]',
    "Grüße aus Köln: 3 Container laufen 🙂",
    "",
]

# secret, the text around it with {} in its place
HIDE: list[tuple[str, str]] = [
    ("MyS3cretPw", "mysql -uroot -p{}"),
    ("MyS3cretPw", "mysqldump --all-databases -h db -p{} > all.sql"),
    ("sup3rs3cret", "curl -u admin:{} https://host/x"),
    ("sup3rs3cret", 'curl --user "admin:{}" https://host/x'),
    ("foobared123", "redis requirepass {}"),
    ("letmein99", "sshpass -p {} ssh root@host"),
    ("letmein99", "sshpass -p'{}' ssh root@host"),
    ("hunter2", "PGPASSWORD {}"),
    ("sk-proj-abcdefGHIJKL1234567890mnopqrst", "OPENAI: {}"),
    ("sk-ant-api03-AbCdEf0123456789AbCdEf0123", "key {} used"),
    ("sk-abcdefghijklmnopqrstuvwxyzabcdef", "{}"),
    ("sk-abcdefghijklmnopqrst123", "x{}"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "remote: {}"),
    ("github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz", "using {}"),
    ("AKIAIOSFODNN7EXAMPLE", "aws {} region"),
    ("ASIAIOSFODNN7EXAMPLE", "xyz{}"),
    ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = {}"),
    ("xoxb-123456789012-abcdefABCDEF", "slack {}."),
    ("xapp-1-A0123456789-abc", "{}"),
    ("n8n_api_0123456789abcdef0123456789abcdef", "X-N8N-API-KEY {}"),
    ("jett_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "token {} made"),
    ("glpat-abcdefghijklmnopqrst", "({})"),
    ("hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", "{}"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "maps?{}"),
    ("npm_abcdefghijklmnopqrstuvwxyz0123456789", "{}"),
    ("pypi-AgEIcHlwaS5vcmcabcdefghij", "{}"),
    ("dckr_pat_abcdefghijklmnopqrst", "docker login {}"),
    ("sk_live_abcdefghijklmnop", "{}"),
    ("SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789abcdefg", "{}"),
    ("123456789:AAabcdefghijklmnopqrstuvwxyz1234567", "bot{}/getMe"),
    ("0123456789abcdef0123456789abcdef-us12", "mailchimp {}"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123", "jwt={}"),
    ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "in a log {}"),
    ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "cut off {}"),
    ("abcdef123456", "Authorization: Bearer {}"),
    ("dXNlcjpwYXNz", "Authorization: Basic {}"),
    ("s3cr3t-t0ken", "got bearer {} from"),
    ("onlylettersinthislongtoken", "Bearer {}"),
    ("dXNlcjpwYXNzd29yZA==", "basic {}"),
    ("session=abc; id=5", "Cookie: {}"),
    ("sid=abcdef; HttpOnly", "set-cookie: {}"),
    ("hunter2", "postgres://n8n:{}@postgres:5432/n8n"),
    ("p@ss/w:rd", "redis://:{}@10.0.0.2:6379"),
    ("12345", "https://user:{}@host/path"),
    ("hunter2", "POSTGRES_PASSWORD={}"),
    ("hunter2", "export DB_PASS={} && run"),
    ("hunter2;,&x", "PGPASSWORD={} psql"),
    ("hunter2", "password: {}"),
    ("hunter2", "Password = {}"),
    ("hunter2", "passwd:={}"),
    ("hunter2", "passphrase => {}"),
    ("correct horse battery", 'password="{}"'),
    ("correct horse", "password='{}'"),
    ("it''s", "password: '{}'"),
    ("it'\\''s", "PASSWORD='{}'"),
    ("a b", "secret=`{}`"),
    ("hunter2", '{{"user": "n8n", "password": "{}"}}'),
    ('a\\"b', '{{"token": "{}", "x": 1}}'),
    ("hunter2", '"{{\\"token\\": \\"{}\\", \\"x\\": 1}}"'),
    ('a\\\\\\"b', '"{{\\"token\\": \\"{}\\"}}"'),
    ("cut off here", 'log: {{"secret": "{}'),
    ("1234567", '{{"password":{},"x":1}}'),
    ("123456", "password={}"),
    ("12345", "pass={}"),
    ("123456", "token={}"),
    ("hunter2", "--password {} --verbose"),
    ("hunter2", "mysql --password={}"),
    ("hunter2", "--api-token {}"),
    ("hunter2", "the password is {}, keep it"),
    ("hunter2", "https://x.org/?token={}&y=1"),
    ("abc%3D", "https://x.org/?se=2026&sig={}"),
    ("hunter2", "credentials: {}"),
    ("hunter2", "my_secret_key={}"),
    ("hunter2", "['token']={}"),
    ("hunter2", "auth.token={}"),
    ("hunter2", "N8N_ENCRYPTION_KEY={}"),
    (HEX64, "N8N_ENCRYPTION_KEY={}"),
    (HEX64, "STATEMENT:  CREATE ROLE n8n LOGIN PASSWORD '{}';"),
    (HEX64, "ALTER USER n8n WITH ENCRYPTED PASSWORD '{}'"),
    ("it''s", "ALTER ROLE n8n PASSWORD '{}' VALID UNTIL '2027-01-01'"),
    ("hunter", "ALTER ROLE n8n PASSWORD E'{}'"),
    ("hunter", "ALTER ROLE n8n PASSWORD $${}$$"),
    ("hunter", "ALTER ROLE n8n PASSWORD '{}"),
    ("hunter", "CREATE USER 'n8n'@'%' IDENTIFIED BY '{}';"),
    ("hunter", 'create user n8n identified by "{}"'),
    ("hunter", "ALTER USER u IDENTIFIED WITH caching_sha2_password BY '{}'"),
    ("*0F", "GRANT ALL ON x TO u IDENTIFIED BY PASSWORD '{}'"),
    ("hunter", "SET PASSWORD FOR u = PASSWORD('{}')"),
    (HEX64, "invalid api key {}"),
    ("hunter2", "invalid API key '{}'"),
    ("hunter2", "Incorrect API key provided: {}."),
    (HEX64, "n8n encryption key {}"),
    (HEX64, "encryption key: {}"),
    (HEX64, "the key does not fit: encryption key of the file {}, of the environment none"),
    (HEX64, "{} is not a valid token"),
    (HEX64.upper(), "wrong password ({})"),
    (HEX64[:32], "token {} was used"),
    (HEX64, "last secret was\t{}"),
    ("hunter", '["--password","{}"]'),
    ("hunter", "Cmd: ['n8n', '--db-password', '{}', '-v']"),
    ("hunter", '{{"args":"[\\"-token\\", \\"{}\\"]"}}'),
    ("hunter", '[\n  "--api-key",\n  "{}"\n]'),
    ("hunter", "password: |\n  {}\nuser: n8n"),
    ("hunter", "db:\r\n  password: >-\r\n    first\r\n    {}\r\n  user: n8n"),
    ("123e4567-e89b-12d3-a456-426614174000", "api_key: {}"),
    ("3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e", "{}"),
    ("Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==", "key material {} stored"),
    ("qK7vX2mN9pL4wR8tY3bZ", "id {}"),
    ("kq3v9x2m8n5p7l4w1r6t", "{}"),
    ("aB3-dE6_fG9/hJ2+kL5=mN8aB3-dE6", "{}"),
    ("QwErTyUiOpAsDfGhJkLzXcVb", "{}"),
    ("MIIEvQIBADANBgkqhkiG9w0BAQ", "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----"),
    ("b3BlbnNzaC1r", "-----BEGIN OPENSSH PRIVATE KEY-----\\n{}\\n-----END OPENSSH PRIVATE KEY-----"),
    ("MIIabc", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{}"),
    ("lQOYBF", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}\n-----END PGP PRIVATE KEY BLOCK-----"),
    ("MIIxyz", "-----BEGIN EC PRIVATE KEY-----!{}\n-----END EC PRIVATE KEY-----"),
    ("MIIuvw", "-----BEGIN PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----"),
]


WEB_TOKENS: list[tuple[str, str]] = [
    ("a-run-of-letters-eyJabcde", "a-run-of-letters-eyJabcde"),
    ("a.b-of-a-run-of-eyJabcde", "a.b-of-a-run-of-eyJabcde"),
    ("a-run-of-letters-eyJabcde.a", "a-run-of-letters-[redacted]"),
    ("a-run-of-eyJ" + "a" * 16, "a-run-of-eyJ" + "a" * 16),
    ("a-run-of-eyJ" + "a" * 17, "a-run-of-[redacted]"),
    ("a-run-of-eyj" + "a" * 17, "a-run-of-eyj" + "a" * 17),
]


@pytest.mark.parametrize(("run", "left"), WEB_TOKENS)
def test_the_beginning_of_a_web_token_counts_with_a_dot_after_it_or_with_length(run: str, left: str) -> None:
    """Twenty characters, or a second part; the three letters alone are in many names."""
    assert redact(run) == left


@pytest.mark.parametrize("line", KEEP)
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    """A log that cannot be read is no help."""
    assert redact(line) == line


@pytest.mark.parametrize(("secret", "around"), HIDE)
def test_a_secret_goes(secret: str, around: str) -> None:
    """And what is left says that something was there."""
    redacted = redact(around.format(secret))
    assert secret not in redacted
    assert REDACTED in redacted
    assert redact(redacted) == redacted


EXACT = [
    ("POSTGRES_PASSWORD=hunter2 next", "POSTGRES_PASSWORD=[redacted] next"),
    ('{"token":"abc","user":"bob"}', '{"token":"[redacted]","user":"bob"}'),
    ('{"token":12345678901,"user":"bob"}', '{"token":[redacted],"user":"bob"}'),
    ("postgres://n8n:hunter2@postgres/n8n", "postgres://n8n:[redacted]@postgres/n8n"),
    ("a Authorization: Bearer abc123\nb", "a Authorization: [redacted]\nb"),
    ('-H "Authorization: Bearer abc123" -v', '-H "Authorization: [redacted]" -v'),
    ("x ghp_abcdefghijklmnopqrstuvwxyz0123456789 y", "x [redacted] y"),
    ("token=[redacted] x", "token=[redacted] x"),
    ('{"token":[redacted],"x":1}', '{"token":[redacted],"x":1}'),
    ("a -----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- b", "a [redacted] b"),
    ("ALTER ROLE a PASSWORD 'x' VALID UNTIL 'y'", "ALTER ROLE a PASSWORD '[redacted]' VALID UNTIL 'y'"),
    ('["--password","x","-v"]', '["--password","[redacted]","-v"]'),
    ("db:\n  password: |\n    x\n    y\n  user: n8n", "db:\n  password: [redacted]\n  user: n8n"),
    ("password=a token=b", "password=[redacted] token=[redacted]"),
]


@pytest.mark.parametrize(("text", "redacted"), EXACT)
def test_only_the_secret_goes(text: str, redacted: str) -> None:
    """What is around it can still be read."""
    assert redact(text) == redacted


BASE62 = string.ascii_letters + string.digits


def chars(alphabet: str, count: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choices(alphabet, k=count))


def pem(rng: random.Random) -> str:
    body = base64.b64encode(rng.randbytes(rng.randrange(40, 400))).decode()
    end = rng.choice(["\n", "\\n", "\r\n"])
    kind = rng.choice(["", "RSA ", "EC ", "OPENSSH "])
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return end.join([f"-----BEGIN {kind}PRIVATE KEY-----", *lines, f"-----END {kind}PRIVATE KEY-----"])


def jwt(rng: random.Random) -> str:
    parts = [json.dumps({"alg": "HS256"}), json.dumps({"sub": rng.randrange(10**9)})]
    return ".".join(
        [*(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts), chars(BASE62, 43)(rng)]
    )


# kind: how it is made (the secret), how it stands in text
KINDS: dict[str, tuple[Callable[[random.Random], str], str]] = {
    "openai": (lambda rng: f"sk-{chars(BASE62, 48)(rng)}", "{}"),
    "github": (lambda rng: f"gh{rng.choice('opusr')}_{chars(BASE62, 36)(rng)}", "{}"),
    "aws": (lambda rng: f"AKIA{chars(string.ascii_uppercase + string.digits, 16)(rng)}", "{}"),
    "slack": (lambda rng: f"xoxb-{rng.randrange(10**11)}-{chars(BASE62, 24)(rng)}", "{}"),
    "n8n": (lambda rng: f"n8n_api_{chars(string.hexdigits, 40)(rng)}", "{}"),
    "jett": (lambda rng: f"jett_{chars(BASE62 + '-_', 43)(rng)}", "{}"),
    "jwt": (jwt, "{}"),
    "pem": (pem, "{}"),
    "bearer": (chars(BASE62, 32), "Authorization: Bearer {}"),
    "url": (chars(BASE62 + "!$&*+-_.~", 12), "postgres://user:{}@host/db"),
    "env": (chars(BASE62 + "!#$%&*+-_.~@^", 10), "DB_PASSWORD={}"),
    "yaml": (chars(BASE62 + "!#$%&*+-_.~@^", 10), "password: {}"),
    "json": (chars(BASE62 + " !#$%&*+-_.~@^,;:", 12), '"api_key": "{}"'),
    "single": (chars(BASE62 + ' "!#$%&*+-_.~@^,;:', 12), "token='{}'"),
    "option": (chars(BASE62, 10), "--password {}"),
    "sql": (chars(BASE62 + "!#%&*+-_.~@^", 10), "ALTER ROLE n8n PASSWORD '{}'"),
    "list": (chars(BASE62 + "!#%&*+-_.~@^", 10), '["--password","{}"]'),
    "hex": (lambda rng: rng.randbytes(32).hex(), "invalid api key {}"),
    "installed": (lambda rng: f"jett_{base64.urlsafe_b64encode(rng.randbytes(32)).decode()[:43]}", "{}"),
    "random": (lambda rng: base64.b64encode(rng.randbytes(48)).decode(), "{}"),
}

around = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc")), max_size=30)
between = st.sampled_from([" ", "\n", "\t", ", ", " | ", " ( "])


@cases(300, 0.2)
@given(st.sampled_from(sorted(KINDS)), st.integers(0, 2**32), around, between, around, between)
@example("url", 0, "token:", " ", "", " ")
@example("pem", 1, "-----BEGIN PRIVATE KEY-----", "\n", "x", " ")
def test_a_planted_secret_never_survives(
    kind: str, seed: int, before: str, gap: str, after: str, gap_after: str
) -> None:
    """Of every kind, in any surrounding text; and what is redacted stays so."""
    make, form = KINDS[kind]
    secret = make(random.Random(seed))
    redacted = redact(before + gap + form.format(secret) + gap_after + after)
    assert secret not in redacted
    if kind == "pem":
        assert not any(line in redacted for line in secret.replace("\\n", "\n").split() if len(line) > 20)
    assert redact(redacted) == redacted


@cases(150, 0.05)
@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["token", "=", ":", '"', "\\", " ", "[redacted]", "@", "://", "-"])).map("".join)
)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    """Even of nonsense."""
    once = redact(text)
    assert redact(once) == once


@cases(100, 0.01)
@given(st.integers(0, 2**32))
def test_ids_and_times_are_never_taken_for_secrets(seed: int) -> None:
    """Whatever digits they have."""
    rng = random.Random(seed)
    digest = rng.randbytes(32).hex()
    line = (
        f"2026-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T{rng.randrange(24):02}:44:21.{rng.randrange(999)}Z"
        f" {digest[:12]} sha256:{digest} {uuid.UUID(int=rng.getrandbits(128))}"
        f" 10.{rng.randrange(256)}.0.{rng.randrange(256)}:{rng.randrange(65536)}"
        f" /var/lib/docker/containers/{digest}/config.json"
    )
    assert redact(line) == line


@pytest.mark.parametrize(("length", "missed"), [(20, 60), (24, 40), (32, 12), (43, 3)])
def test_few_random_strings_without_a_name_are_missed(length: int, missed: int) -> None:
    """Of a thousand each; what docs/decisions/redaction.md states."""
    rng = random.Random(5)
    assert sum(redact(secret) == secret for secret in (chars(BASE62, length)(rng) for _ in range(1000))) <= missed


HOSTILE = [
    *("mysql ", "mysql a ", " -u a", " -u a:", "sshpass -p", "PGPASSWORD "),
    *("a", "a.", "eyJ", "eyJa.", "token", "token ", "token=", 'token: "', 'token "', "--", "-", "://a:", "://a:b@"),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----!", "-----BEGIN ", "sk-", "sk-a1", "xox", "xoxb-1-"),
    *("password is ", "'", "\\", '\\"', "token='", 'token=\\"', "A", "1", " ", "\n", "bearer ", "aws key ", "AKIA"),
    *("ghp_", "=", "AccountKey=", "pypi-AgEIcHlwaS5vcmc", "12345678:", "AC", "_", "sig=", "[redacted]", "AKC", "\tAP0"),
    *("SG.", "glagent-", "token\t\t\t\t\t\t\t", "é", "basic 1", "pass_", "aws'", "Ma0-", "token.is "),
    *(
        "PASSWORD '",
        "IDENTIFIED BY ",
        "IDENTIFIED WITH ",
        "identified with a by 'x",
        "PASSWORD $a$",
        "api key ",
        "api key used ",
    ),
    *(
        "token " + "a" * 32 + " ",
        "a" * 32 + " is a ",
        '"--token",',
        '"--token",\n"',
        "password: |\n ",
        "token: |\n a\n",
    ),
    *(" id " + "f" * 32, "token ,"),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_line_is_no_slower_than_another(piece: str) -> None:
    """Anything that grew with the square of the length would hang here for hours."""
    redact(piece * (200_000 // len(piece)))


def test_a_megabyte_without_a_break_works() -> None:
    """One line, random letters, a password at its end."""
    rng = random.Random(1)
    line = "".join(rng.choices(string.ascii_lowercase + " ", k=1_000_000)) + " password=hunter2"
    assert redact(line).endswith(" password=[redacted]")


def test_what_cannot_be_settled_is_redacted_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should rules ever undo each other, nothing is shown."""
    monkeypatch.setattr("jett.guard.redaction.redact_words", lambda text: text + "x")
    assert redact("a") == REDACTED


def test_the_decision_page_names_the_detector() -> None:
    """The page is there, and about this."""
    page = Path(__file__).parents[2] / "docs" / "decisions" / "redaction.md"
    assert "detect-secrets" in page.read_text(encoding="utf-8")
