"""Settings from a browser: a real file, changed as a whole or not at all, and the doors that stay closed."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from jett.app.settings_editor import SettingsEditor
from jett.core.errors import AuditError, ConfigError
from jett.guard import AuditLog, Gate, Identity, Policy, tail
from jett.models.store import Store
from jett.server.rest import settings as settings_routes
from jett.settings import Settings
from jett.settings.editable import EDITABLE, ONLY_OFF
from jett.settings.keys import all_keys
from tests.server.rest.place import failure, served

pytestmark = pytest.mark.anyio

OWNERS = """\
# at home
[tts]
speed = 1.2  # Anna likes it fast
backend = "piper"

[stt]
url = "http://10.0.0.9:8000/v1"  # the big machine
api_key = "sk-live-0123456789abcdef0123"
vocabulary = ["grafana"]

[privacy]
keep_recordings = true
"""
PHONE = {"X-Who": "phone"}


@dataclass
class Place:
    """What a test needs."""

    http: httpx.AsyncClient
    file: Path
    editor: SettingsEditor
    gate: Gate
    published: list[tuple[str, Mapping[str, object]]]
    applied: list[float]

    async def rows(self) -> dict[str, dict[str, Any]]:
        answer = await self.http.get("/api/settings")
        assert answer.status_code == 200, answer.text
        return {row["key"]: row for row in answer.json()["settings"]}

    async def patch(self, values: object, **more: Any) -> httpx.Response:
        return await self.http.patch("/api/settings", json={"values": values}, **more)


@asynccontextmanager
async def place(
    folder: Path,
    text: str | None = OWNERS,
    *,
    env: Mapping[str, str] | None = None,
    gate: Gate | None = None,
    now_s: Callable[[], float] = lambda: 0.0,
) -> AsyncGenerator[Place, None]:
    """With an applier of `tts.speed`, as a part that can take a new value at once would give one."""
    file = folder / "jett.toml"
    if text is not None:
        file.write_bytes(text.encode())
        file.chmod(0o600)
    gate = gate or Gate(Policy(), AuditLog(folder / "audit"))
    published: list[tuple[str, Mapping[str, object]]] = []
    applied: list[float] = []
    editor = SettingsEditor(
        gate.note,
        lambda name, data: published.append((name, data)),
        now=lambda: datetime.now(UTC),
        env={"XDG_CONFIG_HOME": str(folder), **({"JETT_CONFIG": str(file)} if text is not None else {}), **(env or {})},
        overrides={"llm.max_tokens": 50},
        appliers={"tts.speed": lambda settings: applied.append(settings.tts.speed)},
    )
    async with served(settings_routes.router(editor, now_s=now_s)) as http:
        yield Place(http, file, editor, gate, published, applied)


async def test_every_setting_is_shown_with_its_kind_limits_and_source(tmp_path: Path) -> None:
    async with place(tmp_path, env={"JETT_STT__THREADS": "2"}) as at:
        rows = await at.rows()
    assert list(rows) == list(all_keys())
    speed = rows["tts.speed"]
    assert (speed["type"], speed["value"], speed["default"], speed["source"]) == ("number", 1.2, 1.0, "file")
    assert (speed["least"], speed["most"], speed["editable"], speed["restart"]) == (0.5, 2.0, True, False)
    assert rows["tts.backend"]["choices"] == ["auto", "piper", "kokoro", "openai"]
    assert rows["turn.cap_s"]["unit"] == "s"
    assert (rows["stt.threads"]["source"], rows["stt.threads"]["editable"]) == ("environment", False)
    assert rows["stt.threads"]["source_detail"] == "set in the environment, by JETT_STT__THREADS"
    assert (rows["llm.max_tokens"]["source"], rows["llm.max_tokens"]["editable"]) == ("option", False)
    assert (rows["stt.device"]["source"], rows["stt.device"]["source_detail"]) == ("profile", "profile cpu")
    kinds = {
        key: rows[key]["type"] for key in ("ui.live", "vram.headroom_mib", "stt.vocabulary", "ops.mcp", "ops.policy")
    }
    assert list(kinds.values()) == ["boolean", "integer", "list", "table", "path"]
    assert all(row["description"] for row in rows.values())


async def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Only whether there is one; an address without what may be in it besides."""
    text = OWNERS + '[ops]\nn8n_url = "http://me:hunter2@10.0.0.2:5678/?key=hunter3"\n'
    text += '[ops.mcp.home]\ncommand = ["home", "--token=hunter4"]\n'
    async with place(tmp_path, text) as at:
        rows = await at.rows()
        text = (await at.http.get("/api/settings")).text
    assert (rows["stt.api_key"]["type"], rows["stt.api_key"]["value"], rows["llm.api_key"]["value"]) == (
        "secret",
        True,
        False,
    )
    assert not any(word in text for word in ("sk-live", "hunter2", "hunter3", "hunter4"))
    assert rows["ops.n8n_url"]["value"] == "http://10.0.0.2:5678/?…"


