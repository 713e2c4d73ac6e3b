"""The rule that addresses hold no user name and no password."""

from collections.abc import Callable
from typing import Any

from gridfold.api.base import Rule
from gridfold.api.confidential import has_user, told_url

#: It is a rule and no pattern, as the API server shows what breaks a pattern.
_MESSAGE = (
    "must not hold a user name or password, which whoever sees the job could read; put keys into a Secret and name it "
    "in storage.credentialsSecretName"
)


def no_user(field: str, cel: str, address: Callable[[Any], str | None]) -> Rule:
    """Return the rule for a field.

    Args:
        field: its name in a document.
        cel: the rule for the API server; which schemes a field may have is known where it is declared.
        address: gives it of a model. That of a file is a path, in which anything may stand.
    """

    def kept(model: Any) -> bool:
        found = address(model)
        return found is None or found.startswith("file:") or not has_user(found)

    return Rule(field, cel, _MESSAGE, kept, lambda model: told_url(address(model) or ""))
