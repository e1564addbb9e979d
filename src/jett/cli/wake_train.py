"""`jett wake train`: a head for any phrase, made here. The work is in `app.training`; this draws its progress."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from jett.app.needs import store
from jett.cli.bars import Bars
from jett.cli.loading import progress, user_settings
from jett.cli.pull_progress import fetch_missing
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError
from jett.settings import config_path

_SOUND = {".wav", ".flac", ".ogg", ".mp3"}
_MOST_GIVEN_S = 4 * 3600


def train(
    phrase: Annotated[str, typer.Argument(help='What Jett is to be called by, such as "hey jett".', metavar="PHRASE")],
    quick: Annotated[
        bool, typer.Option("--quick", help="Some minutes instead of up to half an hour; not as good.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another draw of voices, rooms and noises.", metavar="N")] = 0,
    negatives: Annotated[
        Path | None,
        typer.Option(help="A folder of recordings in which nobody says the phrase; of your home, best.", metavar="DIR"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the report goes; else Jett's data.", metavar="DIR")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Train a wake word from Jett's own voices, on this machine; name it in `wake.words` afterwards.

    Nobody has to say anything. Interrupted, it goes on where it was. It fetches the voices that it needs (121 MB), and
    keeps what they said for the next training in the cache folder, jett/training (130 MB a name), which may be deleted.
    """
    from jett.app.training import Wanted, file_name, spoken_form, train_head, training_models
    from jett.app.training_plot import draw_det
    from jett.app.wake_heads import heads_folder
    from jett.engines.wake.heads import name_of

    settings = user_settings()
    wanted = Wanted(spoken_form(phrase), quick, seed, _recordings(negatives))
    name = file_name(wanted.phrase, heads_folder(), quick=quick)
    folder = output or heads_folder() / f"{name}-report"
    models = store(settings)
    fetch_missing(models, training_models(wanted.encoder), quiet=as_json)
    with TrainingProgress() as bars, _kept_when_interrupted():
        report = train_head(wanted, models, folder, bars.tell)
    drawn = draw_det(report, folder / "det.png")
    typer.echo(report.as_json() if as_json else report.as_text())
    plot = "" if drawn else " (no plot: matplotlib is not installed)"
    if name != name_of(wanted.phrase):
        progress(f"\nthere is a head of '{wanted.phrase}' that took longer, and stays as it is")
    progress(f"\nhead: {heads_folder() / f'{name}.onnx'}\nreport: {folder}{plot}")
    progress(f"to use it, write into {config_path(os.environ)}:\n\n{lines_to_use(name)}")


@contextmanager
def _kept_when_interrupted() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        progress("\ninterrupted; what was done is kept, the same command goes on from there")
        raise


def lines_to_use(name: str) -> str:
    """Of the settings file."""
    return f'[wake]\nenabled = true\nwords = ["{name}"]'


def _recordings(folder: Path | None) -> tuple[Samples, ...]:
    """Raises AudioError: no folder, none in it, too many."""
    from jett.audio.files import read_audio

    if folder is None:
        return ()
    found = [read_audio(path) for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SOUND]
    seconds = sum(each.size for each in found) / SAMPLE_RATE_HZ
    if not found or seconds > _MOST_GIVEN_S:
        raise AudioError(
            f"wake: '{folder}' has {len(found)} recordings, {seconds:.0f} s, need at least one and at most "
            f"{_MOST_GIVEN_S} s; name another folder"
        )
    return tuple(found)


class TrainingProgress(Bars):
    """A bar a stage on stderr; where that is no terminal, a line when a stage begins."""

    def __init__(self) -> None:
        super().__init__(TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

    def tell(self, stage: str, done: int, whole: int) -> None:
        """`done` of `whole` of a stage."""
        if self.advance(stage, done, whole) and not self.shown:
            progress(f"{stage} ({whole})")
