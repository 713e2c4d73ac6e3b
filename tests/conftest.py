"""What all tests share: the real cluster, the wheel, and properties that are tried in the same order in CI."""

import os

from hypothesis import settings

pytest_plugins = ["tests.testbed.plugin", "tests.wheel", "tests.browser"]

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("developer", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
