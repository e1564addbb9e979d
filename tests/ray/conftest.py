"""A stage of its own: a real Ray, two replicas of each engine, run by `make test-ray`; elsewhere nothing is collected.

It is apart from `make test` because Ray is an extra that few need, and takes a minute to start on two cores.
"""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("JETT_TEST_RAY") else ["test_*.py"]