async def test_a_change_is_written_recorded_told_and_put_to_use(tmp_path: Path) -> None:
    """The owner's comments and order stay; the rest of the file too."""
    async with place(tmp_path) as at:
        answer = await at.patch({"tts.speed": 1.5, "tts.voice": None, "turn.cap_s": 1.4, "stt.vocabulary": ["n8n"]})
        assert answer.status_code == 200, answer.text
        changed = answer.json()
        assert [row["key"] for row in changed["settings"]] == ["tts.speed", "tts.voice", "turn.cap_s", "stt.vocabulary"]
        assert changed["restart"] == ["turn.cap_s", "stt.vocabulary"]
        assert at.applied == [1.5]
        assert at.published == [("settings", {"keys": ["tts.speed", "tts.voice", "turn.cap_s", "stt.vocabulary"]})]
        record = tail(at.gate.audit, 1)[0]
        assert (record.kind, record.identity) == ("note", "dashboard/owner")
        assert record.detail == "settings: tts.speed, tts.voice, turn.cap_s, stt.vocabulary"
        assert (await at.http.get("/api/settings")).json()["waiting"] == ["turn.cap_s", "stt.vocabulary"]
        after = at.file.read_text("utf-8")
    assert after == OWNERS.replace("1.2", "1.5").replace('"grafana"', '"n8n"') + "\n[turn]\ncap_s = 1.4\n"
    assert stat.S_IMODE(at.file.stat().st_mode) == 0o600
    held = Settings.load(at.file, {})
    assert (held.tts.speed, held.turn.cap_s, held.stt.vocabulary) == (1.5, 1.4, ("n8n",))


