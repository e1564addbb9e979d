"""What every section of the schema is made of, and the forms of addresses. The sections are in the `schema` files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

ADDRESS = r"^(https?://[^\s@?#]+)?$"
DATABASE = r"^(postgres(ql)?://[^\s:@/?#]+@[^\s@/?#]+/[^\s@/?#]+(\?sslmode=(require|verify-full))?)?$"
DOCKER = r"^(unix:///\S+|tcp://([^\s/:@]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}/?|https?://[^\s/]+/?)?$"
MIRROR = r"^(https?://[^\s@]+|file://\S+)?$"


class Section(BaseModel):
    """One table of the file: frozen, every key in it known; `true` and `"1"` are no numbers."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)
