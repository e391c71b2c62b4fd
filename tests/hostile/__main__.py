"""`python -m tests.hostile [--short]`: let vendors misbehave at every stage of an HTTP exchange, and count what was bought twice or lost.

A hostile server sits between the portal and the simulator, whose ledger counts what was paid. Every kind of misbehaviour meets every
vendor; real rows, the real engine, real HTTP, SQLite and PostgreSQL. Exits 1 when the promise was broken, and lists how.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import on_each, play
from tests.hostile.certificates import AUTHORITY, make_certificates
from tests.hostile.kinds import Kind, Stage, all_kinds
from tests.hostile.surfaces import VENDORS
from tests.hostile.verdict import HEADS

CAN_BE_ASKED = ("kling", "dashscope", "jimeng")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--short", action="store_true", help="every kind at one vendor, which the seed chooses")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--kind", action="append", help="only kinds whose name begins so")
    parser.add_argument("--vendor", choices=VENDORS, action="append", help="only this one")
    parser.add_argument("--each", type=int, default=1, help="tasks of each kind at each vendor")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="of the order of the kinds; printed, so that a run can be repeated"
    )
    parser.add_argument("--kinds", action="store_true", help="list the kinds and end")
    parser.add_argument("--verbose", action="store_true", help="report each wave, and show every kind in the table")
    options = parser.parse_args()
    kinds = {name: one for name, one in all_kinds().items() if not options.kind or name.startswith(tuple(options.kind))}
    if options.kinds:
        print("\n".join(f"{name:34} {one.stage.name.lower():9} {one.summary}" for name, one in kinds.items()))
        return 0
    plan = _plan(options, kinds)
    print(f"hostile: {len(kinds)} kinds, {sum(map(len, plan['waves'])) * plan['each']} tasks, seed {options.seed}", flush=True)
    return on_each(options.database or DATABASES, lambda database: _one(database, plan, kinds), at_once=True)


def _plan(options: argparse.Namespace, kinds: dict[str, Kind]) -> dict[str, Any]:
    """Waves in which each vendor has one kind, another than its neighbours have."""
    vendors, names = options.vendor or list(VENDORS), list(kinds)
    random.Random(options.seed).shuffle(names)
    waves = [{vendor: names[(start + at * 7) % len(names)] for at, vendor in enumerate(vendors)} for start in range(len(names))]
    if options.short and not options.vendor:
        waves = _few(kinds, names, vendors)
    return {"waves": waves, "each": options.each, "verbose": options.verbose}


def _few(kinds: dict[str, Kind], names: list[str], vendors: list[str]) -> list[dict[str, str]]:
    """Every kind once; what is about look-ups, at vendors that can be asked about our reference."""
    asked = [name for name in names if kinds[name].stage is Stage.LOOK_UP]
    others = [name for name in names if kinds[name].stage is not Stage.LOOK_UP]
    waves = [dict(zip(vendors, others[start : start + len(vendors)], strict=False)) for start in range(0, len(others), len(vendors))]
    return [*waves, *(dict(zip(CAN_BE_ASKED, asked[start : start + 3], strict=False)) for start in range(0, len(asked), 3))]


def _one(database: str, plan: dict[str, Any], kinds: dict[str, Kind]) -> bool:
    """Returns whether the promise was kept."""
    with open_stage(database, PORTAL_SUBMIT_WORKERS="64") as stage:
        certificates = stage.folder / "certificates"
        make_certificates(certificates)
        stage.environment["SSL_CERT_FILE"] = str(certificates / AUTHORITY)
        facts = play(stage, "tests.hostile.trial", plan | {"certificates": str(certificates)})
    if facts is None:
        print(f"\n{database}: the trial itself failed", flush=True)
        return False
    print("\n".join([f"\n{database}", *_summary(facts, kinds, verbose=plan["verbose"])]), flush=True)
    return not facts["violations"]


def _summary(facts: dict[str, Any], kinds: dict[str, Kind], *, verbose: bool) -> list[str]:
    strikes, table = facts["strikes"], facts["table"]
    lines = ["| stage | kinds | hostile answers | " + " | ".join(HEADS) + " |", "|" + "---|" * (len(HEADS) + 3)]
    groups: dict[str, list[str]] = {}
    for name, one in kinds.items():
        groups.setdefault(str(one.stage), []).append(name)
        if verbose:
            groups.setdefault(f"`{name}`", []).append(name)
    for title, names in [*groups.items(), ("all", list(kinds))]:
        counts = sum((Counter(table.get(name, {})) for name in names), Counter())
        cells = [len(names), sum(strikes.get(name, 0) for name in names), *(counts[head] for head in HEADS)]
        lines.append(f"| {title} | " + " | ".join(map(str, cells)) + " |")
    lines += [f"{facts['tasks']} tasks, {facts['paid']} paid, {facts['seconds']} s", _silent(facts, kinds)]
    broken = Counter(one["what"] for one in facts["violations"])
    lines += [f"  BROKEN {one['what']}: {one['kind']} at {one['vendor']} ({one['model']}): {one['detail']}" for one in facts["violations"]]
    return [*lines, f"the promise was broken: {dict(broken)}" if broken else "the promise was kept"]


def _silent(facts: dict[str, Any], kinds: dict[str, Kind]) -> str:
    """Kinds that never struck show nothing."""
    silent = [name for name in facts["table"] if name in kinds and not facts["strikes"].get(name)]
    return f"kinds that never struck: {', '.join(sorted(silent)) or 'none'}"


if __name__ == "__main__":
    sys.exit(main())
