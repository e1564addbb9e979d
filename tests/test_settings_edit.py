"""Changing one key of a settings file: everything else stays, and what cannot be changed safely is left alone."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jett.core.errors import ConfigError
from jett.settings.edit import edited

OWNERS = """\
# Jett at home. Do not touch the voice!
profile = "cpu"

[tts]      # the voice
speed = 1.2    # Anna likes it fast
backend = "piper"

# names
[tts.pronunciations]
nginx = "engine x"   # as one says

[stt]
vocabulary = [
  "grafana",  # dashboards
  "qdrant",
]
model = 'whisper-base'
"""

CHANGES: list[tuple[str, dict[str, Any], str, str]] = [
    ("a value", {"tts.speed": 1.5}, "speed = 1.2    # Anna", "speed = 1.5    # Anna"),
    ("a text", {"tts.backend": "kokoro"}, 'backend = "piper"', 'backend = "kokoro"'),
    ("a text in single quotes", {"stt.model": "a"}, "model = 'whisper-base'", 'model = "a"'),
    ("a key that goes", {"tts.backend": None}, 'backend = "piper"\n', ""),
    ("a key that goes, with what was said of it", {"tts.speed": None}, "speed = 1.2    # Anna", "# Anna"),
    ("a key that was not there", {"tts.voice": None}, "", ""),
    ("a section that was not there", {"vad.threshold": None}, "", ""),
    ("a top-level key", {"profile": "gpu-8gb"}, 'profile = "cpu"', 'profile = "gpu-8gb"'),
]


@pytest.mark.parametrize(("name", "changes", "old", "new"), CHANGES, ids=[row[0] for row in CHANGES])
def test_only_that_place_of_the_text_changes(name: str, changes: dict[str, Any], old: str, new: str) -> None:
    after = edited(OWNERS, changes)
    assert re.sub("['\"]", '"', after) == re.sub("['\"]", '"', OWNERS.replace(old, new) if old else OWNERS)


def test_new_keys_go_into_their_section_and_new_sections_to_the_end() -> None:
    after = edited(OWNERS, {"tts.voice": "af_heart", "vad.threshold": 0.4, "stt.vocabulary": ["a", "b"]})
    found = tomllib.loads(after)
    assert (found["tts"]["voice"], found["vad"], found["stt"]["vocabulary"]) == (
        "af_heart",
        {"threshold": 0.4},
        ["a", "b"],
    )
    for comment in ("# Jett at home. Do not touch the voice!", "# the voice", "# Anna likes it fast", "# as one says"):
        assert comment in after


FORMS = [
    "",
    "# nothing yet\n",
    "tts.speed = 1.2\ntts.voice = 'x'\n",
    "tts = { speed = 1.2, backend = 'piper' } # inline\n",
    "[tts.pronunciations]\nnginx = 'x'\n",
    "[tts]\r\nspeed = 1.2 # windows\r\n",
    "[tts]\nspeed = 1.2",
    "[stt]\nthreads = 1\n[tts.pronunciations]\na = 'b'\n[tts]\nspeed = 1.2\n",
    "['tts']\n'speed' = 1.2\n",
    '"tts" . "speed" = 1.2\n',
]


@pytest.mark.parametrize("text", FORMS)
@pytest.mark.parametrize("value", [0.8, None])
def test_whatever_the_form_the_value_is_changed_or_the_text_is_left_alone(text: str, value: float | None) -> None:
    try:
        after = edited(text, {"tts.speed": value})
    except ConfigError:
        return
    tree = tomllib.loads(text)
    if value is None:
        tree.get("tts", {}).pop("speed", None)
    else:
        tree.setdefault("tts", {})["speed"] = value
    assert tomllib.loads(after) == tree
    assert all(comment in after for comment in re.findall("#.*", text.replace("\r", "")))


def test_the_common_forms_are_changed() -> None:
    """And not only refused."""
    for text in FORMS[:3] + FORMS[5:7]:
        assert tomllib.loads(edited(text, {"tts.speed": 0.8}))["tts"]["speed"] == 0.8


names = st.sampled_from(["a", "b_s", "c-d", "model"])
words = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), words,
    st.lists(words, max_size=3),
)  # fmt: skip
comments = st.sampled_from(["", "  # why", "# [x]", " # a = 1", ' # "'])


def written(value: Any, quote: bool) -> str:
    """As an owner might."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(written(one, quote) for one in value)}]"
    if isinstance(value, str):
        if quote and value.isprintable() and "'" not in value:
            return f"'{value}'"
        escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'
    return repr(value)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A file as an owner may have written it, and the comments in it."""
    lines: list[str] = []
    said: list[str] = []
    for section in draw(st.lists(st.sampled_from(["s", "t", "u"]), unique=True, max_size=3)):
        head, end = draw(comments), draw(st.sampled_from(["\n", "\r\n"]))
        lines.append(f"[{section}]{head}{end}")
        said += [head.strip()]
        for name in draw(st.lists(names, unique=True, max_size=4)):
            comment = draw(comments)
            gap = draw(st.sampled_from(["", "\n", "  \n# alone\n"]))
            lines.append(f"{gap}{name} = {written(draw(values), draw(st.booleans()))}{comment}{end}")
            said += [comment.strip()]
    return "".join(lines), [comment for comment in said if comment]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    files(),
    st.dictionaries(
        st.builds("{}.{}".format, st.sampled_from(["s", "t", "u"]), names), st.none() | values, min_size=1, max_size=4
    ),
)
def test_the_new_text_holds_what_the_old_held_with_the_changes_and_every_comment(
    file: tuple[str, list[str]], changes: dict[str, Any]
) -> None:
    """Also the comment beside a key that goes."""
    text, said = file
    after = edited(text, changes)
    tree = tomllib.loads(text)
    for name, value in changes.items():
        section, _, key = name.partition(".")
        if value is None:
            tree.get(section, {}).pop(key, None)
        else:
            tree.setdefault(section, {})[key] = value
    assert tomllib.loads(after) == tree
    for comment in {*said, "# alone"}:
        assert after.count(comment) >= text.count(comment)
