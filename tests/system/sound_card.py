"""A real sound card without hardware: a PulseAudio of our own, whose microphone hears what we say to it.

```
speak ──► [feed] ──monitor──► JettMicrophone ──► Jett ──► JettSpeaker ──monitor──► record
             ▲                                                 │
             └──────────────── echo(True): loopback ◄──────────┘
```
Each card has its own daemon and folder and is stopped by its process id. `card` (in conftest.py) gives one to a test
and points this process at it; a child process takes `card.env`. Needs Linux, root, and the Debian packages
`pulseaudio pulseaudio-utils`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Literal

import numpy as np

from jett.audio.files import write_wav
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence

MICROPHONE = "JettMicrophone"
SPEAKER = "JettSpeaker"
HANG_LIMIT_S = 30.0
_FEED_HZ = 48_000

# "norewinds" keeps a virtual card's blocks at 50 ms; without it they are 2 s, and so is the wait for the first one.
Part = Literal["microphone", "speaker"]
_MODULES: dict[Part, list[str]] = {
    "speaker": [
        "module-null-sink",
        "sink_name=speaker",
        "rate=48000",
        "norewinds=1",
        f"sink_properties=device.description={SPEAKER}",
    ],
    "microphone": [
        "module-remap-source",
        "master=feed.monitor",
        "source_name=jettmic",
        f"source_properties=device.description={MICROPHONE}",
    ],
}


class Recording:
    """What the speaker plays from here on, 16 kHz mono; a thread collects it."""

    def __init__(self, card: SoundCard) -> None:
        self._process = card.popen(
            "parec", "--device=speaker.monitor", "--raw", "--format=s16le", f"--rate={SAMPLE_RATE_HZ}",
            "--channels=1", "--latency-msec=20", stdout=subprocess.PIPE,
        )  # fmt: skip
        self._data = bytearray()
        self._grown = threading.Condition()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    @property
    def samples(self) -> Samples:
        """So far."""
        with self._grown:
            return np.frombuffer(bytes(self._data[: len(self._data) // 2 * 2]), np.int16)

    def wait_for(self, seconds: float) -> Samples:
        """The recording once it is at least so long; fails after the hang limit."""
        n_bytes = 2 * round(seconds * SAMPLE_RATE_HZ)
        with self._grown:
            enough = self._grown.wait_for(lambda: len(self._data) >= n_bytes, HANG_LIMIT_S)
        assert enough, f"the speaker's monitor gave {len(self._data)} of {n_bytes} bytes"
        return self.samples

    def stop(self) -> Samples:
        """End it; all of it."""
        _end(self._process)
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return self.samples

    def _collect(self) -> None:
        assert self._process.stdout is not None
        while block := os.read(self._process.stdout.fileno(), 65_536):
            with self._grown:
                self._data += block
                self._grown.notify_all()


class SoundCard:
    """One virtual card; make it with `sound_card()`."""

    def __init__(self, folder: Path, *, latency_ms: int = 30) -> None:
        self._folder = folder
        self._modules: dict[str, str] = {}
        self.env = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_SERVER": f"unix:{folder}/native",
            "PULSE_LATENCY_MSEC": str(latency_ms),  # goes before what a client asks for
        }

    def speak(self, wav: Path | Samples) -> None:
        """Say a file, or 16 kHz samples, into the microphone, and return when it is said."""
        speaking = self.start_speaking(wav)
        assert speaking.wait(HANG_LIMIT_S + 120) == 0

    def start_speaking(self, wav: Path | Samples) -> subprocess.Popen[bytes]:
        """The same, at once; the caller waits for the process, or ends it to be interrupted."""
        path = wav if isinstance(wav, Path) else self._folder / f"said-{time.monotonic_ns()}.wav"
        if not isinstance(wav, Path):
            write_wav(path, wav, SAMPLE_RATE_HZ)
        return self.popen("paplay", "--device=feed", "--latency-msec=20", str(path))

    def record(self, seconds: float) -> Samples:
        """What the speaker plays in the next `seconds`, 16 kHz mono."""
        recording = Recording(self)
        recording.wait_for(seconds)
        return recording.stop()[: round(seconds * SAMPLE_RATE_HZ)]

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Record the speaker from now on until the end of the block; it runs when the block begins."""
        recording = Recording(self)
        try:
            recording.wait_for(0.02)
            yield recording
        finally:
            recording.stop()

    def echo(self, on: bool, *, volume_percent: int = 50) -> None:
        """Let the microphone hear the speaker, or not.

        Without `adjust_time=0` the loopback resamples from its tenth second on, to correct its own latency: an echo
        whose pitch wanders, as no loudspeaker's does.
        """
        if not on:
            self._unload("echo")
            return
        self._load(
            "echo",
            ["module-loopback", "source=speaker.monitor", "sink=feed", "latency_msec=30", "adjust_time=0",
             "source_dont_move=true", "sink_dont_move=true"],
        )  # fmt: skip
        inputs = json.loads(self._pactl("-f", "json", "list", "sink-inputs"))
        mine = next(entry for entry in inputs if entry["owner_module"] == self._modules["echo"])
        self._pactl("set-sink-input-volume", str(mine["index"]), f"{volume_percent}%")

    def unplug(self, part: Part) -> None:
        """Take the microphone or the speaker away, as a pulled plug does."""
        self._unload(part)

    def plug(self, part: Part) -> None:
        """Put it back, as the default."""
        self._load(part, _MODULES[part])
        if part == "speaker":
            self._pactl("set-default-sink", "speaker")
        else:
            self._pactl("set-default-source", "jettmic")

    def popen(self, *command: str, stdout: int | IO[bytes] = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A client of this card."""
        return subprocess.Popen(command, env=self.env, stdout=stdout, stderr=subprocess.DEVNULL)

    def _play_silence(self, sink: str) -> subprocess.Popen[bytes]:
        return self.popen(
            "pacat", "--playback", "--raw", "--format=s16le", f"--rate={_FEED_HZ}", "--channels=1",
            f"--device={sink}", "--latency-msec=20", "/dev/zero",
        )  # fmt: skip

    def _load(self, key: str, module: list[str]) -> None:
        self._modules[key] = self._pactl("load-module", *module).strip()

    def _unload(self, key: str) -> None:
        self._pactl("unload-module", self._modules.pop(key))

    def _pactl(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pactl", *arguments], env=self.env, check=True, capture_output=True, text=True, timeout=HANG_LIMIT_S
        )
        return done.stdout

    def _wait_until_up(self, daemon: subprocess.Popen[bytes]) -> None:
        until_s = time.monotonic() + HANG_LIMIT_S
        while subprocess.run(["pactl", "info"], env=self.env, capture_output=True, check=False).returncode:
            assert daemon.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < until_s, "PulseAudio does not answer"

    @contextmanager
    def running(self) -> Iterator[SoundCard]:
        """Its daemon, and the silence without which a virtual microphone delivers nothing at all."""
        with ExitStack() as ends, (self._folder / "log").open("wb") as log:
            daemon = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes",
                 "--use-pid-file=no", "--log-target=stderr",
                 "-L", f"module-native-protocol-unix socket={self._folder}/native auth-anonymous=1",
                 "-L", f"module-null-sink sink_name=feed rate={_FEED_HZ} norewinds=1"
                 " sink_properties=device.description=Feed"],
                env=self.env, stdout=log, stderr=log,
            )  # fmt: skip
            ends.callback(_end, daemon)
            self._wait_until_up(daemon)
            self.plug("speaker")
            self.plug("microphone")
            quiet = self._play_silence("feed")
            ends.callback(_end, quiet)
            yield self


@contextmanager
def sound_card(*, latency_ms: int = 30) -> Iterator[SoundCard]:
    """A card of its own for as long as the block lasts.

    It works in blocks of a quarter of the least latency that a client has: `latency_ms`, for those with its `env`.
    """
    folder = Path(tempfile.mkdtemp(prefix="jett-card-"))  # short: the path of a socket has at most 107 bytes
    try:
        with SoundCard(folder, latency_ms=latency_ms).running() as card:
            yield card
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def pointed_at(card: SoundCard) -> Iterator[None]:
    """This process uses `card` as its sound system inside the block."""
    before = {name: os.environ.get(name) for name in ("PULSE_SERVER", "PULSE_LATENCY_MSEC")}
    os.environ |= {name: card.env[name] for name in before}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def why_no_sound_card() -> str:
    """What is missing for a virtual card; empty when all is there."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a virtual sound card needs root on Linux"
    missing = [name for name in ("pulseaudio", "pactl", "pacat", "paplay", "parec") if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)} (apt-get install pulseaudio pulseaudio-utils)" if missing else ""


def similarity(heard: Samples, said: Samples) -> tuple[float, int]:
    """(cosine between `said` and the place in `heard` where it fits best, that place in samples)."""
    padded = np.concatenate((heard, silence(said.size))).astype(np.float64)
    wanted = said.astype(np.float64)
    n_fft = 1 << int(padded.size + wanted.size).bit_length()
    products = np.fft.irfft(np.fft.rfft(padded, n_fft) * np.conj(np.fft.rfft(wanted, n_fft)), n_fft)
    sums = np.concatenate(([0.0], np.cumsum(np.square(padded))))
    energies = sums[wanted.size :] - sums[: -wanted.size]
    cosines = products[: energies.size] / np.sqrt(np.maximum(energies, 1.0) * np.sum(np.square(wanted)))
    place = int(np.argmax(cosines))
    return float(cosines[place]), place


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
