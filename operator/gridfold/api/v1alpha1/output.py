"""spec.output: where results go."""

from typing import ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import FolderUri
from gridfold.api.v1alpha1.no_user import no_user


class Output(ApiModel):
    """Where results go."""

    uri: FolderUri = Field(
        description="Folder of this job's results, ending in a slash: s3://bucket/folder/. With `gridfold run` also "
        "file:FOLDER/."
    )
    cache_uri: FolderUri | None = Field(
        None,
        description="Folder of prepared data and results of cells. Jobs that name the same one share work. Two of "
        "them compute the same cell only if both begin it before either has stored its result; both results are equal, "
        "and each job counts what it computed as succeeded and what it found as cached. Whoever can write there can "
        "change their results. Default: cache/ below uri.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        no_user("uri", "!self.uri.matches('^s3://[^/?#]*@')", lambda o: o.uri),
        no_user("cacheUri", "!has(self.cacheUri) || !self.cacheUri.matches('^s3://[^/?#]*@')", lambda o: o.cache_uri),
    )