async def test_a_change_taken_back_waits_no_more(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.patch({"turn.cap_s": 1.4})
        assert (await at.patch({"turn.cap_s": None})).json()["restart"] == []
        assert (await at.http.get("/api/settings")).json()["waiting"] == []


async def test_the_first_change_makes_the_file_readable_by_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    async with place(tmp_path, None) as at:
        assert (await at.patch({"tts.speed": 1.5})).status_code == 200
    made = tmp_path / "config" / "jett" / "jett.toml"
    assert made.read_text("utf-8") == "[tts]\nspeed = 1.5\n"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


async def test_what_lies_behind_a_link_is_changed_and_the_link_stays(tmp_path: Path) -> None:
    """As those have it who keep their settings elsewhere."""
    async with place(tmp_path) as at:
        elsewhere = tmp_path / "dotfiles.toml"
        at.file.rename(elsewhere)
        at.file.symlink_to(elsewhere)
        assert (await at.patch({"tts.speed": 1.5})).status_code == 200
        assert at.file.is_symlink()
        assert "speed = 1.5" in elsewhere.read_text("utf-8")


async def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    async with place(tmp_path, "\ufeff" + OWNERS) as at:
        assert (await at.patch({"tts.speed": 1.5})).status_code == 200
        assert at.file.read_bytes() == ("\ufeff" + OWNERS.replace("1.2", "1.5")).encode()


class Interrupted(Gate):
    """Somebody writes the file by hand between the check and the write."""

    file: Path

    def note(self, detail: str, identity: Identity, now: datetime) -> None:
        super().note(detail, identity, now)
        self.file.write_text("# mine\n[tts]\nspeed = 0.7\n", encoding="utf-8")


async def test_what_somebody_writes_meanwhile_is_not_lost(tmp_path: Path) -> None:
    gate = Interrupted(Policy(), AuditLog(tmp_path / "audit"))
    gate.file = tmp_path / "jett.toml"
    async with place(tmp_path, gate=gate) as at:
        assert "was changed by somebody else just now" in failure(await at.patch({"tts.speed": 1.5}), 409)
        assert at.file.read_text("utf-8") == "# mine\n[tts]\nspeed = 0.7\n"
        assert at.published == []
        assert (await at.rows())["tts.speed"]["value"] == 0.7


class Full(Gate):
    """The record cannot be written."""

    def note(self, detail: str, identity: Identity, now: datetime) -> None:
        raise AuditError("audit: no space left on the device; make room")


async def test_without_a_record_nothing_is_changed(tmp_path: Path) -> None:
    async with place(tmp_path, gate=Full(Policy(), AuditLog(tmp_path / "audit"))) as at:
        failure(await at.patch({"tts.speed": 1.5}), 503)
        assert at.file.read_text("utf-8") == OWNERS


async def test_a_file_with_a_mistake_is_told_and_not_touched(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        for text in ("[tts]\nspeed = fast\n", "[tts]\nspeed = 9\n", "[tss]\n"):
            at.file.write_text(text, encoding="utf-8")
            failure(await at.http.get("/api/settings"), 409)
            failure(await at.patch({"tts.speed": 1.5}), 409)
            assert at.file.read_text("utf-8") == text
        at.file.write_bytes(b"\xff\xfe")
        failure(await at.http.get("/api/settings"), 409)


REFUSED: list[tuple[str, Any, int]] = [
    ("out of its limits", {"tts.speed": 9}, 422),
    ("of another kind", {"tts.speed": "fast"}, 422),
    ("a number in quotes", {"tts.speed": "1.5"}, 422),
    ("a choice that is none", {"tts.backend": "festival"}, 422),
    ("one good and one bad", {"tts.speed": 1.5, "turn.cap_s": 99}, 422),
    ("two that do not go together", {"turn.cap_s": 0.3}, 422),
    ("a misspelling", {"tts.sped": 1.5}, 422),
    ("a section", {"tts": {"speed": 1.5}}, 422),
    ("a table", {"tts.speed": {"a": 1}}, 422),
    ("a list with something else in it", {"stt.vocabulary": ["a", 1]}, 422),
    ("no value", {}, 422),
    ("a number that is none", {"tts.speed": float("nan")}, 422),
    ("a number without an end", {"tts.speed": float("inf")}, 422),
    ("a huge number", {"stt.threads": 10**30}, 422),
    ("half a character", {"audio.input": "\ud800"}, 422),
    ("a text without an end", {"llm.system_prompt": "x" * 300_000}, 422),
    ("a key that writes TOML", {"tts.speed\n[ops]\ndocker": "tcp://evil:1"}, 422),
    ("a yes among the words to listen for", {"stt.vocabulary": ["grafana", "Yes"]}, 422),
    ("… in the middle of others", {"stt.vocabulary": ["grafana confirm qdrant"]}, 422),
    ("… behind another word", {"stt.vocabulary": ["uh,yes"]}, 422),
    ("… behind a stroke", {"stt.vocabulary": ["no/yes"]}, 422),
    ("… among digits and signs", {"stt.vocabulary": ["1yes_2"]}, 422),
    ("… asked", {"stt.vocabulary": ["yes?"]}, 422),
    ("… with a letter that looks the same", {"stt.vocabulary": ["ｙｅｓ"]}, 422),
    ("… with an accent", {"stt.vocabulary": ["yés"]}, 422),
    ("… in two words", {"stt.vocabulary": ["go", "ahead"]}, 422),
    ("… in two words among others", {"stt.vocabulary": ["grafana of", "course qdrant"]}, 422),
    ("… joined", {"stt.vocabulary": ["go-ahead"]}, 422),
    ("… with an apostrophe", {"stt.vocabulary": ["that’s right"]}, 422),
    ("… with an apostrophe for a gap", {"stt.vocabulary": ["do'it"]}, 422),
    ("… in a long list", {"stt.vocabulary": [*map("container {}".format, range(90)), "yeah"]}, 422),
    ("a language model that is none", {"llm.model": "nope"}, 422),
    ("a model of another kind", {"llm.model": "silero-vad"}, 422),
    ("a model that guesses ahead and is none", {"llm.draft_model": "nope"}, 422),
    ("a path for a model", {"stt.model": "../../etc/passwd"}, 422),
    ("a voice that is none", {"tts.backend": "kokoro", "tts.voice": "nope"}, 422),
    ("a voice of another backend", {"tts.voice": "af_heart"}, 422),
    ("a voice of a server that nobody named", {"tts.backend": "openai"}, 422),
    ("a language that the model does not know", {"stt.language": "de"}, 422),
    ("the guard's policy", {"ops.policy": "/tmp/evil.toml"}, 403),
    ("Docker's address", {"ops.docker": "tcp://10.6.6.6:2375"}, 403),
    ("a program to run", {"ops.mcp": None}, 403),
    ("where the record is", {"ops.audit_dir": "/tmp"}, 403),
    ("other names of containers", {"ops.also_called": None}, 403),
    ("actions", {"server.actions": True}, 403),
    ("the address", {"server.address": "192.168.0.2:8480"}, 403),
    ("plain text in the network", {"server.tunnel": True}, 403),
    ("a longer session", {"server.session_days": 365}, 403),
    ("a door for everybody at home", {"server.wyoming": "192.168.0.2:10700"}, 403),
    ("the microphone", {"server.local_loop": "on"}, 403),
    ("where models come from", {"models.mirror": "http://evil"}, 403),
    ("where models lie", {"models.dir": "/tmp"}, 403),
    ("who hears", {"stt.url": "http://evil/v1"}, 403),
    ("who hears, by another way", {"stt.backend": "openai"}, 403),
    ("who hears, by all ways", {"profile": "remote"}, 403),
    ("who reads", {"llm.url": "http://evil/v1"}, 403),
    ("what a model may do", {"llm.tools": "on"}, 403),
    ("a secret", {"stt.api_key": "sk-mine"}, 403),
    ("a secret's file", {"llm.api_key_file": "/etc/shadow"}, 403),
    ("where recordings go", {"privacy.recordings_dir": "/srv/www"}, 403),
    ("where words are kept", {"history.database": "postgresql://me@evil/x"}, 403),
    ("where memories are kept", {"memory.url": "http://evil"}, 403),
    ("where traces go", {"telemetry.traces_url": "http://evil"}, 403),
    ("what a question sounds like", {"tts.pronunciations": None}, 403),
    ("a file to be read", {"wake.words": ["/etc/shadow"]}, 403),
    ("… with an ending of a head's", {"wake.words": ["evil.onnx"]}, 403),
    ("a wake word that is none", {"wake.words": ["hey_evil"]}, 422),
    ("sleep that nothing would end", {"wake.enabled": True}, 422),
    ("what the environment says", {"stt.threads": 1}, 403),
    ("what an option says", {"llm.max_tokens": 1}, 403),
]


async def test_what_is_refused_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Whatever a session asks for that may be somebody else's by now."""
    async with place(tmp_path, env={"JETT_STT__THREADS": "2"}, now_s=partial(next, count(0, 10))) as at:
        for name, values, status in REFUSED:
            body = json.dumps({"values": values}).encode()
            headers = {"Content-Type": "application/json"}
            answer = await at.http.patch("/api/settings", content=body, headers=headers)
            assert answer.status_code == status, (name, answer.text)
            failure(answer, status)
            assert at.file.read_text("utf-8") == OWNERS, name
        assert at.published == []
        assert "evil" not in str([record.detail for record in tail(at.gate.audit, 99)])


async def test_a_refused_model_or_voice_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    """By what a start knows; Jett would not start with it."""
    async with place(tmp_path, "") as at:
        error = (await at.patch({"llm.model": "nope"})).json()["error"]
        assert error["what"] == "llm.model: no language model is called 'nope'"
        assert error["fix"].startswith("use one of: qwen2.5-coder-0.5b-instruct-q4_k_m, ")
        assert "whisper" not in error["fix"]
        error = (await at.patch({"tts.voice": "nope"})).json()["error"]
        assert error["what"] == "tts.voice: no voice is called 'nope'"
        assert error["fix"].startswith("use one of: af_")
        assert (await at.patch({"llm.model": "smollm2-135m-instruct-q4_1"})).status_code == 200
        assert (await at.patch({"stt.model": "whisper-base", "stt.language": "de"})).status_code == 200
        assert (await at.patch({"tts.voice": "af_heart"})).status_code == 200


async def test_words_near_a_yes_are_words_to_listen_for(tmp_path: Path) -> None:
    """Names of containers may have a part that is no agreement by itself, or only inside another word."""
    words = ["yesod", "go-redis", "does", "measure", "of-the-course", "correction", "please", "docker", "right", "n8n"]
    async with place(tmp_path) as at:
        assert (await at.patch({"stt.vocabulary": words})).status_code == 200


async def test_a_server_may_have_models_and_voices_of_any_name(tmp_path: Path) -> None:
    remote = """\
[llm]
backend = "ollama"
url = "http://10.0.0.9:11434"
[stt]
backend = "openai"
url = "http://10.0.0.9:8000/v1"
[tts]
backend = "openai"
url = "http://10.0.0.9:8001/v1"
"""
    async with place(tmp_path, remote) as at:
        named = {"llm.model": "qwen3:8b", "stt.model": "large-v3", "stt.language": "de", "tts.voice": "nova"}
        assert (await at.patch(named)).status_code == 200


async def test_a_mistake_that_was_there_before_keeps_nobody_from_changing_something_else(tmp_path: Path) -> None:
    async with place(tmp_path, '[llm]\nmodel = "nope"\n') as at:
        assert (await at.patch({"tts.speed": 1.5})).status_code == 200
        assert (await at.patch({"llm.model": "nope either"})).status_code == 422
        assert (await at.patch({"llm.model": None})).status_code == 200


@pytest.mark.models
async def test_a_wake_word_is_saved_only_if_its_head_loads(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in ("wake-features", "wake-hey-jarvis"):
        store.path(model)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    heads = tmp_path / "jett" / "heads"
    heads.mkdir(parents=True)
    (heads / "hey_broken.onnx").write_bytes(b"no head")
    async with place(tmp_path, env={"JETT_MODELS__DIR": str(store.root)}) as at:
        assert "hey_broken" in failure(await at.patch({"wake.words": ["hey_broken"], "wake.enabled": True}), 422)
        failure(await at.patch({"wake.words": ["hey_jarvis", "hey_broken"]}), 422)
        assert at.file.read_text("utf-8") == OWNERS
        assert (await at.patch({"wake.words": ["hey_jarvis"], "wake.enabled": True})).status_code == 200
        failure(await at.patch({"wake.words": []}), 422)
        assert (await at.patch({"wake.words": None, "wake.enabled": None})).status_code == 200


async def test_a_head_that_the_owner_named_by_its_file_stays_and_no_other_comes(tmp_path: Path) -> None:
    async with place(tmp_path, '[wake]\nwords = ["/srv/mine.onnx"]\n') as at:
        assert (await at.patch({"wake.words": ["/srv/mine.onnx"], "wake.sensitivity": 0.6})).status_code == 200
        failure(await at.patch({"wake.words": ["/srv/mine.onnx", "/srv/other.onnx"]}), 403)


async def test_recordings_are_turned_off_here_and_on_only_in_the_file(tmp_path: Path) -> None:
    """A stolen session must not make Jett keep more than its owner wants."""
    async with place(tmp_path) as at:
        assert (await at.rows())["privacy.keep_recordings"]["editable"]
        assert (await at.patch({"privacy.keep_recordings": False})).status_code == 200
        assert not (await at.rows())["privacy.keep_recordings"]["editable"]
        failure(await at.patch({"privacy.keep_recordings": True}), 403)
        assert (await at.patch({"history.keep": False})).status_code == 200
        failure(await at.patch({"history.keep": None}), 403)


async def test_a_token_neither_reads_nor_changes_settings(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        failure(await at.http.get("/api/settings", headers=PHONE), 403)
        failure(await at.patch({"tts.speed": 1.5}, headers=PHONE), 403)
        assert at.file.read_text("utf-8") == OWNERS


async def test_changes_are_limited(tmp_path: Path) -> None:
    """Each is a line of the record."""
    async with place(tmp_path) as at:
        codes = [(await at.patch({"tts.speed": 1.0 + n / 100})).status_code for n in range(31)]
    assert codes == [200] * 30 + [429]


def test_what_a_browser_may_change_is_this_and_no_more() -> None:
    """A new setting is closed until somebody comes here and opens it."""
    assert set(all_keys()) >= EDITABLE >= ONLY_OFF
    sections = {name.partition(".")[0] for name in EDITABLE}
    assert sections == {
        *("audio", "vad", "turn", "stt", "llm", "tts", "vram", "privacy", "history", "memory", "ui", "wake"),
    }
    assert not [name for name in EDITABLE if "url" in name or "key" in name or "dir" in name or "file" in name]
    assert len(EDITABLE) == 59


def test_an_editor_is_not_made_of_settings_with_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "jett.toml").write_text("[tts]\nspeed = 9\n", encoding="utf-8")
    env = {"JETT_CONFIG": str(tmp_path / "jett.toml")}
    with pytest.raises(ConfigError):
        SettingsEditor(lambda *_: None, lambda *_: None, now=lambda: datetime.now(UTC), env=env)
