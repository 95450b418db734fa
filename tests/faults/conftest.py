# SPDX-License-Identifier: MIT
"""Faults happen to servers of their own; the helpers are those of the API tests."""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))

pytest.register_assert_rewrite("big", "changes", "client", "hurt")

import server as servers  # noqa: E402  (the path above must come first)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the ends of its servers' logs."""
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, servers.Server):
                report.sections.append(("logs of the server", value.tails()))


@pytest.fixture(scope="module")
def start():
    """start(**settings of Server): a running server, ended after the module."""
    made = []

    def make(**more):
        made.append(servers.Server(**more))
        return made[-1].start()
    try:
        yield make
    finally:
        for running in made:
            running.end()
