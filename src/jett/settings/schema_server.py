"""The sections of what `jett serve` serves and keeps: the server, the history, the memory, telemetry."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from jett.server.address import Address, parse_address
from jett.settings.section import ADDRESS, DATABASE, Section


class Server(Section):
    """The dashboard, and the programs that talk with Jett over the network."""

    address: str = Field(
        default="127.0.0.1:8480",
        description="Where `jett serve` listens: this machine, or the tunnel such as `10.0.0.1:8480`. "
        "An address that is not private is refused.",
    )
    tls_certificate: Path | None = Field(
        default=None, strict=False, description="Jett's certificate (PEM), for `https`; needs `tls_key`."
    )
    tls_key: Path | None = Field(default=None, strict=False, description="The key of that certificate (PEM).")
    tunnel: bool = Field(
        default=False,
        description="Whether the address is inside an encrypted tunnel, so that plain `http` may be spoken there.",
    )
    local_loop: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Whether `jett serve` also talks through this machine's microphone and speaker; `auto` is where "
        "there are both.",
    )
    actions: bool = Field(
        default=False,
        description="Whether the dashboard, its buttons and the words said or written there, offers what the policy "
        "lets it change; without it, it only shows.",
    )
    most_sessions: int = Field(
        default=0, ge=0, le=64, description="Conversations over the network at once; 0 is two for each core."
    )
    session_days: int = Field(default=30, ge=1, le=365, description="Days after which a browser needs a new link.")
    wyoming: str = Field(
        default="",
        description="Where Home Assistant may use Jett's ears and voice (Wyoming): `127.0.0.1:10700`, or an address of "
        "a private network, which anybody there may then use; empty is nowhere.",
    )
    zeroconf: bool = Field(
        default=False, description="Whether Wyoming is announced in the local network, so that Home Assistant finds it."
    )

    @field_validator("address")
    @classmethod
    def _is_private(cls, address: str) -> str:
        parse_address(address)
        return address

    @field_validator("wyoming")
    @classmethod
    def _wyoming_is_private(cls, wyoming: str) -> str:
        if wyoming:
            parse_address(wyoming)
        return wyoming

    @model_validator(mode="after")
    def _is_safe_on_its_way(self) -> Self:
        if (self.tls_certificate is None) is not (self.tls_key is None):
            raise ValueError("server.tls_certificate and server.tls_key, both or neither")
        if not self.listens_on.is_loopback and self.tls_certificate is None and not self.tunnel:
            raise ValueError(
                "server.tls_certificate and server.tls_key for an address that other machines reach, or "
                "server.tunnel = true if it is inside an encrypted tunnel such as WireGuard"
            )
        return self

    @property
    def listens_on(self) -> Address:
        """The address, taken apart."""
        return parse_address(self.address)


class History(Section):
    """What is kept of conversations: words, times and decisions. Sound is kept only by `privacy.keep_recordings`."""

    keep: bool = Field(default=True, description="Keep what was said and answered, for the dashboard's History.")
    database: str = Field(
        default="",
        pattern=DATABASE,
        description="PostgreSQL instead of a file of this machine: `postgresql://jett@10.0.0.2:5432/jett`; outside "
        "private addresses with `?sslmode=require` or `verify-full`.",
    )
    password_file: Path | None = Field(
        default=None, strict=False, description="File whose first line is that role's password."
    )
    dir: Path | None = Field(
        default=None,
        strict=False,
        description="Where the file `history.sqlite` lies; unset is `history` in the user's data folder.",
    )
    days: int = Field(default=90, ge=0, le=3650, description="Days after which a turn is deleted; 0 keeps all.")


class Memory(Section):
    """What Jett was asked to remember."""

    keep: bool = Field(default=True, description='Whether "remember that …" is understood.')
    url: str = Field(
        default="",
        pattern=ADDRESS,
        description="A Qdrant server, such as `http://10.0.0.2:6333`; empty keeps it in a folder of this machine.",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""), description="Key for that server; better in the environment or a file."
    )
    api_key_file: Path | None = Field(default=None, strict=False, description="File whose first line is the key.")
    dir: Path | None = Field(
        default=None, strict=False, description="Where the folder `memory` lies; unset is the user's data folder."
    )


class Telemetry(Section):
    """Measurements for the owner's own collectors. They never hold what was said."""

    traces_url: str = Field(
        default="",
        pattern=ADDRESS,
        description="Traces go there (OTLP over HTTP), such as `http://127.0.0.1:4318`; empty is nowhere.",
    )
