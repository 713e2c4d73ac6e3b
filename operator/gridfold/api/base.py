"""What every model of the contract has in common."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict

#: Extra of a field whose default the API server does not fill in, so that what was left open can be told from what was
#: written: a platform may have a default of its own for it.
LEFT_OPEN: JsonDict = {"leftOpen": True}


@dataclass(frozen=True)
class Rule:
    """One rule across fields, told twice: for the API server in CEL and for everyone else in Python.

    A contract test applies documents that break each rule to a real API server and to `check`.
    """

    path: str  #: the field to blame, relative to the model that has the rule; "" is the model itself
    cel: str
    message: str
    check: Callable[[Any], bool]  #: True where the rule is kept
    show: Callable[[Any], object]  #: the value to show in the message
    cel_message: str = ""  #: CEL that tells the value as well, where the API server would not show it
    explain: Callable[[Any], str] | None = None  #: the message with what Python knows of the values


class ApiModel(BaseModel):
    """A frozen model with camelCase names outside and snake_case inside; unknown fields are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        frozen=True,
        strict=False,
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    def document(self) -> dict[str, Any]:
        """Return the JSON document of this model, fields that were never set and have no default left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
