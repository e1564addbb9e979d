"""What each identity may do, and the verdict. Pure; no file (`policy_file`), no clock, no confirmation.

`decide` is five guard clauses and one exit: the first that objects denies, and what nothing allows is denied.
An empty `Policy()` reads nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType

from jett.guard.calls import ToolRule, WorkflowRule
from jett.guard.identity import Identity, Kind
from jett.guard.rate_limit import Limits
from jett.guard.request import CONTAINER_VERBS, TOOL_VERBS, WITHOUT_TARGET, Request, Verb

DEFAULT_PLACE = "on the server"
UNKNOWN_VOICE = "identity.voice"
"""The rule that denies a change to a voice that is nobody's."""


@dataclass(frozen=True, slots=True)
class ContainerRule:
    """One container. `status_only` marks a lifeline of Jett's own: nothing may change it, whatever `actions` says."""

    actions: frozenset[Verb]
    status_only: bool = False


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """What a kind of identity, or one token, may do. `containers`, `workflows` and `tools`: None is all there are.

    `enrolled_voice`: of the voice, that it may change something only where it is known whose it is.
    """

    verbs: frozenset[Verb]
    containers: frozenset[str] | None = None
    workflows: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    enrolled_voice: bool = False

    def covers(self, request: Request) -> bool:
        """Whether verb and target are within it."""
        if request.verb not in self.verbs:
            return False
        if request.verb in WITHOUT_TARGET:
            return True
        allowed = self._targets(request.verb)
        return allowed is None or request.target in allowed

    def _targets(self, verb: Verb) -> frozenset[str] | None:
        if verb is Verb.RUN_WORKFLOW:
            return self.workflows
        return self.tools if verb in TOOL_VERBS else self.containers


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules. `place` is what a read-back calls the server: "on the VPS". Tools are named `server.tool`."""

    containers: Mapping[str, ContainerRule] = field(default_factory=lambda: MappingProxyType({}))
    workflows: Mapping[str, WorkflowRule] = field(default_factory=lambda: MappingProxyType({}))
    tools: Mapping[str, ToolRule] = field(default_factory=lambda: MappingProxyType({}))
    identities: Mapping[Kind, IdentityRule] = field(default_factory=lambda: MappingProxyType({}))
    tokens: Mapping[str, IdentityRule] = field(default_factory=lambda: MappingProxyType({}))
    limits: Limits = field(default_factory=Limits)
    place: str = DEFAULT_PLACE


@dataclass(frozen=True, slots=True)
class Allow:
    """It may be done at once: it only reads."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """It may be done once a person has said yes: it changes something."""


@dataclass(frozen=True, slots=True)
class Deny:
    """It may not be done. `rule` is stable, for the record and tests; `reason` is short and fit to be spoken."""

    rule: str
    reason: str


Verdict = Allow | Confirm | Deny


def decide(policy: Policy, request: Request, identity: Identity, live_names: AbstractSet[str] | None) -> Verdict:
    """The verdict. `live_names`: exact names of the containers there are now; None when that is not known.

    Names are compared exactly. Workflows and tools are no containers and need not be live.
    """
    denied = (
        _outside_identity(policy, request, identity)
        or _unlisted(policy, request)
        or _lifeline(policy, request)
        or _not_permitted(policy, request)
        or _not_live(request, live_names)
    )
    return denied or (Confirm() if request.changes else Allow())


def visible(policy: Policy, identity: Identity, live_names: AbstractSet[str] | None) -> tuple[str, ...]:
    """The containers whose status this identity may see, in order: all that an answer to `list` may name."""
    asked = ((name, Request(Verb.STATUS, name)) for name in sorted(policy.containers))
    return tuple(name for name, request in asked if decide(policy, request, identity, live_names) == Allow())


def absent(policy: Policy, identity: Identity, there: Sequence[str]) -> tuple[str, ...]:
    """The containers that this identity might see, and that are not among those `there`."""
    return tuple(name for name in visible(policy, identity, set(policy.containers)) if name not in there)


def may_only_read(policy: Policy, identity: Identity) -> str:
    """What is said to a voice that is nobody's where the policy wants an enrolled one; empty where it may change."""
    rule = policy.identities.get(identity.kind)
    wanted = rule is not None and rule.enrolled_voice
    return "I do not know your voice, so I may only read." if wanted and not identity.speaker else ""


def _outside_identity(policy: Policy, request: Request, identity: Identity) -> Deny | None:
    rule = policy.identities.get(identity.kind)
    if rule is None or not rule.covers(request):
        return Deny("identity.policy", f"The policy does not let {_spoken_kind(identity.kind)} do that.")
    if request.changes and (only_reads := may_only_read(policy, identity)):
        return Deny(UNKNOWN_VOICE, only_reads)
    scope = identity.scope
    if scope is not None and (
        request.verb not in scope.verbs or (request.verb not in WITHOUT_TARGET and request.target not in scope.targets)
    ):
        return Deny("identity.scope", "This token was not made for that.")
    own = policy.tokens.get(identity.name) if identity.kind is Kind.TOKEN else None
    if own is not None and not own.covers(request):
        return Deny("identity.token", "The policy does not let this token do that.")
    return None


def _unlisted(policy: Policy, request: Request) -> Deny | None:
    if request.verb in WITHOUT_TARGET:
        return None
    if request.verb is Verb.RUN_WORKFLOW:
        return None if request.target in policy.workflows else Deny("workflow.unlisted", "I don't know that workflow.")
    if request.verb in TOOL_VERBS:
        return None if request.target in policy.tools else Deny("tool.unlisted", "I don't know that tool.")
    return None if request.target in policy.containers else Deny("container.unlisted", "I don't know that container.")


def _lifeline(policy: Policy, request: Request) -> Deny | None:
    if not request.changes or request.verb not in CONTAINER_VERBS or not policy.containers[request.target].status_only:
        return None
    return Deny("container.lifeline", f"I need {request.target} myself, so I never change it.")


def _not_permitted(policy: Policy, request: Request) -> Deny | None:
    if request.verb in WITHOUT_TARGET:
        return None
    if request.verb is Verb.RUN_WORKFLOW:
        problem = policy.workflows[request.target].problem(request.arguments)
        return Deny("workflow.arguments", problem) if problem else None
    if request.verb in TOOL_VERBS:
        return _tool_not_permitted(policy.tools[request.target], request)
    if request.verb in policy.containers[request.target].actions:
        return None
    return Deny("container.action", f"The policy does not allow {request.verb} for {request.target}.")


def _tool_not_permitted(rule: ToolRule, request: Request) -> Deny | None:
    """What changes is never asked for as if it only read, nor the other way round."""
    if rule.changes is not request.changes:
        return Deny(
            "tool.verb", f"The policy lists that tool as one that {'changes things' if rule.changes else 'reads'}."
        )
    problem = rule.problem(request.arguments)
    return Deny("tool.arguments", problem) if problem else None


def _not_live(request: Request, live_names: AbstractSet[str] | None) -> Deny | None:
    if request.verb not in CONTAINER_VERBS:
        return None
    if live_names is None:
        return Deny("container.live_unknown", "I can't see the containers right now.")
    return (
        None if request.target in live_names else Deny("container.absent", f"There is no {request.target} right now.")
    )


def _spoken_kind(kind: Kind) -> str:
    return {Kind.VOICE: "your voice", Kind.TERMINAL: "the terminal"}.get(kind, f"a {kind}")
