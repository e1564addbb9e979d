"""`jett ops`: containers and workflows from the terminal, through the same guard as the voice."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Any

import anyio
import anyio.to_thread
import typer
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from jett.app.record import audit_log
from jett.app.servers import Servers, open_servers, owner, policy_path
from jett.cli.loading import user_settings, warn
from jett.cli.main import INTERRUPTED
from jett.cli.policy import no_policy
from jett.cli.yes_or_no import Ended, ask
from jett.core.errors import AuditError, GuardError, NotSetUp, OperationError, PolicyError, RequestError
from jett.guard import (
    CONTAINER_VERBS,
    MAX_LINES,
    Gate,
    Kind,
    Permit,
    Policy,
    Question,
    Refused,
    Request,
    Verb,
    load_policy,
    parse_request,
    redact,
    visible,
)
from jett.guard.confirmation import VALID_MS, Answer, understand
from jett.ops.operations import NO_DOCKER, now
from jett.ops.result import Result, sentence, status_sentence
from jett.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Look at containers and change them, through the guard.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Confirm the change without being asked.")]
Name = Annotated[str, typer.Argument(help="The container, exactly as the policy names it.", metavar="NAME")]
_NEAR = 70
"""Of 100: one letter of four more, fewer or other."""
_WONT = "All right, I won't."
_TAKEN_BACK = ("confirmation.no", "confirmation.unclear")
"""Whoever asked changed their mind: that is no error."""


@app.command("list", epilog="Example: jett ops list --json | jq '.containers[] | select(.health == \"unhealthy\")'")
def list_containers(as_json: Json = False) -> None:
    """The containers that the policy lets the terminal see, and how they are."""
    _run(_of(Verb.LIST), as_json)


@app.command(epilog="Example: jett ops status n8n")
def status(name: Name, as_json: Json = False) -> None:
    """How one container is, as the engine shows it now."""
    _run(_of(Verb.STATUS, name), as_json)


@app.command(epilog="Example: jett ops logs n8n --lines 100")
def logs(
    name: Name,
    lines: Annotated[
        int, typer.Option("--lines", "-n", help=f"How many of the last lines, 1 to {MAX_LINES}.", metavar="N")
    ] = 50,
    as_json: Json = False,
) -> None:
    """The last lines that a container wrote, without secrets."""
    _run(_of(Verb.LOGS, name, lines), as_json)


@app.command(epilog="Example: jett ops stats postgres")
def stats(name: Name, as_json: Json = False) -> None:
    """What a container takes of memory and processor."""
    _run(_of(Verb.STATS, name), as_json)


@app.command(epilog="Example: jett ops start n8n")
def start(name: Name, yes: Yes = False, as_json: Json = False) -> None:
    """Start a container, after a yes."""
    _run(_of(Verb.START, name), as_json, yes=yes)


@app.command(epilog="Example: jett ops stop n8n --yes")
def stop(name: Name, yes: Yes = False, as_json: Json = False) -> None:
    """Stop a container, after a yes."""
    _run(_of(Verb.STOP, name), as_json, yes=yes)


@app.command(epilog="Example: jett ops restart n8n")
def restart(name: Name, yes: Yes = False, as_json: Json = False) -> None:
    """Restart a container, after a yes, and wait until it is back."""
    _run(_of(Verb.RESTART, name), as_json, yes=yes)


@app.command(epilog='Example: jett ops run backup --arguments \'{"database": "n8n"}\'')
def run(
    workflow: Annotated[str, typer.Argument(help="The n8n workflow, as the policy names it.", metavar="WORKFLOW")],
    arguments: Annotated[str, typer.Option(help="Its arguments as JSON.", metavar="JSON")] = "{}",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Run an n8n workflow, after a yes."""
    text = f'{{"verb": "{Verb.RUN_WORKFLOW}", "target": {json.dumps(workflow)}, "arguments": {arguments}}}'
    _run(text, as_json, yes=yes)


def _of(verb: Verb, name: str = "", lines: int | None = None) -> dict[str, object]:
    return {"verb": verb.value, "target": name, "lines": lines}


def _run(asked: dict[str, object] | str, as_json: bool, *, yes: bool = False) -> None:
    settings = user_settings()
    try:
        request = parse_request(asked)
    except RequestError:
        _record(settings, asked)
        raise
    result = anyio.run(partial(_through_the_guard, settings, request, yes=yes, as_json=as_json))
    if isinstance(result, Refused):
        if result.rule in _TAKEN_BACK:
            typer.echo(result.reason, err=True)
            raise typer.Exit(GuardError.exit_code)
        path = policy_path(settings)
        if not path.exists():
            raise no_policy(path)
        meant = _did_you_mean(load_policy(path), request)
        what = f"{request.verb} {request.target}".strip()
        raise GuardError(f"guard: {what} was refused: {result.reason} (rule {result.rule}){meant}")
    _show(result, as_json)
    if result.result != "done":
        typer.echo(redact(f"error: {result.trouble or sentence(result)}"), err=True)
        raise typer.Exit(8)
    if result.unrecorded:
        typer.echo(redact(f"error: {result.unrecorded}"), err=True)
        raise typer.Exit(AuditError.exit_code)


