"""Which heads there are and where: the owner's own, those that ship with Jett, and the stock ones of the model store.

A name of `wake.words` is looked for in that order; a path is taken as it is. Called by `wake`, `needs`, `jett wake`.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import platformdirs

from jett.core.errors import ModelError
from jett.engines.wake.heads import name_of
from jett.models.manifest import Manifest, Model
from jett.models.store import Store
from jett.settings.keys import did_you_mean

FEATURES = "wake-features"
LOOKER = "whisper-tiny.en"
"""The model that looks are trained for: it tells more of a name than a larger one of many languages does
(benchmarks/LOG.md, "The trained look")."""
BASE = "base"
"""Folder in `heads_folder` with what sharpened heads were made of, where that was the owner's own."""
_PREFIX = "wake-"
_SUFFIXES = (".onnx", ".tflite")
_LOOK_SUFFIX = ".look.onnx"

Origin = Literal["file", "own", "shipped", "stock"]


@dataclass(frozen=True, slots=True)
class HeadPlace:
    """A head that could be loaded."""

    name: str
    origin: Origin
    path: Path | None
    """None for a stock head that is not in the store."""
    model: Model | None = None
    """Of a stock head."""

    @property
    def licence(self) -> str:
        return {"own": "yours", "file": "", "shipped": "Apache-2.0"}.get(self.origin) or (
            self.model.licence if self.model else ""
        )


def heads_folder() -> Path:
    """Where `jett wake train` puts heads."""
    return platformdirs.user_data_path("jett", appauthor=False) / "heads"


def all_heads(models: Store) -> list[HeadPlace]:
    """Every head by name, the first of each name being the one that the name means."""
    return [*_in(heads_folder(), "own"), *_in(_shipped_folder(), "shipped"), *_stock(models)]


def head_place(word: str, models: Store) -> HeadPlace:
    """The head that `word` of `wake.words` means. Raises ModelError: not there, or not fetched."""
    if is_path(word):
        path = Path(word).expanduser()
        if not path.is_file():
            raise ModelError(f"wake: no head at '{path}'; correct wake.words, or run: jett wake list")
        return HeadPlace(path.stem, "file", path)
    for place in all_heads(models):
        if place.name == word:
            if place.path is None and place.model is not None:
                models.path(place.model.id)  # says how it can be had
            return place
    known = sorted({place.name for place in all_heads(models)})
    hint = did_you_mean(name_of(word), known)
    raise ModelError(f"wake: no head is called '{word}'{hint}; use a file, or one of: {', '.join(known)}")


def wake_models(words: tuple[str, ...], manifest: Manifest) -> list[str]:
    """Ids of the models that these words need, before any of them is fetched."""
    ours = {place.name for place in (*_in(heads_folder(), "own"), *_in(_shipped_folder(), "shipped"))}
    stock = {_name(model): model.id for model in _stock_models(manifest)}
    return [FEATURES, *(stock[word] for word in words if word in stock and word not in ours)] if words else []


def look_models(words: tuple[str, ...], stt_model: str | None, manifest: Manifest) -> list[str]:
    """Ids of the models that look again at calls of these words beside `stt_model`, which transcribes here."""
    known = {model.id for model in manifest.models.values() if model.role == "stt"}
    ours = [*_in(heads_folder(), "own"), *_in(_shipped_folder(), "shipped")]
    needed: list[str] = []
    for word in words:
        named = (place.path for place in ours if place.name == word)
        head = Path(word).expanduser() if is_path(word) else next(named, None)
        encoders = [encoder for encoder in look_encoders(head) if encoder in known] if head is not None else []
        if LOOKER in encoders or (encoders and stt_model not in encoders):
            needed.append(LOOKER if LOOKER in encoders else encoders[0])
    return [model for model in dict.fromkeys(needed) if model != stt_model]


def is_path(word: str) -> bool:
    """Whether it names a file instead of a head that is found by its name."""
    return word.endswith(_SUFFIXES) or "/" in word or "\\" in word


def _in(folder: Path, origin: Origin) -> Iterator[HeadPlace]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.suffix in _SUFFIXES and not path.name.endswith(_LOOK_SUFFIX):
                yield HeadPlace(path.stem, origin, path)


def shipped_head(name: str) -> Path | None:
    """The file of a head that ships with Jett."""
    return next((place.path for place in _in(_shipped_folder(), "shipped") if place.name == name), None)


def look_path(head: Path, encoder: str) -> Path:
    """Where the look of the head in the file `head` is kept, for the states of the model `encoder`."""
    return head.with_name(f"{head.stem}.{encoder}{_LOOK_SUFFIX}")


def looks_beside(head: Path) -> list[Path]:
    """The files of all looks of the head in the file `head`, each for another model."""
    return sorted(head.parent.glob(f"{glob.escape(head.stem)}.*{_LOOK_SUFFIX}"))


def look_encoders(head: Path) -> list[str]:
    """The models for whose states there is a look of the head in the file `head`, beside it or shipped."""
    files = [*looks_beside(head), *looks_beside(_shipped_folder() / head.name)]
    return list(dict.fromkeys(path.name[len(head.stem) + 1 : -len(_LOOK_SUFFIX)] for path in files))


def look_places(head: Path, encoder: str) -> list[Path]:
    """Where trained looks of the head in the file `head` are: beside it, and what ships for the same name."""
    beside = look_path(head, encoder)
    return [path for path in dict.fromkeys((beside, _shipped_folder() / beside.name)) if path.is_file()]


def _shipped_folder() -> Path:
    return Path(str(files("jett.engines.wake"))) / "heads"


def _stock(models: Store) -> Iterator[HeadPlace]:
    for model in _stock_models(models.manifest):
        yield HeadPlace(_name(model), "stock", models.file(model.id) if models.has(model.id) else None, model)


def _stock_models(manifest: Manifest) -> list[Model]:
    return [model for model in manifest.models.values() if model.role == "wake" and model.id != FEATURES]


def _name(model: Model) -> str:
    return model.id.removeprefix(_PREFIX).replace("-", "_")
