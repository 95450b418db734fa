# SPDX-License-Identifier: MIT
"""Tokens taken apart and forged (RFC 7515, RFC 7519), for the attacks."""
import base64
import hashlib
import hmac
import json


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    """(header, claims, signature bytes) of a token, unchecked."""
    head, body, signature = token.split(".")
    return json.loads(unb64(head)), json.loads(unb64(body)), unb64(signature)


def compact(data):
    return json.dumps(data, separators=(",", ":")).encode()


def sign(key, text, digest=hashlib.sha256):
    return hmac.new(key, text.encode(), digest).digest()


def mint(key, claims, header=None, digest=hashlib.sha256):
    """A token of claims, signed with key; without a key the signature is empty."""
    header = header or {"alg": "HS256", "typ": "JWT"}
    text = b64(compact(header)) + "." + b64(compact(claims))
    return text + "." + (b64(sign(key, text, digest)) if key is not None else "")
