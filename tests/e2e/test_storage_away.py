"""Object storage that nobody can reach for a while: the run waits, says so, and loses nothing."""

import pytest

from tests.contract.s3_servers import wire_to
from tests.e2e.cluster_jobs import ClusterJobs, Status, condition, two_column_table

pytestmark = pytest.mark.cluster

FOUR_CELLS = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0]}]}


def waits_for_storage(status: Status) -> bool:
    return condition(status, "Running")["reason"] == "StorageUnavailable"


def test_storage_that_is_away_before_and_in_the_search_is_waited_for_shown_and_costs_no_cell(jobs: ClusterJobs) -> None:
    real = jobs.testbed.s3_endpoint
    host = jobs.testbed.require_own().instance().addresses.host_ip
    source = jobs.upload(two_column_table())
    with wire_to(real, host) as wire:
        port = wire.port
    manifest = jobs.manifest("away", source, search=FOUR_CELLS, execution={"parallelism": 1, "retries": 0})
    manifest["spec"]["storage"]["endpoint"] = f"http://{host}:{port}"
    name = jobs.apply(manifest)
    status = jobs.wait(name, "says that storage is away", waits_for_storage)
    running = condition(status, "Running")
    assert running["status"] == "False"
    assert f"http://{host}:{port} refuses the connection, so nothing listens there" in running["message"]
    assert "it is tried again until storage answers" in running["message"]
    assert condition(status, "Failed")["status"] != "True"

    with wire_to(real, host, port):
        jobs.wait(name, "has finished a cell", lambda s: s.get("cells", {}).get("succeeded", 0) > 0)
    status = jobs.wait(name, "says again that storage is away", waits_for_storage)
    assert status["cells"]["failed"] == 0

    with wire_to(real, host, port):
        status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["reason"] == "Completed", status["conditions"]
    assert (status["cells"]["succeeded"], status["cells"]["failed"]) == (4, 0)
    told = [event["type"] for event in jobs.events(name) if event["reason"] == "StorageUnavailable"]
    assert told == ["Warning", "Warning"], "one Event each time it begins"
    assert len(jobs.children("jobs", name)) == 3, "every try was one of the same Job"
