"""What platforms configure of everyone who gives nodes, whatever its kind: operator and command line read it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from gridfold.api.v1alpha1.capacity import PROVIDER_PATTERN
from gridfold.api.v1alpha1.fields import Quantity

#: None: as many as jobs may ask for.
MostNodes = Annotated[int, Field(ge=1, le=10_000)] | None


class NodeProvider(BaseModel):
    """What all kinds of providers have; what a kind has beside it is left to whoever reads that."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True, extra="ignore")

    name: Annotated[str, Field(max_length=63, pattern=PROVIDER_PATTERN)]
    #: What a node gives to pods, by name of the resource: what is allocatable on the smallest machine that the
    #: provider may give, less what DaemonSets take.
    shape: Annotated[Mapping[str, Quantity], Field(min_length=1, max_length=16)]
    max_nodes_per_job: MostNodes = None
    max_nodes_per_namespace: MostNodes = None  #: of all jobs in one namespace together
    max_nodes: MostNodes = None  #: of all jobs together
    #: Of one node, in `currency`. Nothing is decided by it: `gridfold plan` tells what a job may cost.
    price_per_hour: Annotated[Decimal, Field(ge=0, le=100_000)] | None = None
    currency: Annotated[str, Field(pattern="^([A-Z]{3})?$")] = ""  #: its code of ISO 4217, such as USD

    @model_validator(mode="after")
    def _tells_of_what_a_price_is(self) -> Self:
        if (self.price_per_hour is None) == bool(self.currency):
            raise ValueError("pricePerHour and currency go together: give both (currency: USD, say), or neither")
        return self

    @property
    def most_nodes_of_a_job(self) -> int | None:
        """Return how many nodes one job can have at a time by the platform's limits; None: there is none."""
        limits = (self.max_nodes_per_job, self.max_nodes_per_namespace, self.max_nodes)
        return min((limit for limit in limits if limit is not None), default=None)
