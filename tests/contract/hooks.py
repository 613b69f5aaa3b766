"""Hooks for schemathesis (SCHEMATHESIS_HOOKS).

Guessing credentials is slowed by address, and schemathesis sends hundreds of wrong ones: each connection comes from another loopback address.
Numbers outside int64 and NUL are refused anywhere in a body, also in fields that are ignored: the schema cannot say so.
"""
import random

import schemathesis
import urllib3.util.connection

_connect = urllib3.util.connection.create_connection


def from_anywhere(address, timeout=None, source_address=None, socket_options=None):
    source_address = ("127.%d.%d.%d" % (random.randint(1, 250), random.randint(0, 255), random.randint(1, 254)), 0)
    return _connect(address, timeout, source_address=source_address, socket_options=socket_options)


urllib3.util.connection.create_connection = from_anywhere


def readable(value):
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, (int, float)):
        return -2**63 <= value < 2**63
    if isinstance(value, str):
        return "\0" not in value and not any(0xd800 <= ord(c) < 0xe000 for c in value)
    if isinstance(value, dict):
        return all(readable(k) and readable(v) for k, v in value.items())
    if isinstance(value, list):
        return all(readable(v) for v in value)
    return True


@schemathesis.hook
def filter_body(context, body):
    return readable(body)
