"""The OSS server shares nothing with the portal's storage, which it judges."""

from __future__ import annotations

import ast
import sys

from tools.stack import ROOT


def test_the_server_imports_nothing_of_the_portal_and_no_sdk():
    files = list((ROOT / "tools" / "oss_server").glob("*.py"))
    imported = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}

    foreign = {
        name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("tools.oss_server")
    }

    assert {name.partition(".")[0] for name in foreign} == {"aiohttp", "crcmod"}
    assert len(files) > 5
