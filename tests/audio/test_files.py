"""Audio files of every kind, whole and damaged."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
import tracemalloc
import wave
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile

from jett.audio.files import (
    HeldFile,
    audio_seconds,
    audio_warnings,
    check_wav_target,
    held,
    read_audio,
    stream_audio,
    write_wav,
)
from jett.core.audio import Samples
from jett.core.errors import AudioError

KINDS = [
    ("a.wav", "PCM_U8", 0.02),
    ("a.wav", "PCM_16", 0.001),
    ("a.wav", "PCM_24", 0.001),
    ("a.wav", "PCM_32", 0.001),
    ("a.wav", "FLOAT", 0.001),
    ("a.flac", "PCM_16", 0.001),
    ("a.flac", "PCM_24", 0.001),
    ("a.ogg", "VORBIS", 0.1),
    ("a.mp3", "MPEG_LAYER_III", 0.1),
]


def tone(rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return 0.3 * np.sin(2 * np.pi * 440 * at_s)


def error_against_tone(samples: Samples) -> float:
    """Worst difference of the middle from a 440 Hz tone of 0.3, at any phase."""
    heard = samples[4_000:12_000] / 32_768
    at_s = np.arange(heard.size) / 16_000
    basis = np.stack((np.sin(2 * np.pi * 440 * at_s), np.cos(2 * np.pi * 440 * at_s)), axis=1)
    weights, *_ = np.linalg.lstsq(basis, heard, rcond=None)
    return float(max(np.max(np.abs(heard - basis @ weights)), abs(np.hypot(*weights) - 0.3)))


@pytest.mark.parametrize(("name", "subtype", "tolerance"), KINDS)
@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_kind_of_file_becomes_16_khz_mono(
    tmp_path: Path, name: str, subtype: str, tolerance: float, rate_hz: int, channels: int
) -> None:
    path = tmp_path / name
    soundfile.write(path, np.repeat(tone(rate_hz)[:, None], channels, axis=1), rate_hz, subtype=subtype)
    samples = read_audio(path)
    assert samples.dtype == np.int16
    assert abs(samples.size - 16_000) <= (2_400 if name.endswith("mp3") else 1)
    assert error_against_tone(samples) < tolerance


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 48_000, 96_000, 192_000])
def test_every_rate_is_read(tmp_path: Path, rate_hz: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(rate_hz), rate_hz)
    samples = read_audio(tmp_path / "a.wav")
    assert abs(samples.size - 16_000) <= 1
    assert error_against_tone(samples) < 0.002
    assert audio_seconds(tmp_path / "a.wav") == pytest.approx(1.0)


def test_stereo_is_mixed_and_not_cut_to_one_side(tmp_path: Path) -> None:
    left = tone(16_000)
    soundfile.write(tmp_path / "a.wav", np.stack((2 * left, np.zeros_like(left)), axis=1), 16_000)
    assert error_against_tone(read_audio(tmp_path / "a.wav")) < 0.001


def test_float_files_clip_and_lose_what_is_not_a_number(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.0, 7.0, -7.0, np.nan, np.inf] * 100), 16_000, subtype="FLOAT")
    assert read_audio(tmp_path / "a.wav")[:5].tolist() == [0, 32_767, -32_768, 0, 32_767]


def test_a_long_file_streams_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 48_000, 2, subtype="PCM_16") as sound:
        for _ in range(180):
            sound.write(np.zeros((48_000 * 5, 2), np.int16))
    tracemalloc.start()
    total = sum(block.size for block in stream_audio(path))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 900 * 16_000
    assert peak_bytes < 8_000_000


def noise_bytes(n_bytes: int) -> bytes:
    return np.random.default_rng(3).bytes(n_bytes)


def encoded(subtype: str, kind: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(16_000), 16_000, format=kind, subtype=subtype)
    return file.getvalue()


BROKEN = {
    "zero_bytes.wav": b"",
    "one_byte.wav": b"R",
    "truncated_header.wav": encoded("PCM_16", "WAV")[:20],
    "header_alone.wav": encoded("PCM_16", "WAV")[:44],
    "truncated_header.flac": encoded("PCM_16", "FLAC")[:30],
    "random.wav": noise_bytes(20_000),
    "random.mp3": noise_bytes(20_000),
    "random.raw": noise_bytes(20_000),
    "text.txt": b"This is not sound.\n" * 50,
    "page.wav": b"<html><body>Not found</body></html>" * 50,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BROKEN[name])
    with pytest.raises(AudioError, match=name) as refused:
        read_audio(tmp_path / name)
    assert "give a WAV" in str(refused.value)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nowhere\.wav.*No such file"):
        read_audio(tmp_path / "nowhere.wav")
    with pytest.raises(AudioError, match="is a folder"):
        read_audio(tmp_path)


def test_a_wav_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(16_000), 16_000)
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[: 44 + 16_000])
    assert read_audio(tmp_path / "a.wav").size == 8_000


def wav(form: bytes, promised: int, held: int, *, bytes_per_s: int = 32_000, before: bytes = b"") -> bytes:
    """A mono WAV of 16 kHz whose `data` chunk promises other than it holds."""
    order: Literal["big", "little"] = "big" if form == b"RIFX" else "little"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, order)

    fmt = number(1, 2) + number(1, 2) + number(16_000, 4) + number(bytes_per_s, 4) + number(2, 2) + number(16, 2)
    head = form + number(36 + held, 4) + b"WAVE" + before + b"fmt " + number(16, 4) + fmt
    return head + b"data" + number(promised, 4) + bytes(held)


ODD_CHUNK = b"LIST" + (3).to_bytes(4, "little") + b"abc\0"
LONG_SIZE = (
    b"ds64" + (28).to_bytes(4, "little") + (0).to_bytes(8, "little") + (64_000).to_bytes(8, "little") + bytes(12)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (wav(b"RIFF", 32_000, 16_000), r"'a.wav' is cut short: it holds 16000 of the 32000 bytes .*\(0.5 of 1.0 s\)"),
        (wav(b"RIFF", 32_000, 16_000, before=ODD_CHUNK), "16000 of the 32000 bytes"),
        (wav(b"RIFX", 32_000, 16_000), "16000 of the 32000 bytes"),
        (wav(b"RF64", 0xFFFF_FFFF, 32_000, before=LONG_SIZE), "32000 of the 64000 bytes"),
        (wav(b"RIFF", 32_000, 16_000, bytes_per_s=0), "its header promises; what is there is used"),
        (wav(b"RIFF", 32_000, 32_000), ""),
        (wav(b"RIFF", 32_000, 32_100), ""),  # a note of the recorder behind the sound
        (wav(b"RIFF", 0xFFFF_FFFF, 16_000), ""),  # from a pipe, whose writer could not know
        (wav(b"RIFF", 0x7FFF_F000, 16_000), ""),
        (b"RIFF and nothing else", ""),
        (wav(b"RIFF", 32_000, 0)[:30], ""),
        (b"", ""),
    ],
)
def test_a_wav_that_holds_less_than_it_promises_is_told(content: bytes, says: str) -> None:
    (warning,) = audio_warnings(HeldFile("a.wav", content)) or [""]
    assert re.search(says, warning)
    assert bool(warning) == bool(says)


def test_only_a_cut_wav_is_warned_of(tmp_path: Path) -> None:
    for name, subtype, _ in KINDS:
        soundfile.write(tmp_path / name, tone(16_000), 16_000, subtype=subtype)
        assert audio_warnings(tmp_path / name) == []
    assert audio_warnings(tmp_path / "absent.wav") == []
    assert audio_warnings(tmp_path) == []


def test_a_file_in_memory_is_read_like_one_on_disk(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(44_100), 44_100)
    held = HeldFile("a pipe", (tmp_path / "a.wav").read_bytes())
    assert np.array_equal(read_audio(held), read_audio(tmp_path / "a.wav"))
    with pytest.raises(AudioError, match="'a pipe' is empty, 0 bytes"):
        read_audio(HeldFile("a pipe", b""))


@pytest.mark.skipif(os.name != "posix", reason="named pipes in the file system are POSIX's")
def test_a_pipe_is_read_whole_before_it_is_decoded(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.full(1_000, 500, np.int16), 16_000)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read in (read_audio, lambda path: read_audio(held(path))):
        writer = threading.Thread(target=pipe.write_bytes, args=((tmp_path / "a.wav").read_bytes(),))
        writer.start()
        assert np.array_equal(read(pipe), read_audio(tmp_path / "a.wav"))
        writer.join(timeout=10)
    assert held(tmp_path / "a.wav") == tmp_path / "a.wav"
    assert held(tmp_path / "absent") == tmp_path / "absent"


def test_what_to_call_a_file_instead_keeps_its_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=re.escape(f"name it {tmp_path / 'x.wav'}")):
        check_wav_target(tmp_path / "x.mp3")
    with pytest.raises(AudioError, match=r"not written to standard output \('-'\); name a file"):
        check_wav_target(Path("-"))


def test_written_wav_comes_back_exactly(tmp_path: Path) -> None:
    samples = np.random.default_rng(2).integers(-32_768, 32_767, 5_000).astype(np.int16)
    write_wav(tmp_path / "a.wav", samples, 24_000)
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24_000, 1, 2)
        assert sound.readframes(5_000) == samples.tobytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]


def test_writing_over_a_folder_or_into_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no file that can be replaced"):
        write_wav(tmp_path, np.zeros(10, np.int16), 16_000)
    with pytest.raises(AudioError, match="No such file"):
        write_wav(tmp_path / "no" / "a.wav", np.zeros(10, np.int16), 16_000)


def test_a_place_that_cannot_be_written_or_is_an_input_is_refused_beforehand(tmp_path: Path) -> None:
    spoken = tmp_path / "in.wav"
    write_wav(spoken, np.zeros(10, np.int16), 16_000)
    before = spoken.read_bytes()
    with pytest.raises(AudioError, match="is also an input"):
        check_wav_target(tmp_path / ".." / tmp_path.name / "in.wav", [spoken])
    with pytest.raises(AudioError, match="no folder"):
        check_wav_target(tmp_path / "no" / "a.wav")
    check_wav_target(spoken)
    check_wav_target(tmp_path / "new.wav", [spoken])
    assert spoken.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.wav"]


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limit on Windows")
def test_a_full_disk_leaves_the_old_file_and_no_half_written_one(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")
    program = (
        "import resource, numpy; from jett.audio.files import write_wav; from jett.core.errors import AudioError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"try: write_wav({str(target)!r}, numpy.zeros(90_000, numpy.int16), 16_000)\n"
        "except AudioError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "cannot write" in said
    assert "File too large" in said
    assert target.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]
