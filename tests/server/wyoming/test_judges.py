"""Wyoming, judged by other people's programs: wyoming-bench, which measures any server, and a Zeroconf browser."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import warnings
from pathlib import Path

import anyio
import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from jett.server.address import Address
from jett.server.wyoming.serving import announced
from tests.server.wyoming.conftest import Place, fail

_BENCH = Path(sys.executable).with_name("wyoming-bench")
_HANGS_S = 100.0
_MOST_WER = 15.0
SENTENCES = ("The quick brown fox jumps over the lazy dog.", "Please restart the backup when everybody is asleep.")


def bench(command: str, place: Place, *options: str) -> str:
    """What it prints."""
    done = subprocess.run(
        [_BENCH, command, f"127.0.0.1:{place.port}", *options],
        capture_output=True,
        text=True,
        timeout=_HANGS_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rounds(printed: str) -> dict[str, tuple[int, int]]:
    """How many succeeded and failed, by mode."""
    found = re.findall(r"^\[(\w+)\] ok=(\d+) fail=(\d+)", printed, re.MULTILINE)
    return {mode: (int(succeeded), int(failed)) for mode, succeeded, failed in found}


@pytest.mark.models
def test_wyoming_bench_finds_ears_and_voice_that_stream(place: Place) -> None:
    told = bench("info", place)
    assert "asr  jett (transcript streaming)" in told
    assert "tts  jett (synthesize streaming)" in told


@pytest.mark.models
def test_wyoming_bench_hears_the_voice_in_both_modes(place: Place) -> None:
    printed = bench("tts", place, "--texts", *SENTENCES, "--rounds", "1", "--warmup", "0")
    assert rounds(printed) == {"non_streaming": (2, 0), "streaming": (2, 0)}


@pytest.mark.models
def test_wyoming_bench_is_understood_in_both_modes(place: Place, tmp_path: Path) -> None:
    """The voice's own sentences, sent back to the ears."""
    corpus = str(tmp_path / "corpus")
    bench("generate-corpus", place, "--texts", *SENTENCES, "--out", corpus)
    printed = bench("stt", place, "--corpus", corpus, "--rounds", "1", "--warmup", "0", "-v")
    assert rounds(printed) == {"non_streaming": (2, 0), "streaming": (2, 0)}
    wrong = [float(percent) for percent in re.findall(r"Accuracy +WER=([\d.]+)%", printed)]
    assert len(wrong) == 2
    assert max(wrong) <= _MOST_WER


def test_home_assistant_finds_the_port_by_its_announcement() -> None:
    async def scene() -> None:
        async with announced(Address("127.0.0.1", 10_700), fail, "jett-test"):
            browser = AsyncZeroconf(interfaces=["127.0.0.1"])
            try:
                found = AsyncServiceInfo("_wyoming._tcp.local.", "jett-test._wyoming._tcp.local.")
                assert await found.async_request(browser.zeroconf, 10_000)
            finally:
                await browser.async_close()
        assert (found.parsed_addresses(), found.port) == (["127.0.0.1"], 10_700)

    anyio.run(scene)


def test_an_announcement_that_cannot_be_made_is_told_and_ends_nothing() -> None:
    """192.0.2.1 is an address of documentation, so no machine's own."""
    told: list[str] = []

    async def scene() -> None:
        async with announced(Address("192.0.2.1", 10_700), told.append):
            assert "give Home Assistant the address 192.0.2.1, port 10700" in told[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the library leaves the sockets it had to the collector
        anyio.run(scene)
        gc.collect()
    assert len(told) == 1
