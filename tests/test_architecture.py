"""The arrows of docs/architecture.md, asserted from the code's own imports; and the house rules that a search can see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("videoportal", "generation", "access", "providers")
FRAMEWORKS = ("django", "ninja", "django_q")
BRANDS = ("openai", "volcengine", "byteplus", "hailuo", "seedance", "vidu", "doubao", "bigmodel", "wan2", "klingai", "bailian", "dmxapi")


def modules(*rooms: str) -> list[Path]:
    """Python files of these folders, migrations left out, and files that are named as such."""
    found = [path for room in rooms for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))]
    return sorted(path for path in found if "migrations" not in path.parts)


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that this file imports, wherever in the file."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a thing comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(folders: tuple[str, ...], forbidden: tuple[str, ...], *, but: tuple[str, ...] = ()) -> list[str]:
    """`file imports module` for every import of these rooms below a forbidden name."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(*folders)
        for name in imports(path)
        if any(name == room or name.startswith(f"{room}.") for room in forbidden)
        and not any(name == room or name.startswith(f"{room}.") for room in but)
    ]


@pytest.mark.parametrize(
    ("rooms", "forbidden"),
    [
        (("generation",), ("videoportal",)),
        (("access",), ("videoportal", "generation", "providers")),
        (("providers",), ("videoportal", "generation", "access")),
        (("providers/core", "providers/vendors"), FRAMEWORKS),
        (("providers/core",), ("providers.vendors", "providers.models", "providers.accounts", "providers.simulator")),
        (("providers/vendors",), ("providers.models", "providers.accounts", "providers.simulator")),
        (("generation/models",), ("generation.services", "generation.views", "generation.api", "generation.jobs", "generation.queue")),
        (("generation/services",), ("generation.views", "generation.api", "generation.jobs", "generation.forms", "generation.admin")),
        (("generation/services",), ("generation.presenters", "generation.schemas", "generation.serving", "generation.templatetags")),
        (("generation/presenters",), ("generation.forms", "generation.views", "generation.api", "generation.admin", "generation.jobs")),
        (("generation/models", "generation/services"), ("ninja", "django.http", "django.forms", "django.shortcuts")),
        (("generation/api",), ("generation.views", "generation.forms")),
        (("generation/views",), ("generation.api", "generation.jobs")),
    ],
)
def test_arrows_point_one_way(rooms: tuple[str, ...], forbidden: tuple[str, ...]) -> None:
    assert offenders(rooms, forbidden) == []


def test_bytes_become_facts_without_rows_or_storage() -> None:
    names = ("media*.py", "images.py", "mp4.py")
    files = tuple(f"generation/{path.name}" for name in names for path in (ROOT / "generation").glob(name))

    assert len(files) >= 5
    assert offenders(files, ("generation.models", "generation.services", "django.db", "django.core.files", "django.http")) == []


def test_the_simulator_shares_nothing_with_what_it_judges() -> None:
    assert offenders(("providers/simulator",), ("providers", *FRAMEWORKS), but=("providers.simulator",)) == []


def test_a_vendor_never_imports_another() -> None:
    vendors = [path.name for path in (ROOT / "providers/vendors").iterdir() if path.is_dir() and path.name != "__pycache__"]
    found = [
        line
        for vendor in vendors
        for line in offenders((f"providers/vendors/{vendor}",), ("providers.vendors",), but=(f"providers.vendors.{vendor}",))
    ]
    assert found == []


def test_life_cycle_is_pure() -> None:
    assert set(imports(ROOT / "generation/lifecycle.py")) == {
        "__future__.annotations",
        "random",
        "collections.abc.Mapping",
        "datetime.timedelta",
        "enum.StrEnum",
    }


def test_only_the_queue_and_the_worker_know_the_job_engine() -> None:
    users = {path.relative_to(ROOT).as_posix() for path in modules(*ROOMS) if any(name.startswith("django_q") for name in imports(path))}

    assert users <= {"generation/queue.py", "generation/worker.py"}


def test_only_the_transports_open_sockets() -> None:
    clients = ("requests", "aiohttp", "urllib3", "http.client", "urllib.request", "httpx")
    users = {
        path.relative_to(ROOT).as_posix()
        for path in modules("providers/core", "providers/vendors", "generation", "access", "videoportal")
        if any(name == client or name.startswith(f"{client}.") for client in clients for name in imports(path))
    }

    assert users <= {"providers/core/transport.py", "providers/core/fetch.py", "providers/core/network.py"}


def writes_a_status(node: ast.AST) -> bool:
    """`row.status = ...`, `.update(status=...)`, `save(update_fields=["status"])` and their like, on however many lines."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Attribute)]
        return any(part.attr == "status" and ast.unparse(part.value) != "self" for part in parts)
    if not (isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name))):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    if name not in {"update", "save", "bulk_update", "update_or_create", "asave", "aupdate", "setattr"}:
        return False
    given = [*node.args, *(word.value for word in node.keywords)]
    texts = {part.value for value in given for part in ast.walk(value) if isinstance(part, ast.Constant)}
    return "status" in texts or any(word.arg == "status" for word in node.keywords)


@pytest.mark.parametrize(
    ("code", "writes"),
    [
        ("task.status = new", True),
        ("task.status, task.note = new, old", True),
        ("rows.update(\n    due_at=now,\n    status='failed',\n)", True),
        ("rows.update(**{'status': 'failed'})", True),
        ("task.save(\n    update_fields=['status'],\n)", True),
        ("setattr(task, 'status', new)", True),
        ("rows.filter(status='queued').update(due_at=now)", False),
        ("rows.update(starts=Case(When(status='ingesting', then=0)))", False),
        ("self.status = 404", False),
        ("if task.status == 'failed': pass", False),
    ],
)
def test_a_write_of_a_status_is_recognised(code: str, writes: bool) -> None:
    assert any(writes_a_status(node) for node in ast.walk(ast.parse(code))) is writes


def test_only_move_writes_a_status() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules("generation", "access", "videoportal")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if writes_a_status(node)
    ]

    assert found == []


def test_no_vendor_is_named_outside_its_rooms() -> None:
    """By its package, or by a brand. catalog_strings.py is the vendors' own words, collected for translation."""
    vendors = [path.name for path in (ROOT / "providers/vendors").iterdir() if path.is_dir() and path.name != "__pycache__"]
    name = re.compile(rf"\b(({'|'.join(vendors)})\b|{'|'.join(BRANDS)})", re.IGNORECASE)
    files = [
        *(path for path in modules("generation", "access", "videoportal", "providers/core") if path.name != "catalog_strings.py"),
        *(ROOT / "providers").glob("*.py"),
        *(ROOT / "templates").rglob("*.html"),
    ]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if name.search(line)
    ]

    assert found == []


def test_tests_replace_nothing_of_ours() -> None:
    """What a vendor, a network or a disk does wrong is done by one that is real."""
    replacing = re.compile(r"monkeypatch\.(setattr|setitem|delattr)|unittest\.mock|mock[e]r\b")
    users = [
        path.relative_to(ROOT).as_posix() for path in modules("tests", "benchmarks") if replacing.search(path.read_text(encoding="utf-8"))
    ]

    assert users == []


def test_modules_stay_small() -> None:
    longest = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*ROOMS, "tools", "tests")
    }

    assert {name: lines for name, lines in longest.items() if lines > 400} == {}
