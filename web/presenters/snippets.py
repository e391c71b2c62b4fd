"""The same request as a program would send it: curl, Python, JavaScript."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from generation.models import GenerationTask

__all__ = ["snippets_of"]

CURL = """\
curl -X POST {url} \\
  -H "Authorization: Bearer $PORTAL_TOKEN" \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -H "Content-Type: application/json" \\
  -d {body}"""

PYTHON = """\
import os, uuid, requests

reply = requests.post(
    "{url}",
    headers={{
        "Authorization": f"Bearer {{os.environ['PORTAL_TOKEN']}}",
        "Idempotency-Key": str(uuid.uuid4()),
    }},
    json={body},
    timeout=30,
)
reply.raise_for_status()
print(reply.json()["id"], reply.headers["Location"])"""

JAVASCRIPT = """\
const reply = await fetch("{url}", {{
  method: "POST",
  headers: {{
    Authorization: `Bearer ${{process.env.PORTAL_TOKEN}}`,
    "Idempotency-Key": crypto.randomUUID(),
    "Content-Type": "application/json",
  }},
  body: JSON.stringify({body}),
}});
console.log(reply.status, await reply.json());"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snippet:
    """A block of code in one language."""

    id: str
    name: str
    code: str


def snippets_of(task: GenerationTask, url: str) -> list[Snippet]:
    """Return one block of code for each language."""
    defaults = task.spec.params.model_construct().model_dump(mode="json") if task.spec else {}
    changed = {name: value for name, value in task.params.items() if name not in defaults or defaults[name] != value}
    request: dict[str, Any] = {"model": task.model, "prompt": task.prompt.text, "params": changed}
    if inputs := {slot: [str(key) for key in ids] for slot, ids in task.image_ids().items()}:
        request["inputs"] = inputs
    plain = json.dumps(request, ensure_ascii=False, indent=2)
    quoted = "'" + plain.replace("'", "'\\''") + "'"
    return [
        Snippet(id="curl", name="curl", code=CURL.format(url=url, body=quoted)),
        Snippet(id="python", name="Python", code=PYTHON.format(url=url, body=_indented(_python(request), 4))),
        Snippet(id="javascript", name="JavaScript", code=JAVASCRIPT.format(url=url, body=_indented(plain, 2))),
    ]


def _python(value: Any, depth: int = 0) -> str:
    """Return a JSON value as Python source, in short lines."""
    if not isinstance(value, dict) or not value:
        return repr(value) if not isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    inner = "    " * (depth + 1)
    lines = [f"{inner}{json.dumps(key)}: {_python(item, depth + 1)},\n" for key, item in value.items()]
    return "{\n" + "".join(lines) + "    " * depth + "}"


def _indented(text: str, spaces: int) -> str:
    """Indent all lines but the first."""
    return text.replace("\n", "\n" + " " * spaces)
