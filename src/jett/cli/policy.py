"""What commands say about the policy as a file: that there is none, and what in it can have no effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jett.app.servers import policy_path
from jett.core.errors import PolicyError
from jett.guard import Policy, Request, Verb, load_policy
from jett.settings import Settings


def no_policy(path: Path) -> PolicyError:
    """Where a policy would be."""
    return PolicyError(f"policy: there is no file {path}, so nothing is allowed; copy examples/policy.toml there")


def policy_of(settings: Settings) -> Policy:
    """The policy in force. Raises PolicyError, also when there is none."""
    path = policy_path(settings)
    if not path.exists():
        raise no_policy(path)
    return load_policy(path)


def idle_rules(policy: Policy, settings: Settings) -> list[str]:
    """What is written and can have no effect: no mistake, and seldom meant."""
    return [*_unreachable(policy), *_unexplained(policy), *_unlisted_words(policy, settings)]


def _unreachable(policy: Policy) -> Iterator[str]:
    asked = [Request(Verb.RUN_WORKFLOW, name) for name in policy.workflows]
    asked += [Request(_verb_of(policy, name), name) for name in policy.tools]
    for request in asked:
        if not any(rule.covers(request) for rule in policy.identities.values()):
            what = "workflow" if request.verb is Verb.RUN_WORKFLOW else "tool"
            yield (
                f"{what} {request.target}: no identity may {request.verb} it; "
                f"add {request.verb} to the verbs of an identity, and the name where it lists names"
            )


def _unexplained(policy: Policy) -> Iterator[str]:
    for name, rule in policy.tools.items():
        if not rule.description.strip():
            yield f"tool {name}: has no description, and the language model is told nothing else; write one line"


def _unlisted_words(policy: Policy, settings: Settings) -> Iterator[str]:
    for name in settings.ops.also_called:
        if name not in policy.containers and name not in policy.workflows:
            yield f"ops.also_called has '{name}', which the policy does not list; correct the name or take it away"


def _verb_of(policy: Policy, tool: str) -> Verb:
    return Verb.CHANGE_TOOL if policy.tools[tool].changes else Verb.READ_TOOL
