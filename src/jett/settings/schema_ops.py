"""The servers' section of the schema: where they are. What may be done there is in the policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from jett.ops.docker_address import exposed
from jett.server.address import parse_address
from jett.settings.section import ADDRESS, DATABASE, DOCKER, Section


class McpServer(Section):
    """One server of tools that speaks the Model Context Protocol: a command of this machine, or an address."""

    command: list[str] = Field(default=[])
    url: str = Field(default="", pattern=ADDRESS)
    token_file: Path | None = Field(default=None, strict=False)
    env: list[str] = Field(default=[])
    timeout_s: float = Field(default=10.0, gt=0, le=120)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.command) is bool(self.url):
            raise ValueError('tables with either command = ["…"] or url = "http://…/mcp"')
        if (self.command and self.token_file is not None) or (self.url and self.env):
            raise ValueError("token_file beside url, env beside command")
        return self


class Operations(Section):
    """The servers: where they are, and where the guard's files lie. What may be done is in the policy, not here."""

    policy: Path | None = Field(
        default=None, strict=False, description="The policy file; unset is `policy.toml` beside the settings."
    )
    tunnel_hosts: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Names of servers that are reached through an encrypted tunnel only, such as `vps`; plain `tcp` is "
        "spoken to them, and to private addresses.",
    )
    docker: str = Field(
        default="",
        pattern=DOCKER,
        description="Docker's address: `unix:///run/docker.sock`, `tcp://10.0.0.2:2375` through the tunnel, "
        "`https://HOST:2376` with `tls_*` anywhere else; empty is no server.",
    )
    tls_ca: Path | None = Field(default=None, strict=False, description="For https: who signed Docker's certificate.")
    tls_certificate: Path | None = Field(default=None, strict=False, description="For https: Jett's certificate.")
    tls_key: Path | None = Field(default=None, strict=False, description="For https: the key of that certificate.")
    n8n_url: str = Field(default="", description="n8n's address, such as `http://10.0.0.2:5678`; empty is none.")
    n8n_token_file: Path | None = Field(
        default=None, strict=False, description="File with the secret that n8n's webhooks expect in X-Jett-Token."
    )
    timeout_s: float = Field(default=5.0, gt=0, le=120, description="How long a server may take to answer a read.")
    also_called: dict[str, list[str]] = Field(
        default={}, description='Other names of containers and workflows: { postgres = ["database"] }.'
    )
    mcp: dict[str, McpServer] = Field(
        default={},
        description="Servers of tools (MCP) by name: `command` (a list) and `env` (variables it may see), or `url` and "
        "`token_file`; `timeout_s`, 10 by default.",
    )
    audit_dir: Path | None = Field(
        default=None, strict=False, description="The audit log's folder; unset is `audit` in the user's state folder."
    )
    anchor: Path | None = Field(
        default=None,
        strict=False,
        description="File that knows the log's newest record, best on another disk; unset is in the data folder.",
    )
    anchor_database: str = Field(
        default="",
        pattern=DATABASE,
        description="PostgreSQL on another machine that knows it too: `postgresql://jett_audit@10.0.0.2:5432/jett`; "
        "outside private addresses with `?sslmode=require` or `verify-full`.",
    )
    anchor_password_file: Path | None = Field(
        default=None, strict=False, description="File whose first line is that role's password."
    )
    announcements: str = Field(
        default="",
        description="Where `jett talk` takes announcements: `127.0.0.1:8765`, or `10.0.0.1:8765` in the tunnel; empty "
        "is nowhere, and an address that is not private is refused.",
    )

    @field_validator("docker")
    @classmethod
    def _is_not_in_plain_text(cls, docker: str, info: ValidationInfo) -> str:
        if need := exposed(docker, info.data.get("tunnel_hosts", ())):
            raise ValueError(need)
        return docker

    @field_validator("mcp")
    @classmethod
    def _names_can_be_spoken(cls, servers: dict[str, McpServer]) -> dict[str, McpServer]:
        if all(re.fullmatch("[a-z][a-z0-9_-]{0,31}", name) for name in servers):
            return servers
        raise ValueError("names of at most 32 small letters, digits, _ and -, a letter first")

    @field_validator("announcements")
    @classmethod
    def _is_private(cls, announcements: str) -> str:
        if announcements:
            parse_address(announcements)
        return announcements
