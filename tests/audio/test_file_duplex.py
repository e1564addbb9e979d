"""A file as a microphone and a speaker: nothing lost, one timeline, no lag that adds up."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import anyio
import anyio.lowlevel
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.audio.file_duplex import AsFastAsPossible, FileDuplex, RealTime
from jett.audio.recording import Recording
from jett.audio.simulated_room import EchoPath
from jett.core.audio import Samples, silence
from jett.core.clock import FakeClock
from jett.core.errors import AudioError


def speech(n_samples: int) -> Samples:
    """Something that is nowhere zero."""
    return np.random.default_rng(n_samples).integers(1, 20_000, n_samples).astype(np.int16)


async def heard_until(duplex: FileDuplex, n_samples: int) -> Samples:
    """Everything up to the first chunk that ends at or after `n_samples`, where the owner finishes."""
    heard = []
    async with aclosing(duplex.chunks()) as chunks:
        async for chunk in chunks:
            heard.append(chunk)
            if duplex.heard_samples >= n_samples:
                duplex.finish()
    return np.concatenate(heard)


@given(n_samples=st.integers(1, 5_000), more=st.integers(0, 2_000), rate_hz=st.sampled_from([16_000, 22_050, 24_000]))
@settings(max_examples=50, deadline=None)
def test_no_sample_is_lost_on_the_way_in_or_out(n_samples: int, more: int, rate_hz: int) -> None:
    source = speech(n_samples)
    duplex = FileDuplex(source, rate_hz=rate_hz, pace=AsFastAsPossible())
    rendered: list[Samples] = []

    def render(n: int) -> Samples:
        rendered.append(speech(n))
        return rendered[-1]

    duplex.start(render)
    heard = anyio.run(heard_until, duplex, n_samples + more)
    np.testing.assert_array_equal(heard[:n_samples], source)
    assert not heard[n_samples:].any()
    assert duplex.input_end_sample == n_samples
    assert duplex.heard_samples == heard.size
    lead = rate_hz // 50
    np.testing.assert_array_equal(duplex.output[lead:], np.concatenate(rendered))
    assert duplex.output.size == (heard.size // 320 + 1) * rate_hz // 50


class ClockThatSleepMoves:
    """A clock and its sleep; `stall_s` is time that passes elsewhere, before the next look."""

    def __init__(self) -> None:
        self.clock = FakeClock(5.0)
        self.slept: list[float] = []

    async def sleep(self, for_s: float) -> None:
        self.slept.append(for_s)
        self.clock.advance(for_s)
        await anyio.lowlevel.checkpoint()


def test_chunks_come_one_tick_after_another_and_lag_is_caught_up_without_loss() -> None:
    time = ClockThatSleepMoves()
    duplex = FileDuplex(speech(320 * 10), pace=RealTime(time.clock, time.sleep))

    async def listen() -> list[float]:
        delivered_s = []
        async with aclosing(duplex.chunks()) as chunks:
            async for _ in chunks:
                delivered_s.append(round(time.clock.now_s() - 5.0, 3))
                if len(delivered_s) == 4:
                    time.clock.advance(0.070)
                if duplex.heard_samples >= 320 * 10:
                    duplex.finish()
        return delivered_s

    on_time = [0.02, 0.04, 0.06, 0.08]
    caught_up = [0.15, 0.15, 0.15, 0.16, 0.18, 0.20]
    assert anyio.run(listen)[:10] == on_time + caught_up
    assert duplex.pace.worst_lag_s == pytest.approx(0.05)
    assert duplex.pace.late_ticks == 2


def test_a_render_lies_where_it_was_heard_on_the_inputs_timeline() -> None:
    duplex = FileDuplex(speech(320 * 5), pace=AsFastAsPossible())

    async def answer_after_three_chunks() -> None:
        async with aclosing(duplex.chunks()) as chunks:
            async for _ in chunks:
                if duplex.heard_samples == 3 * 320:
                    duplex.start(lambda n: np.full(n, 7, np.int16))
                    duplex.finish()

    anyio.run(answer_after_three_chunks)
    # Three chunks were out when `start` was called: the first sound is that of the fourth tick, at 80 ms.
    assert np.flatnonzero(duplex.output)[0] == 4 * 480


def test_after_the_input_ends_a_real_converters_noise_can_follow() -> None:
    duplex = FileDuplex(speech(100), pace=AsFastAsPossible(), noise_lsb=1)
    heard = anyio.run(heard_until, duplex, 3_200)
    assert set(heard[100:].tolist()) == {-1, 0, 1}


def test_a_file_is_read_as_it_plays_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(44_100, 0.5), 44_100)
    duplex = FileDuplex(tmp_path / "a.wav", pace=AsFastAsPossible())
    assert anyio.run(heard_until, duplex, 1).size == 16_000 + 320
    with pytest.raises(AudioError, match=r"nowhere\.wav"):
        anyio.run(heard_until, FileDuplex(tmp_path / "nowhere.wav", pace=AsFastAsPossible()), 1)


def test_a_failing_render_ends_the_test_that_runs_it() -> None:
    duplex = FileDuplex(speech(3_200), pace=AsFastAsPossible())
    duplex.start(lambda n: silence(n - 1))
    with pytest.raises(AudioError, match="render gave"):
        anyio.run(heard_until, duplex, 3_200)


def test_it_plays_for_one_at_a_time() -> None:
    duplex = FileDuplex(speech(10))
    duplex.start(silence)
    with pytest.raises(AudioError, match="plays already"):
        duplex.start(silence)
    duplex.stop()
    duplex.stop()
    duplex.start(silence)


def test_what_is_played_is_heard_again_after_the_rooms_delay() -> None:
    echo = EchoPath(np.array([1.0]), rate_hz=16_000, delay_s=0.040, gain=0.5)
    duplex = FileDuplex(silence(320), rate_hz=16_000, echo=echo, pace=AsFastAsPossible())
    duplex.start(lambda n: np.full(n, 1_000, np.int16))
    heard = anyio.run(heard_until, duplex, 320 * 20)
    assert np.flatnonzero(heard)[0] == np.flatnonzero(duplex.output)[0] + 640
    assert set(heard[960:].tolist()) == {500}


def test_long_gaps_are_shortened_and_short_ones_kept() -> None:
    recording = Recording(1_000)
    for part in (silence(3_000), speech(100) + 100, silence(400), speech(50) + 100, silence(5_000)):
        recording.add(part)
    assert recording.length_samples == recording.samples().size == 8_550
    assert recording.trimmed(0.5).size == 500 + 100 + 400 + 50 + 500
    assert Recording(1_000).trimmed(0.5).size == 0


@given(
    wanted=st.lists(st.tuples(st.integers(0, 3_000), st.booleans()), min_size=1, max_size=40),
    n_samples=st.integers(1, 30_000),
)
@settings(max_examples=60, deadline=None)
def test_however_much_is_gathered_and_while_nothing_is_played_all_is_heard_once(
    wanted: list[tuple[int, bool]], n_samples: int
) -> None:
    """Each sample of the input, and what is played stays on its timeline."""
    source, rendered = speech(n_samples), 0
    duplex = FileDuplex(source, rate_hz=16_000, pace=AsFastAsPossible())

    def render(n: int) -> Samples:
        nonlocal rendered
        rendered += n
        return speech(n)

    async def listen() -> Samples:
        heard = []
        orders = iter(wanted)
        async with aclosing(duplex.chunks()) as chunks:
            async for chunk in chunks:
                heard.append(chunk)
                gather, rests = next(orders, (0, False))
                duplex.gather(gather)
                (duplex.rest if rests else duplex.rouse)()
                if duplex.heard_samples >= n_samples:
                    duplex.finish()
        return np.concatenate(heard)

    duplex.start(render)
    heard = anyio.run(listen)
    np.testing.assert_array_equal(heard[:n_samples], source)
    assert (duplex.heard_samples, duplex.output.size) == (heard.size, heard.size + 320)
    assert np.count_nonzero(duplex.output) == rendered


def test_a_sleepers_ticks_are_one_and_the_first_block_after_them_is_whole() -> None:
    paced = ClockThatSleepMoves()
    duplex = FileDuplex(speech(3_200), rate_hz=16_000, pace=RealTime(paced.clock, paced.sleep))
    sizes = []

    async def listen() -> None:
        async with aclosing(duplex.chunks()) as chunks:
            async for chunk in chunks:
                sizes.append(chunk.size)
                if len(sizes) == 1:
                    duplex.gather(1_280)
                    duplex.rest()
                if len(sizes) == 3:
                    duplex.gather(0)
                    duplex.rouse()
                if len(sizes) == 4:
                    duplex.finish()

    duplex.start(speech)
    anyio.run(listen)
    assert sizes == [320, 1_280, 1_280, 320, 320]
    assert [round(for_s, 3) for for_s in paced.slept[:4]] == [0.02, 0.08, 0.08, 0.02]
    np.testing.assert_array_equal(duplex.output[-320:], speech(320))
    assert np.flatnonzero(duplex.output == 0).tolist() == [*range(320), *range(640, 640 + 2_560)]
