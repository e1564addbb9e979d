"""What rests around a conversation that sleeps: the microphone hands over much at once, the speaker stands still.

    asleep      ............##############################......................##########
    plays       ████                                          ▂ earcon, answer
    speaker     runs           2 s | stands still        | runs
    microphone  20 ms at once      | as a detector takes it | 20 ms

Sound is handed over when it completes a frame of whoever listens for the name, so that nobody is heard later than
without it. Both go on as soon as Jett is called, and at the latest with the first thing to play: a track waits for its
speaker, so that its beginning is not lost. Devices that know neither (a network's) are left alone. Called by
`conversation`, on the event loop.
"""

from __future__ import annotations

from jett.core.ports import Gathers, Microphone, Rests, Speaker

_AFTER_S = 2.0
"""Asleep with nothing to play: as long as a room rings (`ears`), and no echo is matched with sound of before."""


class Dozing:
    """Tell it of each chunk (`heard`) and of each track (`stir`)."""

    def __init__(self, microphone: Microphone, speaker: Speaker) -> None:
        self._gathers = microphone if isinstance(microphone, Gathers) else None
        self._rests = speaker if isinstance(speaker, Rests) else None
        self._awake_until_s = 0.0
        self._dozes = False

    def heard(self, end_s: float, *, wanted_samples: int | None) -> None:
        """Sound until `end_s`, on the audio clock. `wanted_samples` more are of use; None while there is more to do."""
        if wanted_samples is None:
            self._awake_until_s = end_s
            self.stir()
        elif end_s - self._awake_until_s >= _AFTER_S - 1e-6:
            if not self._dozes and self._rests is not None:
                self._rests.rest()
            self._dozes = True
            if self._gathers is not None:
                self._gathers.gather(wanted_samples)

    def stir(self) -> None:
        """There is something to do now."""
        if not self._dozes:
            return
        self._dozes = False
        if self._rests is not None:
            self._rests.rouse()
        if self._gathers is not None:
            self._gathers.gather(0)
