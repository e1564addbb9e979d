"""`jett token`: API tokens for programs. A token may ask for what it was made for, and never confirms a change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from jett.app.record import audit_log
from jett.app.servers import owner, token_store
from jett.cli.loading import user_settings, warn
from jett.cli.policy import policy_of
from jett.core.errors import PolicyError, TokenError
from jett.guard import TOOL_VERBS, WITHOUT_TARGET, Kind, Policy, Token, Verb
from jett.guard.audit_record import Entry
from jett.guard.audit_record import Kind as RecordKind
from jett.ops.operations import now
from jett.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API tokens.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


@app.command(
    epilog="Examples: jett token create phone --verb status --verb list --container n8n --days 90  ·  "
    "jett token create n8n --verb announce  ·  jett token create homeassistant --talk"
)
def create(
    name: Annotated[str, typer.Argument(help="What the token is for; used once.", metavar="NAME")],
    verbs: Annotated[
        list[str] | None, typer.Option("--verb", help="What it may ask for; repeat.", metavar="VERB")
    ] = None,
    targets: Annotated[
        list[str] | None,
        typer.Option(
            "--container", help="A container, workflow or tool (`home.get_state`) it may name; repeat.", metavar="NAME"
        ),
    ] = None,
    talk: Annotated[
        bool, typer.Option("--talk", help="It may talk with Jett and use its ears, voice and language model.")
    ] = False,
    days: Annotated[
        int | None, typer.Option(min=1, help="It ends after so many days; else never.", metavar="N")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token. Its secret is shown once, and kept nowhere."""
    if not verbs and not talk:
        raise TokenError("token create: a token for nothing; add --verb VERB, or --talk")
    verbs = verbs or []
    unknown = sorted(set(verbs) - {verb.value for verb in Verb})
    if unknown:
        raise TokenError(f"token create: verb '{unknown[0]}' is unknown; use {', '.join(Verb)}")
    wanted = frozenset(Verb(verb) for verb in verbs)
    if not targets and (of_names := sorted(wanted - WITHOUT_TARGET)):
        raise TokenError(
            f"token create: verb '{of_names[0]}' is asked of a {_what(of_names[0])}, and none is named; "
            f"add --container {_what(of_names[0]).upper()}"
        )
    settings = user_settings()
    expires = now() + timedelta(days=days) if days else None
    secret, token = token_store(settings).create(name, wanted, frozenset(targets or []), now(), expires, talk=talk)
    _record(settings, f"token {name} is made, for {_purposes(token)}{_on(token)}")
    _warn_of_unlisted(settings, token)
    if as_json:
        typer.echo(json.dumps({**_row(token), "secret": secret}))
        return
    typer.echo(secret)
    typer.echo(f"token '{name}' is made; this was its secret, shown this once", err=True)


@app.command("list", epilog="Example: jett token list --json")
def list_tokens(as_json: Json = False) -> None:
    """Every token, without its secret, which nobody has."""
    tokens = token_store(user_settings()).tokens()
    if as_json:
        typer.echo(json.dumps({"tokens": [_row(token) for token in tokens]}))
        return
    for token in tokens:
        row = _row(token)
        typer.echo(f"{token.name}: {_purposes(token)}{_on(token)}; {row['state']}")
    if not tokens:
        typer.echo("there are no tokens; make one with `jett token create`")


@app.command(epilog="Example: jett token revoke phone")
def revoke(name: Annotated[str, typer.Argument(help="The token's name.", metavar="NAME")]) -> None:
    """End a token, at once and for good."""
    settings = user_settings()
    token = token_store(settings).revoke(name, now())
    _record(settings, f"token {token.name} is revoked")
    typer.echo(f"token '{name}' is revoked")


def _record(settings: Settings, what: str) -> None:
    """Who may ask is as much a part of the record as what was asked."""
    audit = audit_log(settings)
    audit.append(Entry(RecordKind.NOTE, identity=owner(Kind.TERMINAL).key, detail=what), now())
    audit.close()


def _warn_of_unlisted(settings: Settings, token: Token) -> None:
    """The token is made all the same: the policy may come later. Until then it is of no use for that name."""
    try:
        policy = policy_of(settings) if token.targets else Policy()
    except PolicyError as error:
        warn(str(error))
        return
    for name in token.targets:
        if name not in policy.containers and name not in policy.workflows and name not in policy.tools:
            warn(f"token create: the policy lists no container, workflow or tool '{name}'; until then it is refused")


def _what(verb: Verb) -> str:
    """What a verb is asked of."""
    if verb is Verb.RUN_WORKFLOW:
        return "workflow"
    return "tool" if verb in TOOL_VERBS else "container"


def _purposes(token: Token) -> str:
    return ", ".join([*token.verbs, *(["talk"] if token.talk else [])])


def _on(token: Token) -> str:
    """What it may name; a list and an announcement need no name."""
    if not token.targets and set(token.verbs) <= WITHOUT_TARGET:
        return ""
    return f" on {', '.join(token.targets) or 'nothing'}"


def _row(token: Token) -> dict[str, Any]:
    state = "good" if token.good(round(now().timestamp() * 1000)) else "revoked" if token.revoked_ms else "expired"
    return {
        "name": token.name,
        "state": state,
        "verbs": [verb.value for verb in token.verbs],
        "targets": list(token.targets),
        "talk": token.talk,
        "created": _time(token.created_ms),
        "expires": _time(token.expires_ms) if token.expires_ms else None,
    }


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
