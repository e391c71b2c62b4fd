"""`make run`: the whole portal in one terminal, at port PORT (8000) of this machine, with BIND=0.0.0.0 also for others. Data is in var/;
vendors are simulated, so nothing is billed.

Accounts of vendors' variables such as ALIYUN_API_KEY are real: docs/operating.md.
With STORAGE=oss or STORAGE=s3 a server of such buckets runs beside it, and every file goes there. That portal is separate, because files do
not move between storages: the one with OSS is kept in var/oss/, the one with S3 ends with its server.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tools.buckets import BUCKETS, open_bucket
from tools.stack import ROOT, Stack, free_port

BUCKET_PORT = 9200
MCP_PORT = 8001


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.run", description=__doc__)
    parser.add_argument("--storage", choices=list(BUCKETS), default="local", help="where files are kept")
    parser.add_argument("--mcp", action="store_true", help="serve language models too (docs/integrations/mcp.md)")
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # also while it starts, and where a shell started it with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        with ExitStack() as everything:
            _run(asked.storage, everything, mcp_port=MCP_PORT if asked.mcp else None)
    except RuntimeError as error:
        print(f"It did not start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    print("Stopped.")
    return 0


def _run(storage: str, everything: ExitStack, *, mcp_port: int | None) -> None:
    usual = {"PORTAL_LOG_LEVEL": "WARNING", "PORTAL_ENVIRONMENT_ACCOUNTS": "True"}
    environment = {name: os.environ.get(name, value) for name, value in usual.items()}
    data = _data_folder(storage, everything)
    if storage != "local":
        environment |= {"PORTAL_DATA_DIR": str(data), "DATABASE_URL": ""}
    bucket = everything.enter_context(open_bucket(storage, data / "bucket", port=free_port(BUCKET_PORT) if storage != "local" else 0))
    environment |= dict(bucket.environment if bucket else {})
    host = os.environ.get("BIND", "127.0.0.1")
    stack = Stack(web_port=int(os.environ.get("PORT", "8000")), web_host=host, mcp_port=mcp_port, environment=environment)
    print("Preparing the database and static files...", flush=True)
    given = stack.prepare()
    stack.manage("sandbox_chat", "--url", stack.simulator_url)
    sign_in = stack.manage("first_admin").strip()
    if given:
        print(f"Accounts of your environment:\n{given}", end="", flush=True)
    with stack:
        files = f"\n  Files go to {bucket.place}." if bucket else ""
        models = f"\n  The MCP server is at http://127.0.0.1:{stack.mcp_port}/mcp (docs/integrations/mcp.md)." if stack.mcp_port else ""
        stays = f"its data stays in {_shown(data)}" if storage != "s3" else "its data ends with it"
        print(f"\n  Video Portal is at {stack.url}/   {sign_in}{files}{models}\n  Ctrl-C stops it; {stays}.\n", flush=True)
        stack.watch()


def _data_folder(storage: str, everything: ExitStack) -> Path:
    if storage == "s3":
        return Path(everything.enter_context(tempfile.TemporaryDirectory(prefix="portal-s3-")))
    usual = ROOT / "var"
    return Path(os.environ.get("PORTAL_DATA_DIR") or usual) / ("oss" if storage == "oss" else "")


def _shown(folder: Path) -> str:
    return os.path.relpath(folder) if folder.is_relative_to(ROOT) else str(folder)


if __name__ == "__main__":
    sys.exit(main())
