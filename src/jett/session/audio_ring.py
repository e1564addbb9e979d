"""The last minutes of captured audio, addressed by the audio clock. Nothing of it is ever written to disk."""

from __future__ import annotations

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence


class AudioRing:
    """A ring of 16 kHz samples; what is older than its capacity is forgotten."""

    def __init__(self, capacity_s: float) -> None:
        self._ring = silence(int(capacity_s * SAMPLE_RATE_HZ))
        self.end_sample = 0

    @property
    def end_s(self) -> float:
        """The audio clock: seconds received."""
        return self.end_sample / SAMPLE_RATE_HZ

    def write(self, samples: Samples) -> None:
        """Append `samples`."""
        samples = samples[-self._ring.size :] if samples.size > self._ring.size else samples
        at = self.end_sample % self._ring.size
        first = min(samples.size, self._ring.size - at)
        self._ring[at : at + first] = samples[:first]
        self._ring[: samples.size - first] = samples[first:]
        self.end_sample += samples.size

    def read(self, from_s: float, until_s: float) -> Samples:
        """A copy of what was received between two times, as far as it is still held."""
        until = min(round(until_s * SAMPLE_RATE_HZ), self.end_sample)
        start = max(round(from_s * SAMPLE_RATE_HZ), self.end_sample - self._ring.size, 0)
        if until <= start:
            return silence(0)
        indices = slice(start % self._ring.size, start % self._ring.size + until - start)
        if indices.stop <= self._ring.size:
            return self._ring[indices].copy()
        head = self._ring[indices.start :]
        copy = silence(until - start)
        copy[: head.size] = head
        copy[head.size :] = self._ring[: copy.size - head.size]
        return copy
