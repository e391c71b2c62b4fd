"""`make run`: everything in one terminal. Data lives in var/; nothing is billed, the vendors are simulated."""

from __future__ import annotations

import os
import sys

from tools.stack import ROOT, Stack


def main() -> int:
    web_port = int(os.environ.get("PORT", "8000"))
    stack = Stack(web_port=web_port, environment={"PORTAL_LOG_LEVEL": os.environ.get("PORTAL_LOG_LEVEL", "WARNING")})
    print("Preparing the database and static files...", flush=True)
    stack.prepare()
    sign_in = stack.manage("first_admin").strip()
    try:
        with stack:
            print(f"\n  Video Portal is at {stack.url}/   {sign_in}\n  Ctrl-C stops it; its data stays in {_data_dir()}.\n", flush=True)
            stack.watch()
    except RuntimeError as error:
        print(f"It did not start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    print("Stopped.")
    return 0


def _data_dir() -> str:
    return os.environ.get("PORTAL_DATA_DIR") or os.path.relpath(ROOT / "var")


if __name__ == "__main__":
    sys.exit(main())
