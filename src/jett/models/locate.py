"""Where a package archive or a hub file can be downloaded today, asked of the user's own pip, npm and hub settings.

So mirrors, proxies and offline indexes that already work for the user work here, and no registry is named in Jett.
Nothing is installed, built or imported: pip is only asked for its report. Called by `fetch`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jett.core.errors import ModelError
from jett.models.manifest import HubSource, Part, Registry

_ANSWER_WITHIN_S = 300.0


class SourceFailed(ModelError):
    """One source cannot give a file; the text is the reason alone, for the list of all reasons."""


@dataclass(frozen=True, slots=True)
class Location:
    """A URL (http, https or file), with the digest its index states."""

    url: str
    algorithm: str = ""
    digest: str = ""
    """Hex digest by `algorithm`; empty when the index states none."""

    @property
    def shown(self) -> str:
        """The URL without what may be secret in it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def locate_package(registry: Registry, part: Part, environment: Mapping[str, str]) -> Location:
    """Ask pip or npm where this version's archive lies. Raises SourceFailed."""
    return _ask_npm(part, environment) if registry == "npm" else _ask_pip(part, environment)


def locate_hub(source: HubSource, sha256: str, environment: Mapping[str, str]) -> Location:
    """The hub's address of a file, with the digest that Jett expects. Raises SourceFailed."""
    try:
        from huggingface_hub import hf_hub_url
    except ImportError:
        raise SourceFailed("the hub's client is not installed; fix: pip install huggingface-hub") from None
    endpoint = environment.get("HF_ENDPOINT")
    url = hf_hub_url(source.repo, source.path, revision=source.revision, endpoint=endpoint)
    return Location(url, "sha256", sha256)


def _ask_pip(part: Part, environment: Mapping[str, str]) -> Location:
    flags = ["--dry-run", "--ignore-installed", "--no-deps", "--ignore-requires-python", "--quiet", "--no-input"]
    # Only wheels: an sdist would have to run its own code to say what it is.
    flags += ["--disable-pip-version-check", "--retries", "2", "--only-binary", ":all:", "--report", "-"]
    command = [sys.executable, "-m", "pip", "install", *flags, f"{part.package}=={part.version}"]
    try:
        info = _answer(command, environment)["install"][0]["download_info"]
        stated = info.get("archive_info", {}).get("hashes", {}).get("sha256", "")
        return Location(str(info["url"]), "sha256" if stated else "", str(stated))
    except (KeyError, IndexError, TypeError, AttributeError) as odd:
        raise SourceFailed(f"pip gave a report without {odd}; fix: update pip") from odd


def _ask_npm(part: Part, environment: Mapping[str, str]) -> Location:
    npm = shutil.which("npm", path=environment.get("PATH"))
    if npm is None:
        raise SourceFailed("npm is not installed; fix: install Node.js, which brings npm")
    dist = _answer([npm, "view", f"{part.package}@{part.version}", "dist", "--json"], environment)
    try:
        algorithm, _, encoded = str(dist["integrity"]).split()[0].partition("-")
        return Location(str(dist["tarball"]), algorithm, b64decode(encoded, validate=True).hex())
    except (KeyError, IndexError, TypeError, BadBase64) as odd:
        raise SourceFailed(f"npm's answer lacks {odd}; fix: check `npm config get registry`") from odd


def _answer(command: Sequence[str], environment: Mapping[str, str]) -> Any:
    """The JSON that `command` prints. Raises SourceFailed with the last line of its complaint."""
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceFailed(f"no answer within {_ANSWER_WITHIN_S:.0f} s; fix: check the network") from None
    except OSError as refusal:
        raise SourceFailed(f"{command[0]} cannot be run: {refusal.strerror}") from refusal
    if done.returncode != 0:
        raise SourceFailed(_complaint(done.stderr))
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise SourceFailed("the answer is not JSON; fix: update pip or npm") from None


def _complaint(stderr: str) -> str:
    """The line of a tool's stderr that says most, without credentials in URLs."""
    if "No module named pip" in stderr:
        return f"this Python has no pip; fix: {sys.executable} -m ensurepip"
    broken = re.search(r"connection broken by '(\w+)|code (ENOTFOUND|ECONN\w+|ETIMEDOUT|EAI_AGAIN)", stderr)
    if broken is not None:
        return f"its index cannot be reached ({broken[1] or broken[2]}); fix: check the network"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(ERROR|npm (error|ERR!))", line)]
    line = (errors or lines or ["it failed without a word"])[0]
    return re.sub(r"//[^/@\s]+@", "//", line)[:300]
