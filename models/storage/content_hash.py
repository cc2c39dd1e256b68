"""A hash of a skops file's content; the bytes of the file differ from run to run."""

from __future__ import annotations

import hashlib
import io
import json
from zipfile import ZipFile


def content_hash(data: bytes) -> str:
    """SHA-256 of a skops file's content, independent of the memory addresses that name its parts.

    Parameters
    ----------
    data : bytes
        A skops file: a zip of ``schema.json`` and the arrays that it refers to.

    Returns
    -------
    str
        64 hexadecimal digits, equal for equal objects.
    """
    with ZipFile(io.BytesIO(data)) as archive:
        parts = {
            name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if name != "schema.json"
        }
        schema = json.loads(archive.read("schema.json"))
    order: dict[object, int] = {}

    def settled(node: object) -> object:
        if isinstance(node, dict):
            return {
                key: order.setdefault(value, len(order)) if key == "__id__" else settled(value)
                for key, value in node.items()
            }
        if isinstance(node, list):
            return [settled(value) for value in node]
        if isinstance(node, str):
            return parts.get(node, node)
        return node

    text = json.dumps(settled(schema), sort_keys=True)
    unnamed = sorted(parts.values())  # so that a part the schema does not name counts too
    return hashlib.sha256((text + "\n".join(unnamed)).encode()).hexdigest()
