"""`jett serve` with servers of its own to look after."""

from __future__ import annotations

from benchmarks import house

POLICY = """
version = 1
place = "on the VPS"
[containers.n8n]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[containers.postgres]
actions = ["status", "logs", "stats"]
[identities.dashboard]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart"]
[identities.token]
verbs = ["list", "status"]
[limits]
per_identity = 10
overall = 10
"""


class House(house.House):
    """Its address does not change; `start` may be called again after `stop` or `kill`."""

    def start_with(self, engine_address: str) -> None:
        """With a Docker engine, a policy for it, and actions turned on."""
        policy = self.folder / "policy.toml"
        policy.write_text(POLICY, "utf-8")
        policy.chmod(0o600)
        self.start(JETT_OPS__DOCKER=engine_address, JETT_SERVER__ACTIONS="true")
