"""`jett guard`: what may be done, and why, without doing anything."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from jett.app.servers import fast_path, policy_path, token_store
from jett.cli import completion
from jett.cli.loading import user_settings, warn
from jett.cli.policy import idle_rules, policy_of
from jett.core.errors import GuardError, PolicyError
from jett.guard import Allow, Confirm, Deny, Identity, Kind, Policy, Request, Verb, decide
from jett.guard.audit_record import ms_of
from jett.guard.calls import WorkflowRule
from jett.guard.policy import IdentityRule
from jett.settings import Settings
from jett.tools.intent import Action, Intent, WhichOne

app = typer.Typer(no_args_is_help=True, help="Explain and check the policy. Nothing is done.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


@app.command(epilog='Examples: jett guard explain "restart n8n"  ·  jett guard explain "is postgres up" --as dashboard')
def explain(
    sentence: Annotated[str, typer.Argument(help="What somebody might say.", metavar="TEXT")],
    as_whom: Annotated[
        str,
        typer.Option(
            "--as",
            help="voice, dashboard, terminal, or token:NAME.",
            metavar="IDENTITY",
            autocompletion=completion.identities,
        ),
    ] = "voice",
    as_json: Json = False,
) -> None:
    """Print how a sentence is understood, the verdict on it, and the rule. Every listed container counts as live."""
    settings = user_settings()
    policy = policy_of(settings)
    identity = _identity(as_whom)
    row = {"as": identity.key} | (
        _of_name(policy, sentence, identity) or _of_words(settings, policy, sentence, identity)
    )
    if as_json:
        typer.echo(json.dumps(row))
        return
    for name, value in row.items():
        typer.echo(f"{name}: {value}")


@app.command(epilog="Example: jett guard check")
def check(as_json: Json = False) -> None:
    """Read the policy file, say what it allows, and name its first mistake; warn of what can have no effect."""
    settings = user_settings()
    path = policy_path(settings)
    try:
        policy = policy_of(settings)
    except PolicyError as error:
        keeps = "; a Jett that runs keeps the policy it read before" if path.exists() else ""
        raise PolicyError(f"{error}{keeps}") from error
    warnings = idle_rules(policy, settings)
    rows = {
        name: (", ".join(sorted(rule.actions)) or "nothing") + (" (a lifeline, never changed)" * rule.status_only)
        for name, rule in policy.containers.items()
    }
    tools = {name: "changes" if rule.changes else "reads" for name, rule in policy.tools.items()}
    kinds = {kind.value: _may(rule) for kind, rule in policy.identities.items()}
    tokens = {name: _may(rule) for name, rule in policy.tokens.items()}
    if as_json:
        report = {"policy": str(path), "containers": rows, "identities": kinds, "workflows": [*policy.workflows]}
        typer.echo(json.dumps(report | {"tools": tools, "tokens": tokens, "warnings": warnings}))
        return
    typer.echo(f"{path} is in order")
    for name, actions in rows.items():
        typer.echo(f"  container {name}: {actions}")
    for workflow in policy.workflows:
        typer.echo(f"  workflow {workflow}")
    for name, how in tools.items():
        typer.echo(f"  tool {name}: {how}")
    for kind, verbs in kinds.items():
        typer.echo(f"  {kind} may: {verbs}")
    for name, verbs in tokens.items():
        typer.echo(f"  the token {name} may at most: {verbs}")
    for warning in warnings:
        warn(warning)


def _may(rule: IdentityRule) -> str:
    """Its verbs, and the names it is narrowed to."""
    named = {"containers": rule.containers, "workflows": rule.workflows, "tools": rule.tools}
    narrowed = [
        f"of {what} only {', '.join(sorted(names)) or 'none'}" for what, names in named.items() if names is not None
    ]
    return "; ".join([", ".join(sorted(rule.verbs)) or "nothing", *narrowed])


def _of_name(policy: Policy, name: str, identity: Identity) -> dict[str, str] | None:
    """A tool or a workflow given by its name alone, as if with arguments that fit; None for anything else."""
    if name in policy.tools:
        request = Request(Verb.CHANGE_TOOL if policy.tools[name].changes else Verb.READ_TOOL, name)
    elif name in policy.workflows:
        request = Request(Verb.RUN_WORKFLOW, name)
    else:
        return None
    tools = {each: replace(rule, arguments={}) for each, rule in policy.tools.items()}
    without_arguments = replace(policy, tools=tools, workflows=dict.fromkeys(policy.workflows, WorkflowRule({})))
    return {"understood": f"{request.verb} {name}", **_verdict(without_arguments, request, identity)}


def _of_words(settings: Settings, policy: Policy, sentence: str, identity: Identity) -> dict[str, str]:
    """What somebody might say."""
    path = fast_path(settings, policy)
    understood = path.understand(sentence)
    if isinstance(understood, WhichOne):
        return {"understood": understood.action.value, "verdict": "ask which", "reason": ", ".join(understood.names)}
    if isinstance(understood, Intent) and understood.action.value in {verb.value for verb in Verb}:
        request = Request(Verb(understood.action.value), understood.target, understood.lines)
        return {"understood": f"{request.verb} {request.target}".strip(), **_verdict(policy, request, identity)}
    unknown = path.unknown_name(sentence) if understood is None else None
    if unknown is None:
        return {"understood": "nothing for the servers", "verdict": "none", "reason": "no operation is asked for"}
    action, heard = unknown
    known = policy.workflows if action is Action.RUN_WORKFLOW else policy.containers
    reason = f"nothing is called '{heard}'; names known: {', '.join(known) or 'none'} (others: ops.also_called)"
    return {"understood": f"{action.value} of an unknown name", "verdict": "none", "reason": reason}


def _verdict(policy: Policy, request: Request, identity: Identity) -> dict[str, str]:
    match decide(policy, request, identity, frozenset(policy.containers)):
        case Allow():
            return {"verdict": "allow", "rule": "reading", "reason": "it only reads"}
        case Confirm():
            return {"verdict": "confirm", "rule": "changing", "reason": "it changes something: a person must say yes"}
        case Deny(rule, reason):
            return {"verdict": "deny", "rule": rule, "reason": reason}


def _token(name: str) -> Identity:
    """As it was made; one that is good no more is nobody."""
    token = next((one for one in token_store(user_settings()).tokens() if one.name == name), None)
    if token is None:
        raise GuardError(f"guard: there is no token '{name}'; `jett token list` shows those there are")
    if not token.good(ms_of(datetime.now(UTC))):
        raise GuardError(f"guard: the token '{name}' is revoked or has expired, so nothing is allowed; make another")
    return token.identity


def _identity(text: str) -> Identity:
    kind, _, name = text.partition(":")
    if kind not in {known.value for known in Kind}:
        raise GuardError(f"guard: '{text}' is nobody; use voice, dashboard, terminal or token:NAME")
    if kind == Kind.TOKEN:
        return _token(name)
    return Identity(Kind(kind), name or "owner")
