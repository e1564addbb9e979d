"""What is done to a voice on its way, and who might pose as somebody: noise, rooms, a loudspeaker, Jett's voices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.speaker_trials import Changed, Profile, Utterance, place_of
from jett.audio.files import read_audio
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, to_float32, to_int16
from jett.core.errors import AudioError
from jett.core.ports import SpeakerEncoder, TextToSpeech, VoicePlace
from jett.engines.speaker.verifier import ProfileSpeakerVerifier
from jett.engines.tts.kokoro import KokoroTextToSpeech
from jett.engines.tts.piper import PiperTextToSpeech
from jett.models.store import Store

_LOUDSPEAKER_HZ = (250.0, 5_500.0)
"""What a telephone's loudspeaker plays well."""
NO_ROOM = np.array([32_767], np.int16)
"""The response of a microphone right in front of the loudspeaker."""
_HALF_S = 1.7
_SENTENCE = "Restart n eight n please, and then tell me how the other container is doing."


def in_noise(noises: Sequence[Samples], snr_db: float) -> Changed:
    """Another piece of noise each time, `snr_db` below the utterance as a whole."""

    def changed(sound: Samples, at: int) -> Samples:
        random = np.random.default_rng(at)
        noise = noises[at % len(noises)]
        start = int(random.integers(0, max(1, noise.size - sound.size)))
        piece = np.resize(to_float32(noise[start : start + sound.size]), sound.size)
        signal = to_float32(sound)
        gain = _loudness(signal) / max(_loudness(piece), 1e-6) * 10 ** (-snr_db / 20)
        return to_int16(signal + piece * gain)

    return changed


def in_room(rooms: Sequence[Samples]) -> Changed:
    """Heard across a room."""
    return lambda sound, at: _as_loud(_convolved(to_float32(sound), rooms[at % len(rooms)]), sound)


def replayed(rooms: Sequence[Samples]) -> Changed:
    """Played again by a small loudspeaker in a room."""

    def changed(sound: Samples, at: int) -> Samples:
        return _as_loud(_convolved(_through_loudspeaker(to_float32(sound)), rooms[at % len(rooms)]), sound)

    return changed


def louder(most_db: float) -> Changed:
    """Nearer and further away: up to so many dB."""
    return lambda sound, at: to_int16(
        to_float32(sound) * 10 ** (float(np.random.default_rng(at).uniform(-most_db, most_db)) / 20)
    )


def sounds(data: Path, pack: str) -> list[Samples]:
    """The recordings of a pack. Raises AudioError when there are none."""
    found = sorted((data / pack).glob("*.flac"))
    if not found:
        raise AudioError(f"bench: no recordings in '{data / pack}'; give --data the folder of the recordings")
    return [read_audio(path) for path in found]


def synthetic_places(encoder: SpeakerEncoder, models: Store, most: int) -> dict[str, VoicePlace]:
    """Where Jett's own voices lie, each saying a command. `most`: so many of Kokoro's, evenly chosen."""
    found: dict[str, VoicePlace] = {}
    for name, voice in _voices(models, most):
        place = place_of(encoder, resample(voice.synthesize(_SENTENCE), voice.rate_hz, SAMPLE_RATE_HZ))
        if place is not None:
            found[name] = place
    return found


def imitations(profiles: Sequence[Profile], voices: dict[str, VoicePlace]) -> NDArray[np.float64]:
    """How alike each voice and each enrolled speaker are, shape (profiles, voices)."""
    return np.array([[float(place @ profile.place) for place in voices.values()] for profile in profiles])


def _voices(models: Store, most: int) -> Iterator[tuple[str, TextToSpeech]]:
    yield "piper joe", PiperTextToSpeech(models.file("piper-en-us-joe"), threads=2)
    load = partial(KokoroTextToSpeech, models.file("kokoro-82m-int8"), models.path("kokoro-voices"), threads=2)
    files = models.manifest.model("kokoro-voices").files
    for file in files[:: -(-len(files) // most)]:
        name = file.name.removesuffix(".bin")
        yield f"kokoro {name}", load(voice=name)


def _through_loudspeaker(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Band-limited by fourth-order slopes, and a little overdriven."""
    low_hz, high_hz = _LOUDSPEAKER_HZ
    spectrum = np.fft.rfft(signal)
    at_hz = np.maximum(np.fft.rfftfreq(signal.size, 1 / SAMPLE_RATE_HZ), 1.0)
    spectrum /= np.sqrt(1 + (low_hz / at_hz) ** 8) * np.sqrt(1 + (at_hz / high_hz) ** 8)
    played = np.fft.irfft(spectrum, signal.size)
    loud = 3 * max(_loudness(signal), 1e-6)
    return np.asarray(np.tanh(played / loud) * loud, dtype=np.float32)


def _convolved(signal: NDArray[np.float32], room: Samples) -> NDArray[np.float32]:
    size = 1 << (signal.size + room.size - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(to_float32(room), size), size)
    return np.asarray(wet[: signal.size], dtype=np.float32)


def _as_loud(signal: NDArray[np.float32], sound: Samples) -> Samples:
    return to_int16(signal * (_loudness(to_float32(sound)) / max(_loudness(signal), 1e-9)))


def _loudness(signal: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(signal)))) if signal.size else 0.0


def spliced(
    profiles: Sequence[Profile], utterances: Sequence[Utterance], encoder: SpeakerEncoder, threshold: float
) -> tuple[list[float], list[bool]]:
    """What an enrolled speaker begins and somebody else ends: score as a whole, and whether it was taken for theirs."""
    random = np.random.default_rng(9)
    half = round(_HALF_S * SAMPLE_RATE_HZ)
    voiced = {each.file: encoder.voiced(each.sound)[:half] for each in utterances}
    wholes, taken = [], []
    for profile in profiles:
        verifier = ProfileSpeakerVerifier(encoder, partial(_only, profile), threshold)
        others = [each for each in utterances if each.speaker != profile.speaker]
        for own in profile.theirs[:2]:
            other = others[int(random.integers(len(others)))]
            said = np.concatenate([voiced[own.file], voiced[other.file]])
            if (score := verifier.verify(said)) is not None:
                wholes.append(float(encoder.embed(encoder.voiced(said)) @ profile.place))
                taken.append(score.name is not None)
    return wholes, taken


def _only(profile: Profile) -> Mapping[str, VoicePlace]:
    return {profile.speaker: profile.place}
