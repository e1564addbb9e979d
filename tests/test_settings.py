"""Settings: what wins over what, and how a mistake is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from jett.cli.config import app
from jett.core.errors import ConfigError
from jett.models.store import Store
from jett.settings import Settings, config_path
from jett.settings.keys import all_keys
from jett.settings.languages import WHISPER_LANGUAGES
from jett.settings.limits import limit_of
from jett.settings.profiles import PROFILES
from jett.settings.reference import markdown

DOCS = Path(__file__).parents[1] / "docs"


def load(tmp_path: Path, toml: str = "", env: Mapping[str, str] | None = None, **options: object) -> Settings:
    """Settings from `toml` in a file; `stt__model=…` overrides `stt.model`."""
    file = tmp_path / "jett.toml"
    file.write_text(toml, encoding="utf-8")
    return Settings.load(file, env or {}, {name.replace("__", "."): value for name, value in options.items()})


def test_a_machine_without_a_gpu_gets_the_cpu_profile_with_the_embedded_model(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.profile, settings.llm.backend, settings.stt.device) == ("cpu", "embedded", "cpu")
    assert settings.profile_reason == "no GPU was found"
    assert not settings.privacy.keep_recordings


def test_a_machine_with_a_gpu_gets_the_8_gb_profile_unless_the_user_names_one() -> None:
    assert Settings.load(env={"JETT_CONFIG": os.devnull}, has_gpu=True).profile == "gpu-8gb"
    named = Settings.load(env={"JETT_CONFIG": os.devnull, "JETT_PROFILE": "cpu"}, has_gpu=True)
    assert (named.profile, named.profile_reason) == ("cpu", "set in the environment")


def test_option_beats_environment_beats_file_beats_profile_beats_default(tmp_path: Path) -> None:
    toml = 'profile = "gpu-8gb"\n[stt]\nthreads = 1\npadding_s = 3\nmodel = "a"\n'
    settings = load(tmp_path, toml, {"JETT_STT__THREADS": "2", "JETT_STT__MODEL": "b"}, stt__threads=3)
    names = ["stt.threads", "stt.model", "stt.padding_s", "stt.device", "stt.language"]
    assert [settings.value(name) for name in names] == [3, "b", 3.0, "cuda", "en"]
    assert [settings.origin(name) for name in names] == ["option", "env", "file", "profile", "default"]


def test_an_option_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, stt__threads=None).origin("stt.threads") == "default"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_valid_and_names_only_known_keys(profile: str, tmp_path: Path) -> None:
    assert load(tmp_path, f'profile = "{profile}"').profile == profile
    assert set(PROFILES[profile]) <= set(all_keys())


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[stt]\nmodle = 'x'", "unknown key 'stt.modle'.*did you mean 'stt.model'"),
        ("[sst]\nmodel = 'x'", "unknown key 'sst.model'.*did you mean 'stt.model'"),
        ("profil = 'cpu'", "unknown key 'profil'.*did you mean 'profile'"),
        ("stt = 3", r"'stt' in .* is one value, need a table; write \[stt\]"),
        (
            "profile = 'gpu'",
            r"profile is 'gpu', need 'cpu', 'gpu-8gb' or 'remote'; correct",
        ),
        ("[stt]\npadding_s = 40", "stt.padding_s is 40, need a number from 0.1 to 30; correct it in .*toml"),
        ("[stt]\npadding_s = nan", "stt.padding_s is nan, need a number from 0.1 to 30"),
        ("[turn]\nmin_silence_s = 0.1", "turn.min_silence_s is 0.1, need a number from 0.2 to 2"),
        ("[turn]\ncap_s = true", "turn.cap_s is true, need a number from 0.3 to 5; correct it in .*toml$"),
        ("[turn]\ncap_s = '0.8'", "turn.cap_s is '0.8', need a number from .*; correct it in .*toml, without quotes$"),
        ("[turn]\ncap_s = [1]", r"turn.cap_s is \[1\], need a number"),
        ("[stt]\nthreads = 1.5", "stt.threads is 1.5, need a whole number from 0 to 256"),
        ("[stt]\nthreads = '4'", "stt.threads is '4', need a whole number"),
        ("[ui]\nlive = 'yes'", "ui.live is 'yes', need true or false; correct it in .*toml, without quotes$"),
        ("[ui]\nlive = 1", "ui.live is 1, need true or false"),
        ("[vad]\nthreshold = 1", "vad.threshold is 1, need a number above 0 and below 1"),
        ("[llm]\ntimeout_s = 0", "llm.timeout_s is 0, need a number above 0 and at most 600"),
        (
            "[ops]\nanchor_database = 'postgresql://a:hunter2@10.0.0.2/b'",
            r"ops.anchor_database is 'postgresql://…@10.0.0.2/b', need an address such as .* without a password in it",
        ),
        (
            "[ops]\ndocker = 'tcp://10.0.0.2'",
            "ops.docker is 'tcp://10.0.0.2', need .*the port is needed.*; correct it in",
        ),
        ("[ops]\ndocker = 'tcp://[fd00::2]'", "ops.docker is .*, need an address such as .*tcp://HOST:PORT"),
        (
            "[ops]\ndocker = 'tcp://203.0.113.9:2375'",
            r"ops.docker is 'tcp://203.0.113.9:2375', need https://HOST:PORT with .*100.64/10.*ops.tunnel_hosts",
        ),
        ("[ops]\ndocker = 'ssh://server'", "ops.docker is 'ssh://server', need an address such as unix:///"),
        ("[llm]\nmodel = ''", "llm.model is '', need text that is not empty"),
        ("[llm]\napi_key_file = 3", "llm.api_key_file is 3, need a path"),
        (
            "[stt]\nvocabulary = ['a', 2, 3]",
            r"stt.vocabulary is \['a', 2, 3\], need a list of texts; [^\n]*$",
        ),
        ("[tts]\npronunciations = {nginx = 1}", "tts.pronunciations is {'nginx': 1}, need a table of texts"),
        ("[tts]\nbackend = 'pipper'", r"need 'auto', 'piper', 'kokoro' or 'openai'; correct"),
        ("[ui]\nlanguage = 'de'", "ui.language is 'de', need 'en';"),
        ("[stt]\nlanguage = 'xx'", "stt.language is 'xx', need the code of a language that Whisper knows, .*; correct"),
        ("[stt]\nlanguage = 'de-DE'", r"stt.language is 'de-DE', .*\(did you mean 'de'\?\)"),
        ("[stt]\nlanguage = 'German'", r"\(did you mean 'de'\?\)"),
        ("[stt]\nlanguage = 'ger'", r"\(did you mean 'de'\?\)"),
        ("[stt]\nbackend = 'openai'\nlanguage = 'German'", r"\(did you mean 'de'\?\)"),
        (
            "[turn]\ncap_s = 0.4\nmin_silence_s = 0.5",
            "speculate_after_s <= turn.min_silence_s <= turn.cap_s",
        ),
        ("[llm]\nurl = 'http://127.0.0.1:99999/v1'", "llm.url is .* need an address with a host and a port from 1 to"),
        ("[llm]\nurl = 'http://127.0.0.1:abc/v1'", "llm.url is .* need an address with a host and a port from 1 to"),
        ("[llm]\nurl = 'http://[::1/v1'", "llm.url is .* need an address with a host and a port from 1 to"),
        ("[stt]\nurl = 'http:///v1'", "stt.url is .* need an address with a host and a port from 1 to"),
        ("[llm]\nurl = 'http://x/v1?key=hush'", "llm.url is 'http://x/v1.…', need an address that"),
        ("[llm]\nurl = 'ftp://x'", "llm.url is 'ftp://x', need an address that begins with http:// or https://"),
        ("[audio]\ninput = 2", "audio.input is 2, need text; correct"),
        ("[audio", "is not valid TOML: .*; correct that line"),
    ],
)
def test_a_mistake_names_key_value_limit_and_fix(toml: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"(?s)^settings: .*{said}"):
        load(tmp_path, toml)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "unix:///run/docker.sock",
        "tcp://10.0.0.2:2375",
        "tcp://[fd00::2]:2375",
        "https://server",
        "https://server:2376",
    ],
)
def test_an_address_of_docker_is_taken(address: str, tmp_path: Path) -> None:
    assert load(tmp_path, ops__docker=address).ops.docker == address


def test_a_name_that_the_owner_calls_the_tunnels_is_spoken_to_in_plain_text(tmp_path: Path) -> None:
    settings = load(tmp_path, "[ops]\ndocker = 'tcp://VPS:2375'\ntunnel_hosts = ['vps']")
    assert settings.ops.docker == "tcp://VPS:2375"


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("JETT_TURN__CAP_S", "0.8", "turn.cap_s", 0.8),
        ("JETT_TURN__CAP_S", "1", "turn.cap_s", 1.0),
        ("JETT_STT__THREADS", "4", "stt.threads", 4),
        ("JETT_UI__LIVE", "false", "ui.live", False),
        ("JETT_UI__LIVE", "0", "ui.live", False),
        ("JETT_STT__LANGUAGE", "yue", "stt.language", "yue"),
        ("JETT_MODELS__DIR", "/x", "models.dir", Path("/x")),
        ("JETT_LLM__MODEL", "8", "llm.model", "8"),
    ],
)
def test_text_of_the_environment_becomes_what_the_key_takes(
    variable: str, text: str, name: str, value: object, tmp_path: Path
) -> None:
    found = load(tmp_path, env={variable: text}).value(name)
    assert (type(found), found) == (type(value), value)


def test_a_whole_number_is_a_number_and_a_table_may_be_empty(tmp_path: Path) -> None:
    settings = load(tmp_path, "[turn]\ncap_s = 1\n[stt]\n[llm]\n")
    assert settings.turn.cap_s == 1.0


def test_a_server_may_know_a_language_that_whisper_does_not(tmp_path: Path) -> None:
    assert load(tmp_path, "[stt]\nbackend = 'openai'\nlanguage = 'gsw'").stt.language == "gsw"
    with pytest.raises(ConfigError, match="correct it in JETT_STT__LANGUAGE"):
        load(tmp_path, env={"JETT_STT__LANGUAGE": "gsw"})


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"llm.url is 'http://…@x'") as caught:
        load(tmp_path, "[llm]\nurl = 'http://me:hush@x'\n")
    assert "hush" not in str(caught.value)


@pytest.mark.models
def test_every_language_is_a_token_of_whisper(store: Store) -> None:
    added = json.loads((store.path("whisper-tiny.en") / "tokenizer.json").read_text("utf-8"))["added_tokens"]
    tokens = {token["content"] for token in added}
    absent = {code for code in WHISPER_LANGUAGES if f"<|{code}|>" not in tokens}
    assert absent == {"he", "yue"}, "English-only models still call Hebrew iw; Cantonese came with large-v3"
    languages = {token for token in tokens if re.fullmatch(r"<\|[a-z]{2,3}\|>", token)}
    assert languages <= {f"<|{code}|>" for code in (*WHISPER_LANGUAGES, "iw")}


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "[stt]\npadding_s = 40\n[tts]\nspeed = 9\n")
    assert [line.split()[1] for line in str(caught.value).splitlines()] == ["stt.padding_s", "tts.speed"]


@pytest.mark.parametrize("variable", ["JETT_STT__MODLE", "JETT_STT_MODEL", "JETT_PROFIL", "JETT_ANY__THING"])
def test_a_misspelt_variable_is_refused_not_ignored(variable: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=variable):
        load(tmp_path, env={variable: "x"})


def test_a_variable_that_only_shares_the_prefix_is_left_alone(tmp_path: Path) -> None:
    load(tmp_path, env={"JETT_FOO": "1"})
    with pytest.raises(ConfigError, match=r"did you mean 'JETT_PROFILE'\?"):
        load(tmp_path, env={"JETT_PROFIL": "cpu"})


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    load(tmp_path, env={"PATH": "/bin", "_JETT_COMPLETE": "bash_source", "STT__MODEL": "x"})


def test_lists_and_tables_come_from_the_environment_too(tmp_path: Path) -> None:
    env = {"JETT_STT__VOCABULARY": "grafana, qdrant", "JETT_TTS__PRONUNCIATIONS": '{"nginx": "engine x"}'}
    settings = load(tmp_path, env=env)
    assert settings.stt.vocabulary == ("grafana", "qdrant")
    assert settings.tts.pronunciations == {"nginx": "engine x"}
    with pytest.raises(ConfigError, match="JETT_TTS__PRONUNCIATIONS is not JSON"):
        load(tmp_path, env={"JETT_TTS__PRONUNCIATIONS": "{"})


def test_a_wrong_value_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="correct it in JETT_STT__THREADS"):
        load(tmp_path, env={"JETT_STT__THREADS": "many"})


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, "[llm]\napi_key = 'hush'\n")
    assert settings.llm.read_api_key() == "hush"
    assert "hush" not in repr(settings) + settings.model_dump_json()
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "[llm]\napi_key = ['hush']\n")
    assert "hush" not in str(caught.value)


def test_a_key_file_gives_its_first_line_or_says_why_not(tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("hush\n", encoding="utf-8")
    assert load(tmp_path, llm__api_key_file=str(key_file)).llm.read_api_key() == "hush"
    with pytest.raises(ConfigError, match=r"api_key_file .*missing cannot be read"):
        load(tmp_path, llm__api_key_file=str(tmp_path / "missing")).llm.read_api_key()


def test_a_file_that_was_named_must_exist_and_the_usual_one_need_not(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read"):
        Settings.load(env={"JETT_CONFIG": str(missing)})
    assert config_path({"JETT_CONFIG": str(missing)}) == missing
    assert config_path({}).name == "jett.toml"


@given(st.binary(max_size=200))
def test_any_file_gives_settings_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(content)
    try:
        Settings.load(file, {})
    except ConfigError as error:
        told = str(error)
    else:
        told = "settings: none wrong"
    assert told.startswith("settings: ")


def test_every_key_is_described_and_the_page_is_current() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    for key in all_keys().values():
        assert key.field.description, key.name
        assert limit_of(key), key.name
        assert f"| `{key.name}` |" in page
    assert page == markdown(), "run: jett config reference > docs/configuration.md"


def test_config_show_prints_origins_and_masks_secrets(tmp_path: Path) -> None:
    file = tmp_path / "jett.toml"
    file.write_text("[llm]\napi_key = 'hush'\n", encoding="utf-8")
    shown = CliRunner().invoke(app, ["show", "--json"], env={"JETT_CONFIG": str(file)})
    assert shown.exit_code == 0
    assert "hush" not in shown.output
    settings = json.loads(shown.output)["settings"]
    assert settings["llm.api_key"] == {"value": "********", "origin": "file"}
    assert settings["privacy.keep_recordings"] == {"value": False, "origin": "default"}
    assert CliRunner().invoke(app, ["path"], env={"JETT_CONFIG": str(file)}).output.strip() == str(file)


def test_importing_settings_loads_no_engine() -> None:
    code = "import sys, jett.settings; print({'onnxruntime', 'ctranslate2', 'xllamacpp'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "set()"
    )


def test_a_key_that_no_header_can_carry_is_refused(tmp_path: Path) -> None:
    """And not repeated."""
    settings = load(tmp_path, "[llm]\napi_key = 'sécret'\n")
    with pytest.raises(ConfigError, match="need ASCII") as caught:
        settings.llm.read_api_key()
    assert "cret" not in str(caught.value)
