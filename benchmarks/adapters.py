"""`python -m benchmarks.adapters`: how many lines each vendor's adapter has; the table of docs/architecture.md.

Options count as catalog, and the files of a generation of an API (classic, new) by their names.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

VENDORS = Path(__file__).resolve().parent.parent / "providers" / "vendors"
FILES = ("catalog", "surfaces", "bodies", "wire", "replies", "errors")
HEAD = ("vendor", *FILES, "other", "all")


def main() -> None:
    rows = [_row(folder) for folder in sorted(VENDORS.iterdir()) if (folder / "wire.py").exists()]
    for cells in (HEAD, ("---", *["---:"] * (len(HEAD) - 1)), *rows):
        print(f"| {' | '.join(cells)} |")


def _row(folder: Path) -> tuple[str, ...]:
    lines = Counter[str]()
    for path in folder.rglob("*.py"):
        if path.stem != "__init__":
            lines["catalog" if path.stem == "options" else path.stem] += len(path.read_text(encoding="utf-8").splitlines())
    named = [lines[name] for name in FILES]
    rest = [*named, sum(lines.values()) - sum(named), sum(lines.values())]
    return (folder.name, *(str(count) if count else "" for count in rest))


if __name__ == "__main__":
    main()
