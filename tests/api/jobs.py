# SPDX-License-Identifier: MIT
"""Jobs as tests make them, watch them and count what they did."""
import trail
from server import poll

ENDED = ("done", "dead", "cancelled")


def cem(server, *words, **more):
    return server.cem("job", *words, "--config", server.config, **more)[1]


def ping(server, *words):
    """The id of a new ping, or a list of them: ping(server, "3", "--steps", "5")."""
    made = cem(server, "ping", *words).split()
    return made if words and words[0].isdigit() else made[0]


def shown(server, job_id):
    """What `cem job show` says."""
    return dict(line.split("\t", 1) for line in cem(server, "show", job_id).splitlines())


def until(server, job_id, *states):
    """Wait until it is in one of the states (ENDED if none is named); what it is then."""
    def there():
        found = shown(server, job_id)
        return found if found["state"] in (states or ENDED) else None
    return poll(there)


def underway(server, job_id, n=1):
    """Wait until n of its steps are done."""
    def there():
        return int(shown(server, job_id)["done"].split("/")[0]) >= n
    poll(there)


def steps(server, job_id):
    """The steps of a ping that were counted, in order."""
    return [row["details"]["step"] for row in trail.rows(server, action="ping")
            if row["details"]["job_id"] == job_id]
