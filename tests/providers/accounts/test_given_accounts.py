"""Accounts of the environment: which variables and files make them, and what is refused."""

from __future__ import annotations

import json
import re

from providers.accounts.given import read_again
from providers.accounts.system_checks import given_accounts_can_be_used
from tests.cases import in_one_test
from tests.providers.accounts.given_environment import ARK, BEIJING, KEY


def made(**variables: str) -> list[tuple[str, str, str]]:
    return [(one.provider.slug, one.surface.slug, one.base_url) for one in read_again().accounts.values()]


BYTEPLUS, SINGAPORE = "https://ark.ap-southeast.bytepluses.com/api/v3", "https://dashscope-intl.aliyuncs.com/api/v1"
OWN = "https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1"


@in_one_test(
    ("variables", "expected"),
    [
        ({}, []),
        ({"ALIYUN_API_KEY": ""}, []),
        ({"ALIYUN_API_KEY": KEY}, [("dashscope", "beijing", BEIJING)]),
        ({"ALIYUN_API_KEY": KEY, "DASHSCOPE_API_KEY": KEY}, [("dashscope", "beijing", BEIJING)]),
        ({"DASHSCOPE_API_KEY": KEY, "DASHSCOPE_HTTP_BASE_URL": f"{SINGAPORE}/"}, [("dashscope", "singapore", SINGAPORE)]),
        ({"DASHSCOPE_API_KEY": KEY, "DASHSCOPE_HTTP_BASE_URL": OWN}, [("dashscope", "beijing", OWN)]),
        ({"ZHIPUAI_API_KEY": KEY}, [("zhipu", "cn", "https://open.bigmodel.cn/api/paas/v4")]),
        ({"ZAI_API_KEY": KEY}, [("zhipu", "intl", "https://api.z.ai/api/paas/v4")]),
        ({"ARK_API_KEY": KEY}, [("ark", "volcengine", ARK)]),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": BYTEPLUS}, [("ark", "byteplus", BYTEPLUS)]),
        ({"ARK_API_KEY": KEY, "BYTEPLUS_API_KEY": "sk-abroad"}, [("ark", "volcengine", ARK), ("ark", "byteplus", BYTEPLUS)]),
        (
            {"ARK_API_KEY": KEY, "BYTEPLUS_API_KEY": "sk-abroad", "ARK_BASE_URL": BYTEPLUS},
            [("ark", "byteplus", BYTEPLUS), ("ark", "volcengine", ARK)],
        ),
        ({"KLING_ACCESS_KEY": "ak"}, []),
        ({"KLINGAI_ACCESS_KEY": "ak", "KLING_SECRET_KEY": KEY}, [("kling", "official-jwt", "https://api-singapore.klingai.com")]),
        ({"DMX_API_TOKEN": KEY}, [("kling", "gateway", "https://www.dmxapi.cn")]),
        ({"MINIMAX_API_KEY": KEY, "MINIMAX_API_HOST": "https://api.minimax.io/v1"}, [("minimax", "global", "https://api.minimax.io")]),
        ({"VIDU_API_KEY": KEY, "VIDU_API_HOST": "api.vidu.com"}, [("vidu", "abroad", "https://api.vidu.com")]),
        ({"OPENAI_API_KEY": KEY}, []),
        (
            {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://g.example.com/v1"},
            [("openai-videos", "compatible", "https://g.example.com/v1")],
        ),
        ({"VOLC_ACCESSKEY": "ak", "VOLC_SECRETKEY": KEY}, [("volcvisual", "official", "https://visual.volcengineapi.com")]),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "http://ark.example.com"}, []),
        ({"ARK_API_KEY": "two\nlines"}, []),
        ({"ARK_API_KEY_FILE": "/nowhere"}, []),
        ({"ARK_API_KEY_FILE": "/dev/null"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL_FILE": "/nowhere"}, []),  # the key is not sent to another address than the one that is meant
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://[::1"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://ark.example.com\n.evil.example"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://ark.example.com/a b"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://ark.example.com/\udc80"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": f"https://ark.example.com/{'a' * 300}"}, []),
        ({"OPENAI_BASE_URL": "https://[", "ZAI_API_KEY": KEY}, [("zhipu", "intl", "https://api.z.ai/api/paas/v4")]),
    ],
)
def test_accounts_of_variables(environment, variables, expected):
    environment.set(**variables)

    assert made() == expected


def test_a_refused_variable_is_named_and_its_value_is_not(environment):
    environment.set(
        ARK_API_KEY=f"{KEY}\u00e9",
        VIDU_API_KEY=KEY,
        VIDU_BASE_URL="http://vidu.example.com",
        ZHIPUAI_API_KEY=KEY,
        MINIMAX_API_KEY_FILE=KEY,  # in the place of a path
    )

    found = [str(problem) for problem in read_again().problems]

    assert [words.split()[0] for words in found] == ["ARK_API_KEY", "MINIMAX_API_KEY_FILE", "VIDU_BASE_URL"]
    assert not any(KEY in words for words in found)
    assert [one.provider.slug for one in read_again().accounts.values()] == ["zhipu"]
    assert [(item.id, item.is_serious()) for item in given_accounts_can_be_used(None)] == [("providers.W004", False)] * 3


TOML = """
["Kling, Beijing"]
vendor = "kling"
base_url = "https://api-beijing.klingai.com"
access_key = "env:SOME_ACCESS_KEY"
secret_key = "file:{secret}"

[ark]
vendor = "ark"
surface = "byteplus"
api_key = "sk-in-the-file"
"""


def test_accounts_of_a_file(environment, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("sk-in-a-docker-secret\n")
    environment.set(SOME_ACCESS_KEY="ak-some")
    environment.file(TOML.format(secret=secret))

    toml = read_again().accounts
    environment.file(json.dumps({"ark": {"vendor": "ark", "surface": "byteplus", "api_key": "sk-in-the-file"}}), "accounts.json")
    as_json = read_again().accounts

    environment.file(
        "\ufeff[ark]\nvendor='ark'\napi_key='x'\n[kling]\nvendor='kling'\nsurface='official-key'\napi_key='x'\nwebhook_secret=''"
    )
    from_windows = read_again().accounts

    assert [one.credentials for one in from_windows.values()] == [{"api_key": "x"}, {"api_key": "x"}]
    kling = toml["file:kling/official-jwt/Kling, Beijing"]
    assert kling.credentials == {"access_key": "ak-some", "secret_key": "sk-in-a-docker-secret"}
    assert kling.base_url == "https://api-beijing.klingai.com"
    assert as_json["file:ark/byteplus/ark"].credentials == toml["file:ark/byteplus/ark"].credentials == {"api_key": "sk-in-the-file"}


@in_one_test(
    ("name", "text", "line", "words"),
    [
        ("a.toml", f'[ark]\nvendor = "ark\napi_key = "{KEY}"\n', 2, "not valid TOML"),
        ("a.toml", f'[ark]\nvendor = "ark"\napi_key = "{KEY}"\n\n[ark]\n', 5, "not valid TOML"),
        ("a.toml", f'[good]\nvendor = "ark"\napi_key = "{KEY}"\n[bad]\nvendor = "arc"\n', 5, "“vendor” cannot be “arc”"),
        ("a.toml", '[good]\nvendor="ark"\napi_key="x"\n\n[bad]\nsurface = "cn"\n', 5, "“vendor” is missing"),
        ("a.toml", '[bad]\nvendor = "ark"\n', 1, "“api_key” is missing"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_kee = "{KEY}"\n', 3, "no “api_kee”"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = 7\n', 3, "must be a text"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "env:NOT_THERE"\n', 3, "NOT_THERE is not set"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "file:/nowhere/key"\n', 3, "/nowhere/key cannot be read"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "env:{KEY}"\n', 3, "The variable … is not set"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "file:{KEY}"\n', 3, "The file … cannot be read"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "file:/tmp/\\u0000"\n', 3, "cannot be read"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "file:/dev/zero"\n', 3, "File too large"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "{KEY}"\nbase_url = "https://ark.example.com/\\nX"\n', 4, "without spaces"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "{KEY}"\nbase_url = "http://ark.example.com"\n', 4, "Use https"),
        ("a.toml", 'vendor = "ark"\n', 1, "Each account is a table"),
        ("a.json", '{"bad": {"vendor": "ark",\n "api_key": }}', 2, "not valid JSON"),
        ("a.json", '{\n "bad": {\n "vendor": "ark",\n "surface": "mars", "api_key": "x"}}', 4, "“surface” cannot be “mars”"),
        ("a.json", '{"a": {}, "a": {}}', 1, "named twice"),
        ("a.json", '{"a": {"vendor": "ark", "api_key": "env:\\ud800"}}', 1, "not valid JSON"),
        ("a.json", "[]", 1, "Each account is a table"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_line_and_the_others_count(environment, name, text, line, words):
    environment.set()
    environment.file(text, name)

    found = [str(problem) for problem in read_again().problems]

    assert len(found) == 1
    assert re.match(rf"Accounts file, line {line}: ", found[0]), found
    assert words in found[0]
    assert KEY not in found[0]
    assert [one.label for one in read_again().accounts.values()] == (["good"] if "good" in text else [])
