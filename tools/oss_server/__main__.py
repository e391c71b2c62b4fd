"""`python -m tools.oss_server`: see the package's docstring or `--help`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
from pathlib import Path

from aiohttp import web

from tools import oss_server
from tools.oss_server.server import OssServer
from tools.oss_server.signature import Key
from tools.oss_server.testing import ACCESS_KEY_ID, ACCESS_KEY_SECRET, BUCKET, DOMAIN, READY, REGION


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.oss_server", description=oss_server.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=9200, help="0: any free one")
    parser.add_argument("--folder", type=Path, required=True, help="where the buckets lie")
    parser.add_argument("--bucket", action="append", help=f"made if it is not there; may be given more than once ({BUCKET})")
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--access-key-id", default=ACCESS_KEY_ID)
    parser.add_argument("--access-key-secret", default=ACCESS_KEY_SECRET)
    parser.add_argument("--token", default="", metavar="ID:SECRET:TOKEN", help="a temporary key")
    parser.add_argument("--domain", default=DOMAIN, help=f"a custom domain of the first bucket ({DOMAIN})")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    words = parser.parse_args()
    keys = {words.access_key_id: Key(words.access_key_secret)}
    if words.token:
        name, secret, token = words.token.split(":", 2)
        keys[name] = Key(secret, token)
    buckets = words.bucket or [BUCKET]
    server = OssServer(words.folder, keys=keys, region=words.region, buckets=buckets, domains={words.domain: buckets[0]})
    asyncio.run(_serve(server, words.port, with_parent=words.with_parent))


async def _serve(server: OssServer, port: int, *, with_parent: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if with_parent:
        threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(stopped.set)), daemon=True).start()
    runner = web.ServerRunner(web.Server(server.handle, auto_decompress=False), shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host, bound = runner.addresses[0][:2]
    print(f"{READY}http://{host}:{bound}", flush=True)
    await stopped.wait()
    await runner.cleanup()
    server.store.close()


if __name__ == "__main__":
    main()
