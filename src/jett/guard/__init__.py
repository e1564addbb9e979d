"""Decides what may be done on the servers, and keeps the record of it.

    gate = Gate(load_policy(path), AuditLog(folder, anchors=[FileAnchor(elsewhere)]))
    match gate.ask(Request(Verb.RESTART, "n8n"), identity, live_names, now):
        case Refused(_, reason): ...            # spoken
        case Question(text): ...                # read back; then gate.answer(words, …), click or decline(nonce, …)
        case Permit() as permit: ...            # gate.redeem(permit, now) → the request; do it; gate.finish(…)

Everything blocks only where it touches the log; the rest is pure. Callers use what is named here and nothing else.
"""

from jett.guard.audit import AuditLog
from jett.guard.audit_anchor import Anchor, FileAnchor
from jett.guard.audit_read import export, page, tail, unfinished
from jett.guard.audit_record import Head, Record
from jett.guard.audit_verify import Fault, Report, verify
from jett.guard.audit_witness import Agreement, Standing
from jett.guard.gate import Gate, Outcome, Question, Refused
from jett.guard.identity import Identity, Kind, Scope
from jett.guard.permit import Permit
from jett.guard.policy import Allow, Confirm, Deny, Policy, Verdict, absent, decide, visible
from jett.guard.policy_file import load_policy, parse_policy
from jett.guard.policy_watch import PolicyWatch
from jett.guard.redaction import redact
from jett.guard.request import (
    CHANGING,
    CONTAINER_VERBS,
    DEFAULT_LINES,
    MAX_LINES,
    READING,
    TOOL_VERBS,
    WITHOUT_TARGET,
    Request,
    Verb,
    object_of,
    parse_request,
)
from jett.guard.tokens import Token, TokenStore

__all__ = [
    "CHANGING",
    "CONTAINER_VERBS",
    "DEFAULT_LINES",
    "MAX_LINES",
    "READING",
    "TOOL_VERBS",
    "WITHOUT_TARGET",
    "Agreement",
    "Allow",
    "Anchor",
    "AuditLog",
    "Confirm",
    "Deny",
    "Fault",
    "FileAnchor",
    "Gate",
    "Head",
    "Identity",
    "Kind",
    "Outcome",
    "Permit",
    "Policy",
    "PolicyWatch",
    "Question",
    "Record",
    "Refused",
    "Report",
    "Request",
    "Scope",
    "Standing",
    "Token",
    "TokenStore",
    "Verb",
    "Verdict",
    "absent",
    "decide",
    "export",
    "load_policy",
    "object_of",
    "page",
    "parse_policy",
    "parse_request",
    "redact",
    "tail",
    "unfinished",
    "verify",
    "visible",
]
