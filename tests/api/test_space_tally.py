# SPDX-License-Identifier: MIT
"""The figures of organisations: kept with every change, and put right every day."""
import people
import pytest
import server as servers
import trail

FIGURES = ("used_bytes", "live_files", "live_bytes", "version_files", "version_bytes",
           "trash_files", "trash_bytes")
AGREE = "the figures agree with the files"


def check(server):
    status, out, err = server.cem("check", "space", "--config", server.config,
                                  check=False)
    return status, out.strip() or err


def figures(server, name):
    rows = trail.ask(server, "SELECT %s FROM organisation WHERE organisation_name = '%s'"
                     % (", ".join(FIGURES), name))
    return [rows[0][n] for n in FIGURES]


@pytest.fixture(scope="module")
def guests(server):
    name = "Figures " + people.word()
    server.cem("organisation", "add", "--config", server.config, name)
    return name


def falsify(server, name):
    server.sql("UPDATE organisation SET used_bytes = used_bytes + 5,"
               " live_files = live_files + 1, trash_bytes = trash_bytes + 5"
               " WHERE organisation_name = '%s'" % name)


def test_figures_that_are_wrong_are_put_right(server, guests):
    assert check(server) == (0, AGREE)
    falsify(server, guests)
    assert check(server) == (1, "1 organisations' figures did not agree with the files, "
                                "and were put right")
    assert figures(server, guests) == [0] * 7
    assert check(server) == (0, AGREE)


def test_every_day_by_itself(server, guests):
    falsify(server, guests)
    servers.run_schedule(server, "usage")
    assert figures(server, guests) == [0] * 7
