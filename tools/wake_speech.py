"""Writes src/jett/training/real_speech.npz: real speech and noise as embeddings, for heads that are trained anywhere.

python tools/wake_speech.py FOLDER     # of packs, each with a manifest.tsv (file, text, speaker, source, …)

Every second speaker of each pack (where none is known, file) is left out, for whoever measures heads on these packs:
`is_for_training`. Each recording is there twice, as it is and as another throat in another room. What is said in a
recording of one name or word is kept with it, so that a head for that name is not taught to ignore it.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jett.app import store
from jett.audio.files import read_audio
from jett.core.audio import to_float32, to_int16
from jett.engines.wake.features import SpeechEmbedding
from jett.settings import Settings
from jett.training.augment import Harm
from jett.training.real_speech import is_for_training, written
from jett.training.scenes import Sounds, stretch

PACKS = (
    *("commands_barista", "long", "noise", "read_librispeech", "read_misc", "speech_librispeech_train100"),
    *("vad_turns", "wake_other", "wake_picovoice", "words_speechcommands"),
)
TARGET = Path(__file__).resolve().parents[1] / "src/jett/training/real_speech.npz"
_WORDS = ("wake_other", "wake_picovoice", "words_speechcommands")
_LEAD = 16 * 1280


def recordings(folder: Path, without: str) -> Iterator[tuple[Path, str]]:
    """Those that may be trained on."""
    for pack in PACKS:
        with (folder / pack / "manifest.tsv").open(encoding="utf-8") as manifest:
            for row in csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE):
                named = without in row["text"].lower() or row["text"] == "multiple_keywords"
                shareable = "BY-SA" not in row["source"] and "MPL" not in row["source"]
                if shareable and not named and is_for_training(pack, row["speaker"] or row["file"]):
                    word = row["text"].replace("_", " ") if pack in _WORDS else ""
                    yield folder / pack / row["file"], word


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", default="jarvis", help="a word that no recording may hold")
    args = parser.parse_args()
    embedding = SpeechEmbedding(store(Settings.load()).path("wake-features"))
    rng = np.random.default_rng(0)
    rows, texts = [], []
    for path, word in recordings(args.folder, args.without):
        audio = to_float32(read_audio(path))
        rows.append(embedding.embeddings(to_int16(np.pad(audio, (_LEAD, 6400)))))
        rows.append(embedding.embeddings(to_int16(stretch([audio], Sounds(), Harm(), rng))))
        texts += [word, word]
    TARGET.write_bytes(written(rows, texts))


if __name__ == "__main__":
    main()
