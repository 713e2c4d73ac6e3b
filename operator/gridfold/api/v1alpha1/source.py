"""spec.dataset.sources: where the rows are."""

from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Uri
from gridfold.api.v1alpha1.no_user import no_user
from gridfold.api.v1alpha1.storage import Storage


class Source(ApiModel):
    """One or more objects to read rows from."""

    uri: Uri = Field(
        description="Where the rows are: s3://bucket/key, all objects below s3://bucket/prefix/, all that match "
        "s3://bucket/glob*.csv (in byte order of their keys; * stays within a folder, ** does not; hidden objects and "
        "marks of other tools, such as .DS_Store and _SUCCESS, are not read, unless the pattern writes their dot or "
        "underscore), or "
        "https://host/path. With `gridfold run` on a laptop also file:PATH, relative to the folder of the YAML file."
    )
    sha256: Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None,
        description="SHA-256 of the object, in hexadecimal. If it is given and the object has another one, "
        "the job fails before any cell runs. Of a prefix or glob it is the SHA-256 of a list with one line for each "
        "object that is read: KEY TAB SHA256 NEWLINE.",
    )
    storage: Storage | None = Field(
        None,
        description="The object storage of this source, where it is not the one of spec.storage, of which nothing "
        "is taken over then. With https:// only caBundleConfigMapName counts.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        no_user("uri", "!self.uri.matches('^(s3|https)://[^/?#]*@')", lambda s: s.uri),
    )
