"""`python -m benchmarks.adapters`: how many lines each vendor's adapter has, by file; the table of docs/architecture.md."""

from __future__ import annotations

from pathlib import Path

VENDORS = Path(__file__).resolve().parent.parent / "providers" / "vendors"
FILES = ("catalog", "wire", "replies", "errors")
HEAD = ("vendor", *FILES, "other", "all")


def main() -> None:
    rows = [_row(folder) for folder in sorted(VENDORS.iterdir()) if (folder / "wire.py").exists()]
    for cells in (HEAD, ("---", *["---:"] * (len(HEAD) - 1)), *rows):
        print(f"| {' | '.join(cells)} |")


def _row(folder: Path) -> tuple[str, ...]:
    lines = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("*.py") if path.stem != "__init__"}
    named = [lines.get(name, 0) for name in FILES]
    rest = [*named, sum(lines.values()) - sum(named), sum(lines.values())]
    return (folder.name, *(str(count) if count else "" for count in rest))


if __name__ == "__main__":
    main()
