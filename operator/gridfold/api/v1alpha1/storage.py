"""spec.storage: the object storage of sources and output."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import ENDPOINT_PATTERN, ObjectName
from gridfold.api.v1alpha1.no_user import no_user


class AddressingStyle(StrEnum):
    """How a bucket is addressed."""

    AUTO = "Auto"
    PATH = "Path"
    VIRTUAL = "Virtual"


class Storage(ApiModel):
    """The object storage of sources and output."""

    endpoint: Annotated[str, Field(max_length=1024, pattern=ENDPOINT_PATTERN)] | None = Field(
        None,
        description="Address of an S3-compatible server, such as http://s3.storage.svc:9000. Without it, the "
        "SDK's own default for the region is used.",
    )
    region: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Region of the buckets, such as eu-central-1."
    )
    addressing_style: AddressingStyle = Field(
        AddressingStyle.AUTO,
        description="How a bucket is addressed: Path puts it into the path of the URL, Virtual into the host "
        "name. Auto uses Path where an endpoint is given.",
    )
    credentials_secret_name: ObjectName | None = Field(
        None,
        description="Name of a Secret in the same namespace with the keys AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and, optionally, AWS_SESSION_TOKEN. They are mounted as files into the "
        "trainer's pods; the operator never reads them. Without it, and with `gridfold run`, the SDK looks for "
        "credentials where it always does: the pod's identity, the environment.",
    )
    ca_bundle_config_map_name: ObjectName | None = Field(
        None,
        description="Name of a ConfigMap in the same namespace whose key ca.crt holds, as PEM, the certificates of "
        "the authorities that signed the server's certificate, where they are not public ones.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        no_user("endpoint", "!has(self.endpoint) || !self.endpoint.contains('@')", lambda s: s.endpoint),
    )
