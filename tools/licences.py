"""Writes docs/licences.md: every dependency and every model with its licence, from what is installed and the manifest.

python tools/licences.py            # writes the page
python tools/licences.py --check    # says whether it is current; called by `make lint`
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from jett.models.manifest import load_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCKS = {"run": "runtime.txt", "gpu": "gpu.txt", "bench and test": "dev.txt", "install": "pip.txt"}

# Said here because the package's metadata says nothing, says it at length, or leaves out what it carries inside;
# and for packages that are not installed on every platform.
SAID_HERE = {
    "av": "BSD-3-Clause; its wheels carry FFmpeg, LGPL-3.0-or-later, with x264 and x265, GPL-2.0-or-later",
    "colorama": "BSD-3-Clause",
    "contourpy": "BSD-3-Clause",
    "cycler": "BSD-3-Clause",
    "detect-secrets": "Apache-2.0",
    "espeakng-loader": "GPL-3.0-or-later (it carries espeak-ng)",
    "kiwisolver": "BSD-3-Clause",
    "matplotlib": "Matplotlib License (PSF-like)",
    "nvidia-cublas-cu12": "NVIDIA proprietary, redistributable",
    "nvidia-cuda-nvrtc-cu12": "NVIDIA proprietary, redistributable",
    "nvidia-cudnn-cu12": "NVIDIA proprietary, redistributable",
    "nvidia-ml-py": "BSD-3-Clause",
    "pywin32": "PSF-2.0",
    "soundfile": "BSD-3-Clause; its wheels carry libsndfile, LGPL-2.1-or-later",
}
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "SIL OPEN FONT LICENSE": "OFL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

HEAD = """# Licences

<!-- Made by `python tools/licences.py`; do not edit. -->

Jett is Apache-2.0. Nothing here is part of its source: dependencies are installed and models are fetched on the user's
machine. What deserves a second look:

- **espeak-ng is GPL-3.0-or-later.** It turns words into phonemes for both voices. Jett loads it only in a process of
  its own (`engines/tts/phoneme_worker.py`) and talks to that over pipes.
- **soxr is LGPL-2.1-or-later**, as are libsndfile (inside `soundfile`) and zeroconf: libraries the user can replace.
- **`av`**, which only the comparison with stock faster-whisper needs, carries FFmpeg with the GPL codecs x264 and x265.
  `make run` does not install it.
- **Piper's voice joe:** its dataset is CC0; the voice was fine-tuned from `lessac`, whose recordings have a licence of
  their own (Blizzard 2013). Who needs certainty takes Kokoro.
- The `gpu` extra installs NVIDIA's proprietary libraries; nothing else needs them.
"""


def page() -> str:
    """The whole text."""
    packages = ["## Packages\n", "| package | licence | to |", "|---|---|---|", *_package_rows()]
    models = ["\n## Models\n", "| model | role | licence | note |", "|---|---|---|---|", *_model_rows()]
    pages = ["\n## The dashboard's pages are built from\n", "| package | licence |", "|---|---|", *_page_rows()]
    return "\n".join([HEAD, *packages, *models, *pages]) + "\n"


def _page_rows() -> Iterator[str]:
    """What npm's lock says of all that is not for development alone; optional packages do not go into a page."""
    lock = json.loads((ROOT / "dashboard" / "package-lock.json").read_text(encoding="utf-8"))
    for path, about in sorted(lock["packages"].items()):
        if path and not about.get("dev") and not about.get("optional"):
            stated = about["license"]
            yield f"| {path.rpartition('node_modules/')[2]} | {SPDX.get(stated, stated)} |"


def _package_rows() -> Iterator[str]:
    users: dict[str, list[str]] = {}
    for use, lock in LOCKS.items():
        for name in sorted(set(_locked(ROOT / "requirements" / lock))):
            if "run" not in users.get(name, []):
                users.setdefault(name, []).append(use)
    for name in sorted(users):
        yield f"| {name} | {_licence(name)} | {', '.join(users[name])} |"


def _locked(lock: Path) -> Iterator[str]:
    """Names in a lock file, without those for platforms that Jett does not run on."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        found = re.match(r"([a-z0-9-]+)==", line)
        if found and "== 'emscripten'" not in line:
            yield found[1]


def _licence(name: str) -> str:
    if name in SAID_HERE:
        return SAID_HERE[name]
    try:
        about = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        raise SystemExit(f"licences: {name} is not installed; run `make .venv/.dev` first") from None
    stated = str(about.get("license_expression") or about.get("license") or "")
    if not stated or "\n" in stated:
        classifiers = [line for line in about.get("classifier", []) if line.startswith("License ::")]
        stated = classifiers[0].rpartition(":: ")[2] if classifiers else ""
    if not stated:
        raise SystemExit(f"licences: {name} states no licence; look it up and add it to SAID_HERE")
    return SPDX.get(stated, stated)


def _model_rows() -> Iterator[str]:
    for model in load_manifest().models.values():
        yield f"| {model.id} | {model.role} | {model.licence} | {model.licence_note or model.card} |"


def main() -> None:
    """Writes the page, or with --check only compares it."""
    current = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(current, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != current:
        raise SystemExit("licences: docs/licences.md is not current; run python tools/licences.py")


if __name__ == "__main__":
    main()
