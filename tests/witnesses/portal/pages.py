"""The programs on the pages of docs/integrations run as they are written; page_blocks.py says what stands for host and token.

This runs what needs a shell, Node.js alone, or requests, httpx and PyJWT. Programs that need a package of their own run in its witness.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

sys.path.append(str(Path(__file__).parent))

from page_blocks import PAGES, Block, blocks_of, runs
from parts import receiver

HERE = {"sh", "bash", "python", "javascript"}
ELSEWHERE = {
    ("openai.md", "python"): "openai.py, openai_2.py",
    ("openai.md", "js"): "openai_node.cjs, openai_node_6.cjs",
    ("openai.md", "yaml"): "litellm.py",
    ("replicate.md", "python"): "replicate.py, replicate_2.py",
    ("replicate.md", "js"): "replicate_node.cjs",
    ("openrouter.md", "js"): "openrouter.cjs",
    ("ai-gateway.md", "js"): "ai_gateway.cjs",
    ("mcp.md", "json"): "mcp_2.py",
}
MAKE = Block("make.md", "json", "")
ACCESS_KEY, SECRET_KEY = "Ab3dE5gH", "vpsk_…"
HOOK = "https://hook.eu2.make.com/…"
AT_ONCE = 4
CALLED_WITHIN_S = 60


def main(address: str, token: str) -> None:
    blocks = [block for page in sorted(PAGES.glob("*.md")) for block in blocks_of(page.name)]
    mine = [block for block in blocks if block[:2] not in ELSEWHERE and block[:2] != MAKE[:2]]
    unknown = {block[:2] for block in mine if block.language not in HERE}
    assert not unknown, f"nothing runs this: {unknown}"
    assert {block[:2] for block in blocks} >= {*ELSEWHERE, MAKE[:2]}, "a page has lost its code"
    signing = [block for block in mine if SECRET_KEY in block.code]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _block in pool.map(lambda block: runs(block, address, token), [block for block in mine if block not in signing]):
            pass
    sign_as_kling_does(signing, address, token)
    order_as_make_does(address, token)


def sign_as_kling_does(blocks: list[Block], address: str, token: str) -> None:
    """Run programs that sign with the two keys of a token."""
    order = {"label": "pages", "scopes": ["generate", "read"]}
    made = requests.post(f"{address}/api/v1/tokens", json=order, headers={"Authorization": f"Bearer {token}"}, timeout=30).json()
    keys = {ACCESS_KEY: made["access_key"], SECRET_KEY: made["secret_key"]}
    assert len(blocks) == 1, blocks
    for block in blocks:
        code = block.code
        for shown, meant in keys.items():
            code = code.replace(shown, meant)
        runs(block._replace(code=code), address, token, says="SUCCEED")


def order_as_make_does(address: str, token: str) -> None:
    """Send the body of the page and read the call that the other scenario gets."""
    [block] = blocks_of("make.md", "json")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "row 7"}
    with receiver() as (hook, calls):
        body = json.loads(block.code.replace(HOOK, f"{hook}/make"))
        first, again = (requests.post(f"{address}/api/v1/tasks", json=body, headers=headers, timeout=30) for _time in range(2))
        assert (first.status_code, first.json()["id"]) == (202, again.json()["id"]), first.text
        told = json.loads(calls.get(timeout=CALLED_WITHIN_S)[1])["data"]
    assert (told["id"], told["status"], told["content_id"]) == (first.json()["id"], "succeeded", "article 7"), told
    assert {"metadata", "error_code"} <= told.keys(), told
    assert told["videos"][0]["duration_s"] > 0
    assert requests.get(told["videos"][0]["url"], timeout=30).content[4:8] == b"ftyp"


if __name__ == "__main__":
    main(*sys.argv[1:3])
