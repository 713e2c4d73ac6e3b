"""Up, down and status of one instance: a real Kubernetes on this machine."""

import contextlib
import shutil
import sys
import time
from string import Template

from tests.testbed import build, cgroups, components, images, instance, links, machine, namespace, paths, pki
from tests.testbed.components import Component
from tests.testbed.errors import NotRunningError, TestbedError
from tests.testbed.instance import Instance
from tests.testbed.kubectl import Kubectl
from tests.testbed.shell import lock, log_tail
from tests.testbed.waiting import wait_until

_START_SECONDS = 180  # the first start after a build reads everything from a cold disk
_HEAL_SECONDS = 20  # what runs already is either ready by then, or started anew


def up(name: str, *, quick_jobs: bool = False) -> Instance:
    """Return the instance when all of it is ready; start, or heal, only what is not; a running one stays as it is."""
    machine.require()
    bin_dir = build.build()
    base_images = images.ensure_base()
    with _locked(name):
        found = instance.load(name)
        if found is None or not namespace.alive(found) or found.bin_dir != str(bin_dir):
            if found is not None:
                _clean(found)
            fresh = instance.create(name, bin_dir)
            if quick_jobs:
                fresh.quick_jobs.touch()
            found = _begin(fresh)
        links.connect(found)
        cgroups.create(found.cgroup)
        _ensure(found, components.foundation(found))
        images.load_into(found, base_images)
        _ensure(found, components.controllers(found))
        _wait_for_node(found)
    return found


def down(name: str) -> bool:
    """End the instance and remove all that it left; return whether there was one."""
    with _locked(name):
        found = instance.load(name)
        if found is not None:
            _clean(found)
        elif paths.instance(name).exists():
            shutil.rmtree(paths.instance(name))
    return found is not None


def status(name: str) -> dict[str, str]:
    """Return what each component does: "ready", "stopped" or what it answers instead."""
    found = instance.load(name)
    if found is None or not namespace.alive(found):
        raise NotRunningError(
            f"No instance named {name!r} is up; start it by `python -m tests.testbed up --name {name}`."
        )
    return {component.name: _say(found, component) for component in components.everything(found)}


def _say(found: Instance, component: Component) -> str:
    if namespace.running_pid(found, component) is None:
        return "stopped"
    return component.missing() or "ready"


def _locked(name: str) -> contextlib.AbstractContextManager[None]:
    return lock(paths.cache() / "locks" / f"instance-{name}")


def _begin(fresh: Instance) -> Instance:
    """Write the configuration of a new instance and start its process 1."""
    at = fresh.addresses
    for folder in ("s3/objects", "s3/attributes", "s3-tls/objects", "s3-tls/attributes", "cni", "etcd", "kubelet"):
        (fresh.state / folder).mkdir(mode=0o700, parents=True)
    pki.write(fresh)
    values = {
        "state": str(fresh.state),
        "node_ip": at.node_ip,
        "pod_cidr": at.pod_cidr,
        "cgroup": fresh.cgroup,
        "token": fresh.token,
        "pause_image": images.pause_image().reference,
    }
    places = {"cni.conflist": "cni/10-testbed.conflist"}
    for file in ("kubeconfig", "kubelet.yaml", "containerd.toml", "cni.conflist"):
        text = Template((paths.CONFIG / file).read_text()).substitute(values)
        (fresh.state / places.get(file, file)).write_text(text)
    for file in ("audit.yaml", "kwok-nodes.yaml", "kwok-pods.yaml"):
        shutil.copy(paths.CONFIG / file, fresh.state)
    (fresh.state / "tokens.csv").write_text(f"{fresh.token},testbed-admin,testbed-admin,system:masters\n")
    (fresh.state / "resolv.conf").write_text("options timeout:1 attempts:1\n")
    return namespace.start(fresh)


def _ensure(found: Instance, wanted: list[Component]) -> None:
    """Start what does not run, wait until all are ready, and start anew what runs without being ready."""
    fresh = [component for component in wanted if namespace.running_pid(found, component) is None]
    for component in fresh:
        namespace.launch(found, component)
    for component in wanted:
        if component not in fresh and not _is_ready_soon(found, component):
            print(f"testbed: {component.name} runs but is not ready; starting it anew", file=sys.stderr)
            namespace.kill(found, component)
            namespace.launch(found, component)
        _wait(found, component, _START_SECONDS)


def _is_ready_soon(found: Instance, component: Component) -> bool:
    try:
        _wait(found, component, _HEAL_SECONDS)
    except TestbedError:
        return False
    return True


def _wait(found: Instance, component: Component, timeout_seconds: float) -> None:
    """Wait until a component is ready; do not wait for one that has ended."""

    def missing() -> str | None:
        if namespace.running_pid(found, component) is None:
            raise TestbedError(f"{component.name} ended instead of starting; {log_tail(found.log(component.name))}")
        return component.missing()

    wait_until(
        missing,
        timeout_seconds=timeout_seconds,
        what=f"{component.name} is not ready",
        explain=lambda: log_tail(found.log(component.name)),
    )


def _wait_for_node(found: Instance) -> None:
    """Wait until the real node takes pods."""
    kubectl = Kubectl.of(found)
    ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"

    def missing() -> str | None:
        try:
            said = kubectl("get", "node", found.node_name, "-o", ready)
        except TestbedError as error:
            return str(error)
        return None if said == "True" else f"Its Ready condition is {said!r}."

    wait_until(
        missing,
        timeout_seconds=_START_SECONDS,
        what=f"Node {found.node_name}",
        explain=lambda: log_tail(found.log("kubelet")),
    )


def _clean(found: Instance) -> None:
    """End and remove everything of an instance; what is gone already is no error."""
    started = time.monotonic()
    namespace.stop(found)
    links.disconnect(found)
    cgroups.remove(found.cgroup)
    shutil.rmtree(found.state)
    print(f"testbed: {found.name} is down after {time.monotonic() - started:.1f} s", file=sys.stderr)
