"""Commands for containers where no policy names any: what is clearly one without a list of the owner's names. Pure.

A template must fit, and what stands for the name must be a well-known server program's, or be called a container, or
a restart's one word that nothing else in a house is called. Traefik is not among the programs: it sounds like traffic.
Whatever else, the language model answers. Called by `fast_path`; measured in benchmarks/LOG.md ("Commands without a
policy").
"""

from __future__ import annotations

import re

from jett.tools.intent import Action
from jett.tools.names import Names

_SERVICES = Names(
    {
        **dict.fromkeys(("n8n", "mysql", "mariadb", "redis", "mongodb", "qdrant", "portainer", "grafana"), ()),
        **dict.fromkeys(("prometheus", "nginx", "docker", "nextcloud", "jellyfin", "vaultwarden"), ()),
        **dict.fromkeys(("gitea", "gitlab", "rabbitmq", "elasticsearch", "kibana", "influxdb"), ()),
        **dict.fromkeys(("ollama", "syncthing", "wireguard", "keycloak", "wordpress", "mosquitto"), ()),
        "postgres": ("postgresql",),
        "pihole": ("pi hole",),
        "socket-proxy": ("docker socket proxy",),
    }
)
_CONTAINER = re.compile(r"\bcontainers?\b")
_ALL = re.compile(r"(?:all|every|each|any)\b")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*[0-9_.-][a-z0-9_.-]*")
"""One word with a digit or a sign inside: web-1, n8n, pg_main. No thing of a house is called so."""
_OPERATIONS = frozenset({Action.STATUS, Action.LOGS, Action.STATS, Action.START, Action.STOP, Action.RESTART})


def clearly_for_servers(words: str, action: Action, heard: str | None) -> bool:
    """Of a sentence in `plain` words that fits a template of `action`, with what was `heard` where a name stands."""
    if action is Action.LIST:
        return bool(_CONTAINER.search(words))
    if action not in _OPERATIONS or heard is None or _ALL.match(heard):
        return False
    if heard.endswith(" container") or f"{heard} container" in words:  # not "the container of milk"
        return True
    if len(_SERVICES.resolve(heard)) == 1:
        return True
    return action is Action.RESTART and bool(_NAME.fullmatch(heard))
