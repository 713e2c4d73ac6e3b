"""spec.output: where results go."""

from typing import ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.confidential import has_user, told_url
from gridfold.api.v1alpha1.fields import NO_USER, FolderUri


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
        Rule(
            "uri",
            "!self.uri.matches('^s3://[^/?#]*@')",
            NO_USER,
            lambda o: o.uri.startswith("file:") or not has_user(o.uri),
            lambda o: told_url(o.uri),
        ),
        Rule(
            "cacheUri",
            "!has(self.cacheUri) || !self.cacheUri.matches('^s3://[^/?#]*@')",
            NO_USER,
            lambda o: o.cache_uri is None or o.cache_uri.startswith("file:") or not has_user(o.cache_uri),
            lambda o: told_url(o.cache_uri),
        ),
    )
