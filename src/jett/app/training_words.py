"""Words for a training and how they sound: the vocabulary of the embedding model, spoken by eSpeak NG's phonemes.

MiniLM's tokenizer lists English by how often it is written, names included, and is in the store of every profile.
"""

from __future__ import annotations

import json

import numpy as np

from jett.engines.tts.phonemes import Phonemizer
from jett.models.store import Store
from jett.training.lines import COMMANDS
from jett.training.near import near_phrases, sounds

VOCABULARY = "all-minilm-l6-v2"
_BATCH = 500
MOST_WORDS = 9_000


class TrainingWords:
    """Near phrases and sentences, from words by how common they are."""

    def __init__(self, models: Store) -> None:
        path = models.path(VOCABULARY) / "tokenizer.json"
        vocabulary: dict[str, int] = json.loads(path.read_text("utf-8"))["model"]["vocab"]
        by_rank = sorted(vocabulary, key=vocabulary.__getitem__)
        self._words = [word for word in by_rank if word.isascii() and word.isalpha() and len(word) > 1][:MOST_WORDS]
        self._lexicon: dict[str, str] = {}
        self._said: list[str] = []

    def near(self, phrase: str, *, most: int = 240) -> list[str]:
        """What sounds nearly like `phrase`. Raises TextToSpeechError."""
        phonemizer = Phonemizer("en-us", timeout_s=20.0)
        try:
            if not self._lexicon:
                self._lexicon = self._sounds_of(self._words, phonemizer)
            said = self._sounds_of(phrase.split(), phonemizer)
        finally:
            phonemizer.close()
        self._said = [said[word] for word in phrase.split()]
        return near_phrases(phrase, self._said, self._lexicon, most=most)

    def spellings(self, phrase: str, *, most: int = 4) -> tuple[str, ...]:
        """Other ways to write what sounds as `phrase` does, a common word in place of one of its own.

        Ask for `near` before. Raises TextToSpeechError.
        """
        words, found = phrase.split(), []
        for n, sound in enumerate(self._said):
            for other in (word for word, said in self._lexicon.items() if said == sound and word != words[n]):
                found.append(" ".join([*words[:n], other, *words[n + 1 :]]))
        return tuple(found[:most])

    def _sounds_of(self, words: list[str], phonemizer: Phonemizer) -> dict[str, str]:
        found: dict[str, str] = {}
        for at in range(0, len(words), _BATCH):
            batch = words[at : at + _BATCH]
            # A comma makes each word a clause of its own, as it is said alone.
            for word in batch:
                phrases = phonemizer.phrases(word)
                found[word] = sounds("".join(phrase.phonemes for phrase in phrases))
        return found

    def sentences(self, count: int, rng: np.random.Generator, *, without: str = "") -> list[str]:
        """`count` strings of words as common as in English, and now and then a command; none holds `without`."""
        chance = 1.0 / (np.arange(len(self._words)) + 20.0)
        chance /= chance.sum()
        found: list[str] = []
        while len(found) < count:
            text = " ".join(rng.choice(self._words, size=int(rng.integers(4, 14)), p=chance))
            text = str(rng.choice(COMMANDS)) if rng.random() < 0.15 else text
            if not without or without not in text:
                found.append(text)
        return found
