"""The spec that stands beside results, and what differs from it."""

import json

from gridfold.domain.versions import differences, shareable_document
from tests.unit.domain.world import document, job_of


def dataset(*uris: str) -> dict[str, object]:
    return {"sources": [{"uri": uri} for uri in uris], "target": "y"}


def test_the_query_of_a_signed_url_stands_nowhere_and_is_no_other_version() -> None:
    spec = job_of(
        document(dataset=dataset("https://host/rows.csv?Signature=secret", "s3://data/what?is=this.csv"))
    ).spec
    kept = shareable_document(spec)
    assert "secret" not in json.dumps(kept)
    assert [source["uri"] for source in kept["dataset"]["sources"]] == [
        "https://host/rows.csv", "s3://data/what?is=this.csv",
    ]  # fmt: skip
    signed_again = job_of(
        document(dataset=dataset("https://host/rows.csv?Signature=other", "s3://data/what?is=this.csv"))
    )
    assert differences(kept, signed_again.spec) == []
    moved = job_of(
        document(dataset=dataset("https://host/others.csv?Signature=other", "s3://data/what?is=this.csv"))
    ).spec
    (told,) = differences(kept, moved)
    assert "rows.csv" in told
    assert "other" in told
    assert "Signature" not in told
