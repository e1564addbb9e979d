"""Takes secrets out of text before it is kept, spoken, or shown to a model. Not a promise for text it has never seen.

Called for every container log, free-text field of the audit log, history entry and prompt. Rules, each linear in the
length of the text, so that a hostile line cannot hold it up:

1. private keys in PEM, with real or literal line ends, complete or cut off;
2. `password=…`, `"token": "…"`, `--secret …`, headers, passwords in URLs (`redaction_pairs`);
3. `PASSWORD '…'` of SQL, "invalid api key …", digits beside a word for a secret (`redaction_phrases`);
4. the detectors of detect-secrets that look for a known form of key;
5. known prefixes, JSON web tokens and random-looking strings, word by word (`redaction_words`).

Kept: container ids and digests (7 to 12, 16, 32, 40 or 64 hexadecimal digits), UUIDs, times, addresses, paths. A secret
in one of those forms is found by a word beside it only. See docs/decisions/redaction.md.
"""

from __future__ import annotations

import re

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from jett.guard.redaction_pairs import redact_pairs
from jett.guard.redaction_phrases import redact_phrases
from jett.guard.redaction_words import REDACTED, redact_words

MAX_PASSES = 4
MAX_PEM_CHARS = 16_384

# Only those whose expressions take linear time. Its rules for JWTs, npm, OpenAI and URLs are ours here for that reason.
_DETECTORS: tuple[type[RegexBasedDetector], ...] = (
    ArtifactoryDetector,
    AWSKeyDetector,
    AzureStorageKeyDetector,
    DiscordBotTokenDetector,
    GitHubTokenDetector,
    GitLabTokenDetector,
    MailchimpDetector,
    PypiTokenDetector,
    SendGridDetector,
    SlackDetector,
    SquareOAuthDetector,
    StripeDetector,
    TelegramBotTokenDetector,
    TwilioKeyDetector,
)
_KNOWN_FORMS: tuple[re.Pattern[str], ...] = tuple(pattern for detector in _DETECTORS for pattern in detector().denylist)
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_PEM_BODY = re.compile(r"(?:[A-Za-z0-9+/=\s:,.-]|\\[nrt])*")


def redact(text: str) -> str:
    """The text with every secret found replaced by `[redacted]`. Redacting twice changes nothing more."""
    for _ in range(MAX_PASSES):
        before, text = text, _once(text)
        if text == before:
            return text
    return REDACTED


def _once(text: str) -> str:
    text = redact_phrases(redact_pairs(_redact_private_keys(text)))
    for pattern in _KNOWN_FORMS:
        text = pattern.sub(REDACTED, text)
    return redact_words(text)


def _redact_private_keys(text: str) -> str:
    kept: list[str] = []
    at = 0
    while begin := _PEM_BEGIN.search(text, at):
        kept += [text[at : begin.start()], REDACTED]
        another = text.find("-----BEGIN", begin.end(), begin.end() + MAX_PEM_CHARS)
        until = another if another >= 0 else begin.end() + MAX_PEM_CHARS
        cut_off = _PEM_END.search(text, begin.end(), until) or _PEM_BODY.match(text, begin.end())
        at = cut_off.end() if cut_off else begin.end()
    return "".join([*kept, text[at:]])
