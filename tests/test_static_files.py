"""Static files as an installation collects them: under names with their hash, compressed, and naming one another so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

IMPORT = re.compile(r"""(?:from|import)\s*\(?["']([^"']+)["']""")
HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


@pytest.fixture
def collected(settings, tmp_path) -> Path:
    """The folder after collectstatic."""
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]  # ours, without the packages'
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "videoportal.storages.static.HashedStaticFiles"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_modules_import_one_another_by_hashed_names(collected):
    names = json.loads((collected / "staticfiles.json").read_text())["paths"]
    modules = [collected / hashed for name, hashed in names.items() if name.startswith("portal/js/")]

    imports = [(module, target) for module in modules for target in IMPORT.findall(module.read_text())]

    assert len(imports) > 20
    assert [target for _module, target in imports if not HASHED.search(target)] == []
    assert [target for module, target in imports if not (module.parent / target).resolve().is_file()] == []


def test_the_script_of_every_page_has_what_it_imports(collected):
    names = json.loads((collected / "staticfiles.json").read_text())["paths"]
    ours = (Path(settings.BASE_DIR) / "static/portal/js/main.js").read_text()
    script = (collected / names["portal/js/main.js"]).read_text()

    assert IMPORT.findall(script) == []
    assert [name for name in IMPORT.findall(ours) if f"const {Path(name).stem}_js=" not in script] == []
    assert script.count("//") == 0
    assert re.search(r"export{[^}]*toast}", script)


def test_a_change_of_a_module_changes_the_name_of_those_that_import_it(collected, settings, tmp_path_factory):
    before = staticfiles_storage.url("portal/js/main.js")
    changed = tmp_path_factory.mktemp("changed")
    for module in Path(settings.BASE_DIR, "static/portal/js").iterdir():
        (changed / "portal/js").mkdir(parents=True, exist_ok=True)
        (changed / "portal/js" / module.name).write_text(
            module.read_text() + ("export const added = 1;" if module.name == "net.js" else "")
        )
    settings.STATICFILES_DIRS = [changed, *settings.STATICFILES_DIRS]
    call_command("collectstatic", interactive=False, verbosity=0)

    assert staticfiles_storage.url("portal/js/main.js") != before


def test_a_sheet_has_the_sheets_that_it_imports(collected):
    names = json.loads((collected / "staticfiles.json").read_text())["paths"]
    sheets = [(collected / names[f"portal/{name}.css"]).read_text() for name in ("portal", "admin")]

    assert [sheet.count("@import") for sheet in sheets] == [0, 0]
    assert [sheet.count("/*") for sheet in sheets] == [0, 0]
    assert sheets[0].count("{") == sheets[0].count("}")
    assert set(re.findall(r"@layer (\w+) {", sheets[0])) == {"tokens", "base", "shell", "controls", "components", "pages", "adjust"}
    named = {url for sheet in sheets for url in re.findall(r'url\("(?!data:)([^"]+)"\)', sheet)}
    assert {url for url in named if not (collected / "portal" / url).is_file()} == set()
