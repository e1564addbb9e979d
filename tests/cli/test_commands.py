"""The command line itself: options for all commands, help, the page of commands, doctor and bench."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import ctranslate2
import pytest
import typer.main
from typer.testing import CliRunner

from jett.app import voice_trouble
from jett.app.sockets import open_sockets
from jett.cli.bench import MODULES, Benchmark
from jett.cli.commands import app
from jett.cli.doctor import fixes
from jett.cli.environment import QUIET, keep_to_ourselves
from jett.cli.findings import Finding
from jett.cli.reference import markdown
from jett.cli.running import jett_words
from jett.engines.llm.own_ports import OWN_PORTS
from jett.settings import Settings
from tests.cli.conftest import QUESTION, Jett

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def every_command() -> list[tuple[str, Any]]:
    def walk(name: str, command: Any) -> list[tuple[str, Any]]:
        inner = getattr(command, "commands", {})
        return [(name, command), *(row for part in inner for row in walk(f"{name} {part}".strip(), inner[part]))]

    return walk("", typer.main.get_command(app))


def test_the_page_of_commands_is_current() -> None:
    assert PAGE.read_text("utf-8") == markdown(), "run: python -m jett.cli.reference > docs/commands.md"


def test_every_command_and_option_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    for name, command in every_command():
        assert f"# jett {name}".rstrip() + "\n" in page
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or all(f"`{word}`" in page for word in parameter.opts), name


@pytest.mark.parametrize(("name", "command"), every_command())
def test_every_command_says_what_it_does_and_has_an_example(name: str, command: Any) -> None:
    shown = CliRunner().invoke(app, [*name.split(), "--help"])
    assert shown.exit_code == 0
    assert command.help
    assert f"jett {name}".strip() in command.epilog
    assert all(parameter.help for parameter in command.params), name


@pytest.mark.parametrize(("name", "command"), every_command())
def test_help_names_no_type_of_python_and_what_a_value_is_in_capitals(name: str, command: Any) -> None:
    shown = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "160"}).output
    assert not re.search(r"<[a-z ]+>|list\[|None", shown), shown
    for parameter in command.params:
        assert getattr(parameter, "is_flag", False) or parameter.metavar == parameter.metavar.upper(), parameter.name
        assert getattr(parameter, "is_flag", False) or parameter.metavar in shown


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("--profile ", {"cpu", "gpu-8gb", "remote"}),
        ("--profile g", {"gpu-8gb"}),
        ("models pull --profile r", {"remote"}),
        ("models remove silero", {"silero-vad"}),
        ("say --voice af_h", {"af_heart"}),
        ("vram --llm smol", {"smollm2-135m-instruct-q4_1"}),
        ("bench l", {"latency", "llm"}),
    ],
)
def test_the_shell_is_offered_the_values_of_a_closed_set(bare: Jett, words: str, offered: set[str]) -> None:
    code = "import sys; sys.argv = ['jett']; from jett.cli.main import run; sys.exit(run())"
    asked = {"_JETT_COMPLETE": "complete_bash", "COMP_WORDS": f"jett {words}", "COMP_CWORD": str(len(words.split(" ")))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=bare.env | asked, capture_output=True, text=True, timeout=60
    )
    assert set(done.stdout.split()) == offered, done.stderr


def test_options_before_the_command_hold_for_it_and_for_nothing_after(tmp_path: Path) -> None:
    settings = tmp_path / "other.toml"
    settings.write_text("[turn]\ncap_s = 0.9\n")
    before = dict(os.environ)
    words = ["--profile", "remote", "--config", str(settings), "config", "show", "--json"]
    shown = json.loads(CliRunner().invoke(app, words).stdout)

    assert shown["settings"]["profile"] == {"value": "remote", "origin": "option"}
    assert shown["profile_reason"] == "set by an option"
    assert shown["settings"]["turn.cap_s"]["value"] == 0.9
    assert dict(os.environ) == before


def test_the_libraries_are_told_to_send_nothing_unless_the_user_said_otherwise() -> None:
    environment = {"DO_NOT_TRACK": "0"}
    keep_to_ourselves(environment)
    assert environment == QUIET | {"DO_NOT_TRACK": "0"}


def test_a_mistake_of_ours_is_short_and_its_place_is_kept_in_a_file(bare: Jett) -> None:
    (bare.folder / "no-models").write_text("a file where a folder should be")
    done = bare("models", "pull", "silero-vad", XDG_STATE_HOME=str(bare.folder), PIP_NO_INDEX="1")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("command_line", "words"),
    [
        (["python3", "-m", "jett", "talk"], ["talk"]),
        (["/venv/bin/python", "-X", "dev", "/venv/bin/jett", "ask", "Why?"], ["ask", "Why?"]),
        (["jett.exe", "talk"], ["talk"]),
        (["python3", "-m", "pytest", "jett"], None),
        (["python3", "-m", "jett.engines.tts.phoneme_worker"], None),
        (["vim", "jett"], None),
        (["git", "commit", "-m", "jett"], None),
        (["bash", "-c", "jett talk"], None),
        ([], None),
    ],
)
def test_a_jett_is_known_by_its_command_line(command_line: list[str], words: list[str] | None) -> None:
    assert jett_words(command_line) == words


@pytest.mark.models
def test_doctor_lists_the_sockets_of_a_jett_that_answers_a_recording(jett: Jett) -> None:
    talking = jett.start("talk", "--input", QUESTION)
    assert talking.stderr is not None
    assert any("engines:" in line for line in talking.stderr)
    report = json.loads(jett("doctor", "--json").stdout)
    talking.kill()
    talking.communicate()

    running = [one["value"] for one in report["findings"] if one["name"] == "jett talk"]
    assert f"process {talking.pid}" in running
    listening = [one for one in report["sockets"] if (one["pid"], one["status"]) == (talking.pid, "LISTEN")]
    assert [one["expected"] for one in listening] == [True]
    assert listening[0]["local"].startswith("127.0.0.1:")


@pytest.mark.models
def test_doctor_finds_everything_in_place_and_only_sockets_of_our_own(jett: Jett) -> None:
    done = jett("doctor", "--load", "--json")
    report = json.loads(done.stdout)

    assert report["can_answer_files"], report["problems"]
    assert done.returncode == (0 if report["can_talk"] else 1)
    assert {problem["subject"] for problem in report["problems"]} <= {"devices"}
    others = {one["value"] for one in report["findings"] if one["subject"] == "running"}
    mine = [one for one in report["sockets"] if f"process {one['pid']}" not in others]
    assert [one["status"] for one in mine if one["local"].startswith("127.0.0.1:")].count("LISTEN") == 1
    assert all(one["expected"] for one in mine)


def test_doctor_names_the_command_that_mends(bare: Jett) -> None:
    done = bare("doctor", "--json")
    report = json.loads(done.stdout)
    fixes = {problem["name"]: problem["fix"] for problem in report["problems"]}

    assert (done.returncode, report["can_talk"], report["can_answer_files"]) == (1, False, False)
    assert fixes["silero-vad"] == "jett models pull silero-vad"
    assert "→ jett models pull silero-vad" in bare("doctor").stdout


def test_doctor_ends_with_what_is_wrong_and_then_with_what_mends_it(bare: Jett) -> None:
    shown = bare("doctor").stdout
    report, conclusion, mending = shown.partition("\nJett cannot talk yet:\n")
    subjects = [line.split()[0] for line in report.splitlines() if line[:1].strip()]

    others = {"running"} & set(subjects)  # somebody else's Jett, on a machine that is shared
    expected = ["machine", "settings", "engines", "models", "devices", "guard", *others, "sockets", "privacy"]
    assert subjects == expected
    assert conclusion
    wrong, _, fixes = mending.strip().partition("\n\n")
    assert "silero-vad: missing" in wrong
    assert all(line.startswith("→ ") for line in fixes.splitlines())
    assert not any(line.strip().startswith("→") for line in (report + wrong).splitlines())


def test_each_fix_is_named_once_and_all_missing_models_in_one_command() -> None:
    problems = [
        Finding("models", "a", "missing", "everything", "jett models pull a"),
        Finding("models", "voice", "none", "everything", "fix: jett models pull a"),
        Finding("models", "b", "missing", "everything", "jett models pull b"),
        Finding("devices", "microphone", "none", "live", "plug one in; `jett talk --input FILE` needs none"),
        Finding("devices", "speaker", "none", "live", "plug one in; `jett talk --output FILE` needs none"),
    ]
    assert fixes(problems) == ["jett models pull a b", "plug one in"]


def test_a_server_that_does_not_answer_is_found_by_doctor(bare: Jett) -> None:
    done = bare("doctor", "--json", JETT_LLM__BACKEND="ollama", JETT_LLM__URL="http://127.0.0.1:9")
    problems = {problem["name"]: problem["value"] for problem in json.loads(done.stdout)["problems"]}
    assert "nobody answers at http://127.0.0.1:9" in problems["language model server"]


@pytest.mark.parametrize(("section", "backend"), [("llm", "ollama"), ("stt", "openai")])
def test_a_server_without_an_address_is_told_as_that(bare: Jett, section: str, backend: str) -> None:
    done = bare("doctor", "--json", **{f"JETT_{section}__BACKEND".upper(): backend})
    problems = {problem["value"]: problem["fix"] for problem in json.loads(done.stdout)["problems"]}
    assert problems[f"backend '{backend}' has no address"] == f"set {section}.url"


@pytest.mark.parametrize(
    ("settings", "env", "name", "says"),
    [
        ("[stt\n", {}, "mistake", "is not valid TOML"),
        ("[stt]\nthreads = -5\n", {}, "mistake", "stt.threads is -5"),
        ("[tts]\nspede = 1\n", {}, "mistake", "unknown key 'tts.spede'"),
        ("", {"JETT_STT__THREADS": "-5"}, "mistake", "stt.threads is -5"),
        ("", {"JETT_CONFIG": "absent.toml"}, "mistake", "absent.toml cannot be read"),
        ('[stt]\nmodel = "whisper-huge"\n', {}, "whisper-huge", "no model is called 'whisper-huge'"),
    ],
)
def test_doctor_looks_at_the_rest_when_the_settings_are_wrong(
    bare: Jett, settings: str, env: dict[str, str], name: str, says: str
) -> None:
    Path(bare.env["JETT_CONFIG"]).write_text(settings)
    done = bare("doctor", "--json", **env)
    report = json.loads(done.stdout)
    (problem,) = [one for one in report["problems"] if one["name"] == name]

    assert (done.returncode, report["can_answer_files"]) == (1, False)
    assert says in problem["value"]
    assert problem["fix"]
    assert {one["subject"] for one in report["findings"]} >= {"machine", "settings", "engines", "models", "devices"}
    assert {"silero-vad", "microphone"} <= {one["name"] for one in report["findings"]}


def test_each_of_several_mistakes_is_marked_as_an_error(bare: Jett) -> None:
    done = bare("config", "show", JETT_STT__THREADS="-5", JETT_TTS__SPEED="9")
    assert [line.partition(" is ")[0] for line in done.stderr.splitlines()] == [
        "error: settings: stt.threads",
        "error: settings: tts.speed",
    ]


@pytest.mark.skipif(bool(ctranslate2.get_cuda_device_count()), reason="this machine has a card")
def test_a_profile_for_a_card_that_is_not_there_is_refused_and_found_by_doctor(bare: Jett) -> None:
    failed = bare("transcribe", QUESTION, JETT_PROFILE="gpu-8gb")
    problems = {
        one["name"]: one for one in json.loads(bare("doctor", "--json", JETT_PROFILE="gpu-8gb").stdout)["problems"]
    }

    assert failed.returncode == 2
    assert "no NVIDIA card with a driver is found here" in failed.stderr
    assert problems["graphics card"]["fix"] == 'use --profile cpu, or set stt.device = "cpu"'


def test_a_voice_that_cannot_use_the_card_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    kokoro = type("KokoroTextToSpeech", (), {})()
    settings = Settings.load(env={"JETT_CONFIG": os.devnull, "JETT_PROFILE": "gpu-8gb"})
    for able, says in ((False, "the voice runs on the CPU"), (True, "")):
        monkeypatch.setattr("jett.engines.onnx.has_cuda", lambda able=able: able)
        assert says in voice_trouble(settings, kokoro)
        assert bool(voice_trouble(settings, kokoro)) == bool(says)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["config show", "config reference"])
def test_a_full_disk_under_standard_output_is_named(bare: Jett, words: str, unbuffered: str) -> None:
    command = f"{sys.executable} -m jett {words} >/dev/full"
    done = subprocess.run(
        command,
        shell=True,
        env=bare.env | {"PYTHONUNBUFFERED": unbuffered},
        cwd=bare.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write standard output: No space left on device")
    assert len(done.stderr.splitlines()) == 1


def test_another_language_needs_a_model_that_knows_it(bare: Jett) -> None:
    done = bare("transcribe", QUESTION, JETT_STT__LANGUAGE="de")
    assert done.returncode == 2
    assert 'set stt.model = "whisper-base"' in done.stderr


def test_a_file_that_is_no_model_is_refused_by_the_plan(bare: Jett) -> None:
    (bare.folder / "reply.wav").write_bytes(b"RIFF and nothing else")
    done = bare("vram", "--llm", "reply.wav")
    assert (done.returncode, "is not a usable GGUF file" in done.stderr) == (4, True)
    assert "profile cpu itself puts nothing on a card" in bare("vram").stdout
    assert bare("vram", JETT_PROFILE="gpu-8gb").stdout.startswith("the plan of profile gpu-8gb")


@pytest.mark.models
def test_the_plan_knows_a_model_of_the_store(jett: Jett) -> None:
    assert jett("vram", JETT_PROFILE="remote").returncode == 0


def test_a_wrong_option_is_named_as_one(bare: Jett) -> None:
    assert "correct it in --profile or JETT_PROFILE" in bare("--profile", "nope", "config", "show").stderr
    assert "correct --config or JETT_CONFIG" in bare("--config", "nope", "config", "show").stderr
    del bare.env["JETT_PROFILE"]
    shown = json.loads(bare("config", "show", "--json").stdout)
    assert shown["settings"]["profile"]["origin"] == "machine"


def test_advice_never_names_the_package_of_somebody_else() -> None:
    for root in ("src", "docs", "benchmarks", "tools"):
        for file in (PAGE.parents[1] / root).rglob("*.*"):
            if file.suffix in (".py", ".md", ".sh", ".toml"):
                assert not re.search(r"pip install \W?jett\b", file.read_text("utf-8")), file


def test_a_socket_open_to_the_network_is_unexpected_and_one_on_loopback_is_not() -> None:
    with socket.create_server(("0.0.0.0", 0)) as everyone, socket.create_server(("127.0.0.1", 0)) as ourselves:
        found = {
            int(one.local.rpartition(":")[2]): one for one in open_sockets(os.getpid(), Settings()) if ":" in one.local
        }
        assert not found[everyone.getsockname()[1]].expected
        assert found[ourselves.getsockname()[1]].expected


def test_only_a_port_that_this_process_registered_is_called_the_language_models() -> None:
    """Neither a stranger on loopback nor one of another process, such as another Jett."""
    with socket.create_server(("127.0.0.1", 0)) as own, socket.create_server(("127.0.0.1", 0)) as stranger:
        ports = [server.getsockname()[1] for server in (own, stranger)]
        listen = "import socket; s = socket.create_server(('127.0.0.1', 0))"
        listen += "; print(s.getsockname()[1], flush=True); input()"
        other = subprocess.Popen(
            [sys.executable, "-c", listen], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with other:
            assert other.stdout is not None
            theirs = int(other.stdout.readline())
            OWN_PORTS.update({ports[0], theirs})
            try:
                found = {one.local: one for one in open_sockets(os.getpid(), Settings()) if one.status == "LISTEN"}
            finally:
                OWN_PORTS.difference_update({ports[0], theirs})
                other.communicate("\n")
    why = [found[f"127.0.0.1:{port}"].purpose for port in (*ports, theirs)]
    assert why[0].startswith("embedded language model's server")
    assert why[1] == f"unknown: port {ports[1]} of process {os.getpid()}, for this machine only"
    assert why[2] == f"unknown: port {theirs} of process {other.pid}, for this machine only"


@pytest.mark.parametrize(
    ("key", "address", "what"),
    [
        ("docker", "tcp://{}", "Docker"),
        ("n8n_url", "http://{}", "n8n"),
        ("anchor_database", "postgresql://jett_audit@{}/jett", "audit anchor's"),
    ],
)
def test_a_connection_to_a_server_of_the_settings_is_named(key: str, address: str, what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        address = address.format(f"127.0.0.1:{server.getsockname()[1]}")
        settings = Settings.load(env={}, overrides={f"ops.{key}": address})
        purpose = next(
            one.purpose
            for one in open_sockets(os.getpid(), settings)
            if one.local.endswith(f":{ours.getsockname()[1]}") and one.remote.endswith(f":{server.getsockname()[1]}")
        )
        assert purpose == f"{what} server that the settings name: {address}"


def test_a_connection_to_a_server_of_tools_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        address = f"http://127.0.0.1:{server.getsockname()[1]}/mcp"
        settings = Settings.load(env={}, overrides={"ops.mcp": {"home": {"url": address}}})
        purposes = [one.purpose for one in open_sockets(os.getpid(), settings)]
        assert f"home, an MCP server that the settings name: {address}" in purposes


def test_bench_hands_its_options_to_the_benchmark(bare: Jett) -> None:
    done = bare("bench", "latency", "--", "--help")
    assert done.returncode == 0, done.stderr
    assert "--peer" in done.stdout
    assert set(MODULES) == set(Benchmark)


def test_bench_refuses_what_it_cannot_measure(bare: Jett) -> None:
    done = bare("bench", "taste")
    assert done.returncode == 2
    assert "latency" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("vram", "--clips", "absent"), "bench: vram takes no --clips, only latency, stt and wake do; leave it out"),
        (
            ("llm", "--png", "a.png"),
            "bench: llm takes no --png, only latency, wake, asleep and speaker do; leave it out",
        ),
    ],
)
def test_bench_refuses_an_option_that_a_benchmark_has_no_use_for(bare: Jett, words: tuple[str, ...], says: str) -> None:
    done = bare("bench", *words)
    assert (done.returncode, done.stderr) == (2, f"error: {says}\n")


@pytest.mark.parametrize(
    "words",
    [("bench", "taste", "--json"), ("nonsense", "--json"), ("transcribe", "--json"), ("say", "hi", "--nope", "--json")],
)
def test_a_wrong_option_is_told_in_json_too(bare: Jett, words: tuple[str, ...]) -> None:
    done = bare(*words)
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (2, 2)
    assert told["error"]
    assert done.stderr


def test_a_benchmark_without_its_recordings_says_so_in_json(bare: Jett, tmp_path: Path) -> None:
    done = bare("bench", "stt", "--json", "--clips", str(tmp_path / "absent"))
    assert json.loads(done.stdout)["exit_code"] == done.returncode != 0


def test_a_link_to_where_nobody_answers_says_so(bare: Jett) -> None:
    """It is printed all the same, since Jett may be started before it is opened."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        answered = bare("link", JETT_SERVER__ADDRESS=address)
    dead = bare("link", JETT_SERVER__ADDRESS=address)
    assert (answered.returncode, answered.stderr) == (0, "")
    assert dead.returncode == 0
    assert dead.stdout.startswith(f"http://{address}/")
    assert dead.stderr == (
        f"warning: nothing answers at {address}; the link is good once this runs, for ten minutes: jett serve\n"
    )


def test_an_empty_record_says_that_it_is_empty(bare: Jett) -> None:
    """For a script there is nothing to read."""
    said = bare("audit", "tail")
    assert (said.returncode, said.stdout) == (0, "")
    assert said.stderr == "audit: there is no record yet; each request for an operation makes one\n"
    told = bare("audit", "tail", "--json")
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