def _record(settings: Settings, malformed: dict[str, object] | str) -> None:
    """What the guard does not understand is an attempt like any other, and is in the record."""
    audit = audit_log(settings)
    Gate(Policy(), audit).ask(malformed, owner(Kind.TERMINAL), None, now())
    audit.close()


async def _through_the_guard(settings: Settings, request: Request, *, yes: bool, as_json: bool) -> Result | Refused:
    async with open_servers(settings, watch=False, on_warning=warn) as servers:
        if servers.trouble:
            raise PolicyError(servers.trouble)
        unseen = await _look(servers)
        decided = await anyio.to_thread.run_sync(_asked, servers, request)
        if unseen and isinstance(decided, Refused) and decided.rule == "container.live_unknown":
            raise unseen
        if isinstance(decided, Question):
            decided = await _confirmed(servers, decided, yes=yes, as_json=as_json)
        if isinstance(decided, Permit):
            return await servers.operations.carry_out(decided)
        return decided


async def _look(servers: Servers) -> OperationError | None:
    """Why the containers cannot be seen; the guard is asked all the same, for the record."""
    if servers.book is None:
        return NotSetUp(NO_DOCKER)
    try:
        await servers.book.look()
    except OperationError as error:
        return error
    return None


def _asked(servers: Servers, request: Request) -> Permit | Question | Refused:
    return servers.gate.ask(request, owner(Kind.TERMINAL), servers.live_names(), now())


async def _confirmed(servers: Servers, asked: Question, *, yes: bool, as_json: bool) -> Permit | Refused:
    """What the answer comes to; an unclear one is asked for once more. Ctrl-C is a no, and on record as one."""
    decided: Permit | Question | Refused = asked
    again = ""
    while isinstance(decided, Question):
        answer = "yes" if yes else ask(again + decided.text, as_json)
        words = "no" if isinstance(answer, Ended) else answer
        with anyio.CancelScope(shield=True):
            decided = await anyio.to_thread.run_sync(servers.gate.answer, words, owner(Kind.TERMINAL), now())
        if answer is Ended.CTRL_C:
            typer.echo(_WONT, err=True)
            raise typer.Exit(INTERRUPTED)
        again = "Please say yes or no. "
    return _late(decided, words) if isinstance(decided, Refused) else decided


def _late(refused: Refused, words: str) -> Refused:
    """As it is told when the question had lapsed before its answer, which the record already says."""
    if refused.rule != "confirmation.none":
        return refused
    if understand(words) is Answer.NO:
        return replace(refused, rule="confirmation.no", reason=_WONT)
    return replace(
        refused, reason=f"The answer came more than {VALID_MS // 1000} seconds after the question; ask again."
    )


def _did_you_mean(policy: Policy, request: Request) -> str:
    """The listed container that is written nearly so, of those that the terminal may see; the guard never guesses."""
    if request.verb not in CONTAINER_VERBS or request.target in policy.containers:
        return ""
    names = visible(policy, owner(Kind.TERMINAL), policy.containers.keys())
    near = extractOne(request.target, names, scorer=ratio, processor=str.lower, score_cutoff=_NEAR)
    return f"; did you mean {near[0]}?" if near else ""


def _show(result: Result, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_redacted(_row(result))))
    elif result.request.verb is Verb.LOGS and result.result == "done":
        typer.echo(result.log, nl=not result.log.endswith("\n"))
    elif result.request.verb is Verb.LIST and result.seen:
        for seen in result.seen:
            typer.echo(status_sentence(seen))
    else:
        typer.echo(redact(sentence(result)))


def _redacted(row: dict[str, Any]) -> dict[str, Any]:
    """The log was redacted as a whole already, in `ops`; words about it may repeat others' words."""
    return {key: redact(value) if isinstance(value, str) else value for key, value in row.items()}


def _row(result: Result) -> dict[str, Any]:
    request = result.request
    row: dict[str, Any] = {"verb": request.verb.value, "target": request.target, "result": result.result}
    row["spoken"] = sentence(result)
    row["containers"] = [
        {"name": seen.name, "state": seen.state, "health": seen.health, "exit_code": seen.exit_code}
        for seen in result.seen
    ]
    if result.usage is not None:
        row["usage"] = asdict(result.usage)
    if request.verb is Verb.LOGS:
        row["log"] = result.log
    if result.trouble:
        row["error"] = result.trouble
    return row
