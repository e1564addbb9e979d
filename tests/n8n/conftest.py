"""A stage of its own: a real n8n on a real PostgreSQL, run by `make test-n8n`; elsewhere nothing here is collected.

It is apart from `make test` because n8n is 2.3 GB of npm packages, starts in half a minute, and is not Jett's to mend.
"""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("JETT_TEST_N8N") else ["test_*.py"]
