"""What the import linter (pyproject.toml) cannot check of docs/architecture.md, and rules of the code that a search can check."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from django.apps import apps
from django.db.models import FileField

from providers.vendors import PROVIDERS
from tests.cases import in_one_test

ROOT = Path(__file__).resolve().parent.parent
LINTED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ROOMS: list[str] = LINTED["root_packages"]
LAYERS = [floor.split(" | ") for floor in LINTED["contracts"][0]["layers"]]
"""Rooms from the top to the floor."""
EVERY_VENDOR_HAS = ("bodies", "catalog", "errors", "replies", "surfaces", "wire")
BRANDS = ("openai", "volcengine", "byteplus", "hailuo", "seedance", "vidu", "doubao", "bigmodel", "wan2", "klingai", "bailian", "dmxapi")


def modules(*rooms: str) -> list[Path]:
    """Python files of these folders, migrations left out, and files that are named as such."""
    found = [path for room in rooms for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))]
    return sorted(path for path in found if "migrations" not in path.parts)


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return every module that this file imports, wherever in the file."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a thing comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_engine_knows_no_http_and_no_forms() -> None:
    forbidden = ("ninja", "django.http", "django.forms", "django.shortcuts", "django.urls")
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("generation", "database", "jobs")
        for name in imports(path)
        if name.startswith(forbidden)
    ]

    assert found == []


def test_bytes_become_facts_without_rows_or_storage() -> None:
    files = modules("generation/media")
    found = [name for path in files for name in imports(path) if name.startswith(("django.db", "django.core.files", "django.http"))]

    assert len(files) >= 5
    assert found == []


def test_no_row_points_at_a_room_above_its_own() -> None:
    """Foreign keys are named by strings, which no import shows."""
    floor = {room: number for number, rooms in enumerate(reversed(LAYERS)) for room in rooms}
    upward = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if model._meta.app_label in floor and field.is_relation and not field.auto_created
        if (target := field.related_model) and floor.get(target._meta.app_label, 0) > floor[model._meta.app_label]
    ]

    assert upward == []


def test_rooms_are_those_of_the_contracts() -> None:
    """A new room must be named there, for the import linter and for the type checker."""
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "tools", "benchmarks"}

    assert rooms == set(ROOMS) == set(chain(*LAYERS))


def test_life_cycle_is_pure() -> None:
    assert set(imports(ROOT / "generation/lifecycle.py")) == {
        "__future__.annotations",
        "random",
        "collections.abc.Mapping",
        "datetime.timedelta",
        "enum.StrEnum",
    }


def test_within_jobs_only_the_queue_and_the_worker_know_the_job_engine() -> None:
    users = {path.relative_to(ROOT).as_posix() for path in modules("jobs") if any(name.startswith("django_q") for name in imports(path))}

    assert users == {"jobs/queue.py", "jobs/worker.py"}


def test_only_the_transports_open_sockets() -> None:
    clients = ("requests", "aiohttp", "urllib3", "http.client", "urllib.request", "httpx")
    users = {
        path.relative_to(ROOT).as_posix()
        for path in modules(*ROOMS)
        if "simulator" not in path.parts
        and any(name == client or name.startswith(f"{client}.") for client in clients for name in imports(path))
    }

    assert users <= {
        "providers/core/transport.py",
        "providers/core/fetch.py",
        "providers/core/network.py",
        "videoportal/storages/oss_client.py",
    }


def test_only_the_store_touches_the_media_storage() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in modules(*ROOMS)
        if any(name.startswith(("django.core.files.storage", "django.db.models.fields.files")) for name in imports(path))
    }
    fields = [field for model in apps.get_models() for field in model._meta.get_fields() if isinstance(field, FileField)]

    assert {path for path in users if not path.startswith("videoportal/storages/")} == {"generation/store.py"}
    assert fields == []


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


@in_one_test(
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
        for path in modules(*(room for room in ROOMS if room != "providers"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if writes_a_status(node)
    ]

    assert found == []


def test_no_vendor_is_named_outside_its_rooms() -> None:
    """By its package, or by a brand. A dialect is the API of one, and is named where dialects are listed."""
    vendors = [path.name for path in (ROOT / "providers/vendors").iterdir() if path.is_dir() and path.name != "__pycache__"]
    name = re.compile(rf"\b(({'|'.join(vendors)})\b|{'|'.join(BRANDS)})", re.IGNORECASE)
    files = [
        *modules(*(room for room in ROOMS if room != "providers"), "providers/core", "providers/accounts", "providers/declared"),
        *(ROOT / "providers").glob("*.py"),
        *(ROOT / "templates").rglob("*.html"),
    ]
    dialects = [*modules("api/compat/urls.py"), *(ROOT / "api/compat").glob("*/*.py")]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        if path not in dialects
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if name.search(line)
    ]

    assert found == []


def test_vendor_packages_have_the_same_file_names() -> None:
    """Who knows one adapter finds the way in the others. The names are listed in CONTRIBUTING.md."""
    listed = set(re.findall(r"^   \| `(\w+)` \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE))
    packages = [path.parent for path in (ROOT / "providers/vendors").glob("*/wire.py")]
    found = [path for package in packages for path in package.rglob("*.py") if path.stem not in listed | {"__init__"}]

    assert len(packages) == len(PROVIDERS)
    assert found == []
    assert [(package.name, name) for package in packages for name in EVERY_VENDOR_HAS if not any(package.rglob(f"{name}.py"))] == []


def test_tests_replace_nothing_of_ours() -> None:
    """Faults of vendors, networks and disks are made by real ones, not by mocks."""
    replacing = re.compile(r"monkeypatch\.(setattr|setitem|delattr)|unittest\.mock|mock[e]r\b")
    users = [
        path.relative_to(ROOT).as_posix() for path in modules("tests", "benchmarks") if replacing.search(path.read_text(encoding="utf-8"))
    ]

    assert users == []


def test_folders_of_tests_are_packages() -> None:
    """Without it, modules of one name in two folders stop a `pytest` that collects both."""
    assert {path.parent for path in (ROOT / "tests").rglob("test_*.py") if not (path.parent / "__init__.py").exists()} == set()


def test_modules_stay_small() -> None:
    longest = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*ROOMS, "tools", "tests")
    }

    assert {name: lines for name, lines in longest.items() if lines > 400} == {}


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs/adr").glob("*.md")]

    assert {number for number in numbers if numbers.count(number) > 1} == set()
