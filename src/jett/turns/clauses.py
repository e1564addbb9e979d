"""Cuts a reply, as the language model streams it, into clauses that may be spoken at once.

It is pure text in, text out: it does not know what a person would say for it (that is `spoken_text`), nor when it is
played. The session feeds it what the language model streams. Characters are looked at one by one, so however the
stream is chunked, the clauses are the same.

The first clause is short: two CPU cores give about 28 tokens a second, so each token before it costs 35 ms of waiting.
Then clauses grow, since while one plays the next is made:

    |Sure,| the answer to that | is forty-two, since the question took longer. | Then come whole sentences. |
     not yet: one word alone   ^ at a boundary word     ^ at commas worth it      ^ sentences
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HARD_LIMIT_CHARS = 300
"""A clause without a single space is cut here, wherever that is. Code blocks are exempt: they are not spoken."""

_BRACKET_CHARS = 120
"""A bracket that is open for longer was never meant to be closed; links are shorter."""

_CLOSERS = "\"'”’)]*_`"
_WORD = re.compile(r"\w")


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


_ALWAYS_ABBREVIATED = _words(
    "mr mrs ms dr prof rev capt gen lt sgt col gov sen rep hon st mt vs cf e.g i.e eg ie ca fig vol pp approx"
)
_MAYBE_ABBREVIATED = _words(
    "a.m p.m am pm etc inc ltd co corp jr sr min max sec hr hrs est dept avg al ft oz lb lbs "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
"""These end a sentence only if what follows does not begin in lower case."""

_CERTAIN = _words(
    "yes yeah yep nope sure okay ok done alright certainly absolutely definitely thanks welcome understood "
    "sorry great perfect course hello goodbye today tomorrow yesterday"
)
"""Words whose full stop ends a sentence for sure, so nobody waits for the next token; `node.js` forbids more."""

_BOUNDARY = _words(
    "and but or so because since although though while when where if unless until that which who whose "
    "in on at by for from with without into onto over under about after before during between through against "
    "to as than is are was were has have had can could will would should may might must does did"
)
"""A short clause may end before one of these."""

_GLUE = _words(
    "a an the my your his her its our their this these those of very some any no not each every and or but "
    "i we they he she i'm you're we're they're i've i'll let's please"
)
"""A clause never ends after one of these unless it has to."""


_OPENERS = _CERTAIN | _words("well unfortunately actually absolutely no however first currently")
"""Words that a comma parts from the rest of the reply: the first clause may end there."""

_EITHER = _words("you it that this")
"""Glue before a verb (`it is`), but a fine end before anything else (`help you with`)."""

_VERBS = _words("is are was were has have had can could will would should may might must does did")


@dataclass(frozen=True, slots=True)
class _Limits:
    """When a clause may end before its sentence does."""

    comma_words: int
    comma_chars: int
    boundary_words: int
    full_words: int
    """From here on it ends at the next space that does no harm."""
    max_chars: int


_GROWING = (
    _Limits(comma_words=2, comma_chars=0, boundary_words=4, full_words=6, max_chars=60),
    _Limits(comma_words=4, comma_chars=24, boundary_words=9, full_words=16, max_chars=110),
    _Limits(comma_words=6, comma_chars=100, boundary_words=24, full_words=34, max_chars=200),
)


class _Nesting:
    """What is open at the end of the text so far: a code span or block, brackets, quotes."""

    def __init__(self) -> None:
        self.code = ""
        """The run of backticks that opened the code we are in."""
        self.brackets = 0
        self.quotes = 0
        self._run = ""

    def see(self, char: str) -> None:
        if char == "`":
            self._run += char
            if len(self._run) < 3 or self.code == "```":
                return
        self._end_run(char)
        if self.code:
            if char == "\n" and self.code != "```":
                self.code = ""
        elif char == "\n":
            self.brackets = self.quotes = 0
        elif char in "([":
            self.brackets += 1
        elif char in ")]":
            self.brackets = max(0, self.brackets - 1)
        elif char in '"“”':
            self.quotes = 1 if char == "“" or (char == '"' and not self.quotes) else 0

    def _end_run(self, char: str) -> None:
        run, self._run = self._run[:3], ""
        if run and not self.code:
            self.code = "" if run == "``" else run
        elif run == self.code:
            self.code = ""


class ClauseSplitter:
    """Give it a reply piece by piece; each clause comes out as soon as it may be spoken."""

    def __init__(self) -> None:
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._text = ""
        self._given = 0
        self._nesting = _Nesting()

    def feed(self, delta: str) -> list[str]:
        """The clauses that `delta` completes, in order, without the whitespace around them."""
        clauses: list[str] = []
        for char in delta:
            self._text += char
            self._nesting.see(char)
            while cut := self._cut(char):
                clauses.append(self._take(cut))
        return clauses

    def flush(self) -> list[str]:
        """The rest of the reply; the splitter is then ready for another."""
        rest = self._text.strip()
        self._start_afresh()
        return [rest] if rest else []

    def _take(self, cut: int) -> str:
        clause, self._text = self._text[:cut].strip(), self._text[cut:].lstrip()
        # After an opener the next clause must be as quick as a first one, or there would be a gap.
        self._given += not (clause.endswith(",") and _is_opener(clause))
        self._nesting.brackets = 0
        return clause

    def _cut(self, char: str) -> int:
        """Where the text so far may be cut, 0 for nowhere, now that `char` is its last character."""
        text = self._text
        if self._nesting.code == "```":
            return self._before_fence()
        if not _WORD.search(text):
            return 0
        if char == "\n":
            return len(text)
        if self._nesting.code:
            return 0
        limits = _GROWING[min(self._given, len(_GROWING) - 1)]
        if len(text) >= HARD_LIMIT_CHARS:
            return len(text)
        if self._nesting.brackets and len(text) < _BRACKET_CHARS:
            return 0
        return self._sentence_cut(text, char) or self._early_cut(text, char, limits)

    def _before_fence(self) -> int:
        """What stands before a code block is a clause of its own."""
        before = self._text.find("```")
        just_opened = before == len(self._text) - 3
        return before if just_opened and _WORD.search(self._text[:before]) else 0

    def _sentence_cut(self, text: str, char: str) -> int:
        if char in "。！？":
            return len(text)
        if char in "?!":
            return len(text) if _last_word(text[:-1]).isalpha() and not self._nesting.quotes else 0
        if char == ".":
            return len(text) if _last_word(text[:-1]).lower() in _CERTAIN and not self._nesting.quotes else 0
        if char.isspace():
            return len(text) if ends_sentence(text[:-1], "") else 0
        body = text[:-1].rstrip()
        if len(body) < len(text) - 1 and ends_sentence(body, char):
            return len(text) - 1
        return 0

    def _early_cut(self, text: str, char: str, limits: _Limits) -> int:
        if self._nesting.quotes and len(text) < limits.max_chars:
            return 0
        return _comma_cut(text, char, limits) or _word_cut(text, char, limits)


def ends_sentence(text: str, following: str) -> bool:
    """Whether a sentence ends at the end of `text`, known to be followed by whitespace and then by `following`.

    With `following` empty, only what needs no look ahead is an end.
    """
    bare = text.rstrip(_CLOSERS)
    if bare.endswith(("?", "!", "…", "...")):
        return True
    if not bare.endswith("."):
        return False
    word = _last_word(bare[:-1])
    line = bare[bare.rfind("\n") + 1 :].strip("#>*- .")
    if line.isdigit():  # the number of a list
        return False
    if word.lower() == "no":
        return bool(following) and not following.isdigit()
    if word.lower() in _ALWAYS_ABBREVIATED or re.fullmatch(r"([A-Za-z]\.)*[A-Z]|[b-z]", word):
        return False
    if word.lower() in _MAYBE_ABBREVIATED:
        return bool(following) and not following.islower() and not following.isdigit()
    return True


def _last_word(text: str) -> str:
    """The letters, digits and inner marks after the last space or opening mark."""
    words = re.split(r"[\s(\[{\"“*_`—]", text)
    return words[-1]


def _comma_cut(text: str, char: str, limits: _Limits) -> int:
    """After a comma, semicolon, colon or dash that is not part of a number, a time or an entity."""
    at = _comma_end(text, char)
    if not at or len(text[:at]) < limits.comma_chars:
        return 0
    n_words = _count_words(text[:at])
    opener = n_words == 1 and limits is _GROWING[0] and _is_opener(text[:at])
    return at if opener or n_words >= limits.comma_words else 0


def _is_opener(text: str) -> bool:
    """`Sure,` and the like: said alone it sounds right, and it lasts as long as the next clause takes to make."""
    return text.strip(" ,").lower() in _OPENERS


def _comma_end(text: str, char: str) -> int:
    before = text[:-1]
    if char == "—" or (char in ",;" and re.sub("['’-]", "", _last_word(before)).isalpha()):
        return len(text)
    if re.search(r"&\w+;\s?$", text):
        return 0
    if char.isspace():
        return len(text) if re.search(r"(?:[^\W\d][\"”’)*_`]*[:,;]|\d[\"”’)*_`]*[:;]|\w.*\s[-–])$", before) else 0
    if char.isdigit():
        return 0
    match = re.search(r"(?:\d|\W)[,;]\s+$", before)  # after "January 5, " the year may follow
    return len(before) if match else 0


def _word_cut(text: str, char: str, limits: _Limits) -> int:
    """Between two words, once there are enough: before a boundary word if one comes in time."""
    if not char.isspace() or text[-2:-1].isspace():
        return 0
    body = text.rstrip()
    n_words = _count_words(body)
    full = n_words >= limits.full_words or len(body) >= limits.max_chars
    if not full and n_words <= limits.boundary_words:
        return 0
    last = max(body.rfind(" "), body.rfind("\n")) + 1
    word, before = body[last:], body[:last].rstrip()
    if word.lower() in _BOUNDARY:
        enough = _count_words(before) >= limits.boundary_words
        return last if enough and not _joins_badly(before, word.lower()) else 0
    if not full:
        return 0
    forced = n_words >= limits.full_words + 4 or len(body) >= 2 * limits.max_chars
    return len(text) if forced or not _joins_badly(body, "") else 0


def _joins_badly(text: str, following: str) -> bool:
    """Whether a break after the last word of `text` would sound wrong: numbers keep their units, names their titles.

    `following` is the next word where it is known, else empty.
    """
    word = text.split()[-1]
    if word.lower() in _EITHER:
        return not following or following in _VERBS
    return word.lower() in _GLUE or word.lower() in _BOUNDARY or not word[-1].isalpha() or word[0].isdigit()


def _count_words(text: str) -> int:
    return sum(1 for word in text.split() if _WORD.search(word))
