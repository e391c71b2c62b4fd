"""`make run`: the whole portal in one terminal, at port PORT (8000). Data is in var/; vendors are simulated, so nothing is billed.

Accounts of vendors' variables such as ALIYUN_API_KEY are real: docs/operating.md.
"""

from __future__ import annotations

import argparse
import os
import sys

from tools.stack import ROOT, Stack


def main() -> int:
    argparse.ArgumentParser(prog="python -m tools.run", description=__doc__).parse_args()
    log_level = os.environ.get("PORTAL_LOG_LEVEL", "WARNING")
    environment = {"PORTAL_LOG_LEVEL": log_level, "PORTAL_ENVIRONMENT_ACCOUNTS": os.environ.get("PORTAL_ENVIRONMENT_ACCOUNTS", "True")}
    stack = Stack(web_port=int(os.environ.get("PORT", "8000")), environment=environment)
    print("Preparing the database and static files...", flush=True)
    given = stack.prepare()
    sign_in = stack.manage("first_admin").strip()
    if given:
        print(f"Accounts of your environment:\n{given}", end="", flush=True)
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
