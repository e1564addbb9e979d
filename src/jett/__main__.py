"""`python -m jett`, the same as `jett`."""

from __future__ import annotations

import sys

from jett.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
