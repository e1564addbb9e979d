"""`jett guard`: what may be done, and why, without doing anything."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from jett.app.servers import fast_path, policy_path
from jett.cli import completion
from jett.cli.loading import user_settings
from jett.core.errors import ConfigError, GuardError
from jett.guard import Allow, Confirm, Deny, Identity, Kind, Policy, Request, Scope, Verb, decide, load_policy
from jett.tools.intent import Intent, WhichOne

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
    policy = load_policy(policy_path(settings))
    identity = _identity(as_whom)
    understood = fast_path(settings, policy).understand(sentence)
    row: dict[str, str] = {"as": identity.key}
    if isinstance(understood, WhichOne):
        row |= {"understood": understood.action.value, "verdict": "ask which", "reason": ", ".join(understood.names)}
    elif not isinstance(understood, Intent) or understood.action.value not in {verb.value for verb in Verb}:
        row |= {"understood": "nothing for the servers", "verdict": "none", "reason": "no operation is asked for"}
    else:
        request = Request(Verb(understood.action.value), understood.target, understood.lines)
        row |= {"understood": f"{request.verb} {request.target}".strip(), **_verdict(policy, request, identity)}
    if as_json:
        typer.echo(json.dumps(row))
        return
    for name, value in row.items():
        typer.echo(f"{name}: {value}")


@app.command(epilog="Example: jett guard check")
def check(as_json: Json = False) -> None:
    """Read the policy file, say what it allows, and name its first mistake."""
    path = policy_path(user_settings())
    if not path.exists():
        raise ConfigError(f"policy: there is no file {path}, so nothing is allowed; copy examples/policy.toml there")
    policy = load_policy(path)
    rows = {
        name: (", ".join(sorted(rule.actions)) or "nothing") + (" (a lifeline, never changed)" * rule.status_only)
        for name, rule in policy.containers.items()
    }
    tools = {name: "changes" if rule.changes else "reads" for name, rule in policy.tools.items()}
    kinds = {kind.value: ", ".join(sorted(rule.verbs)) for kind, rule in policy.identities.items()}
    if as_json:
        report = {"policy": str(path), "containers": rows, "identities": kinds, "workflows": [*policy.workflows]}
        typer.echo(json.dumps(report | {"tools": tools}))
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


def _verdict(policy: Policy, request: Request, identity: Identity) -> dict[str, str]:
    match decide(policy, request, identity, frozenset(policy.containers)):
        case Allow():
            return {"verdict": "allow", "rule": "reading", "reason": "it only reads"}
        case Confirm():
            return {"verdict": "confirm", "rule": "changing", "reason": "it changes something: a person must say yes"}
        case Deny(rule, reason):
            return {"verdict": "deny", "rule": rule, "reason": reason}


def _identity(text: str) -> Identity:
    kind, _, name = text.partition(":")
    if kind not in {known.value for known in Kind}:
        raise GuardError(f"guard: '{text}' is nobody; use voice, dashboard, terminal or token:NAME")
    if kind == Kind.TOKEN:
        policy = load_policy(policy_path(user_settings()))
        everything = Scope(frozenset(Verb), frozenset({*policy.containers, *policy.workflows, *policy.tools}))
        return Identity(Kind.TOKEN, name or "any", everything)
    return Identity(Kind(kind), name or "owner")
