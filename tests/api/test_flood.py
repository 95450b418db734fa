# SPDX-License-Identifier: MIT
"""What one farmer may have made in fifteen minutes has an end, and what is refused
leaves nothing behind."""
import pictures
import pytest
from client import refused
from people import path
from test_document import PDF


def press(client, farmer):
    return client.post(path(farmer, "/generate-idcard"))


def photo(client, farmer):
    return client.upload(path(farmer, "/upload-photo"), pictures.jpeg(width=30, height=40))


def plain_photo(client, farmer):
    return client.upload("/api/uploads/%s/photo" % farmer["farmer_id"],
                         pictures.jpeg(width=30, height=40))


def document(client, farmer):
    return client.upload(path(farmer, "/documents/nrc"), PDF, "scan.pdf")


def plain_document(client, farmer):
    return client.upload("/api/uploads/%s/document/license" % farmer["farmer_id"], PDF,
                         "scan.pdf")


@pytest.mark.parametrize("ask,other", [(press, press), (photo, plain_photo),
                                       (document, plain_document)],
                         ids=["card", "photo", "document"])
def test_not_without_end(server, operator, farmer, as_farmer, ask, other):
    """Flaws 50, 61: nothing counted what was uploaded, or queued."""
    replies = []
    for _ in range(101):
        replies.append(ask(operator, farmer))
        if replies[-1].status_code == 429:
            break
    assert {r.status_code for r in replies[:-1]} <= {200, 202} and len(replies) > 5
    before = operator.get(path(farmer)).json(), server.stored()
    for reply in (replies[-1], other(operator, farmer), ask(as_farmer(farmer), farmer)):
        assert refused(reply, 429) == "Too many attempts. Try again later."
        assert 0 < int(reply.headers["Retry-After"]) <= 900
    assert (operator.get(path(farmer)).json(), server.stored()) == before
