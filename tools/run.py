"""`make run`: the whole portal in one terminal, at port PORT (8000). Data is in var/; vendors are simulated, so nothing is billed."""

from __future__ import annotations

import argparse
import os
import sys

from tools.stack import ROOT, Stack


def main() -> int:
    argparse.ArgumentParser(prog="python -m tools.run", description=__doc__).parse_args()
    log_level = os.environ.get("PORTAL_LOG_LEVEL", "WARNING")
    stack = Stack(web_port=int(os.environ.get("PORT", "8000")), environment={"PORTAL_LOG_LEVEL": log_level})
    print("Preparing the database and static files...", flush=True)
    stack.prepare()
    sign_in = stack.manage("first_admin").strip()
    data_dir = os.environ.get("PORTAL_DATA_DIR") or os.path.relpath(ROOT / "var")
    try:
        with stack:
            print(f"\n  Video Portal is at {stack.url}/   {sign_in}\n  Ctrl-C stops it; its data stays in {data_dir}.\n", flush=True)
            stack.watch()
    except RuntimeError as error:
        print(f"It did not start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    print("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
