"""PORTAL_STORAGE and its variables: what is chosen, and the sentences that refuse what cannot work."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.cases import in_one_test
from tools.stack import ROOT
from videoportal.env import BadSetting
from videoportal.storages.checks import storage_can_be_used
from videoportal.storages.choice import media_storage
from videoportal.storages.oss import OSSStorage

OSS = {
    "PORTAL_STORAGE": "oss",
    "OSS_BUCKET_NAME": "team-videos",
    "OSS_REGION_NAME": "cn-hangzhou",
    "OSS_ACCESS_KEY_ID": "id",
    "OSS_ACCESS_KEY_SECRET": "secret",
}
S3 = {"PORTAL_STORAGE": "s3", "AWS_STORAGE_BUCKET_NAME": "team-videos", "AWS_S3_REGION_NAME": "us-east-1"}


def chosen(monkeypatch, tmp_path, variables: dict[str, str]) -> dict:
    with monkeypatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        return media_storage(tmp_path)


def test_files_stay_on_the_disk_unless_something_else_is_chosen(monkeypatch, tmp_path):
    assert chosen(monkeypatch, tmp_path, {"PORTAL_STORAGE": "local"})["OPTIONS"] == {"location": tmp_path}


def test_variables_become_options_of_their_type(monkeypatch, tmp_path):
    more = {
        "OSS_IS_CNAME": "True",
        "OSS_ENDPOINT_URL": "https://m.example.com",
        "OSS_MAX_ATTEMPTS": "2",
        "OSS_OBJECT_PARAMETERS": '{"a": "b"}',
    }
    options = chosen(monkeypatch, tmp_path, OSS | more)["OPTIONS"]

    assert (options["access_key"], options["is_cname"], options["max_attempts"], options["object_parameters"]) == (
        "id",
        True,
        2,
        {"a": "b"},
    )
    assert OSSStorage(**options).url_endpoint == ("https://m.example.com", True)


@in_one_test(
    ("variables", "named"),
    [
        ({"PORTAL_STORAGE": "minio"}, "local, oss or s3"),
        (OSS | {"OSS_BUCKET_NAME": ""}, "OSS_BUCKET_NAME"),
        (OSS | {"OSS_BUCKET_NAME": "team(", "OSS_ENDPOINT_URL": "https://a.example.com"}, "OSS_BUCKET_NAME"),
        (OSS | {"OSS_BUCKET_NAME": "Team_Videos"}, "OSS_BUCKET_NAME"),
        (OSS | {"OSS_REGION_NAME": ""}, "cn-hangzhou"),
        (OSS | {"OSS_REGION_NAME": "oss-cn-hangzhou"}, "without “oss-”"),
        (OSS | {"OSS_ACCESS_KEY_SECRET": ""}, "Set OSS_ACCESS_KEY_SECRET too"),
        (OSS | {"OSS_ACCESS_KEY_ID": "", "OSS_ACCESS_KEY_SECRET": ""}, "OSS_ECS_RAM_ROLE"),
        (
            OSS | {"OSS_ACCESS_KEY_ID": "", "OSS_ACCESS_KEY_SECRET": "", "OSS_SESSION_TOKEN": "t"},
            "OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET too",
        ),
        (OSS | {"OSS_QUERYSTRING_EXPIRE": "604801"}, "604800"),
        (OSS | {"OSS_QUERYSTRING_EXPIRE": "0"}, "OSS_QUERYSTRING_EXPIRE"),
        (OSS | {"OSS_QUERYSTRING_EXPIRE": "soon"}, "whole number"),
        (OSS | {"OSS_ENDPOINT_URL": "oss-cn-hangzhou.aliyuncs.com"}, "OSS_ENDPOINT_URL"),
        (OSS | {"OSS_ENDPOINT_URL": "https://team-videos.oss-cn-hangzhou.aliyuncs.com"}, "without the bucket's name"),
        (OSS | {"OSS_ENDPOINT_URL": "https://a.example.com:99999"}, "from 1 to 65535"),
        (OSS | {"OSS_IS_CNAME": "True"}, "OSS_ENDPOINT_URL"),
        (OSS | {"OSS_CUSTOM_DOMAIN": "https://m.example.com"}, "OSS_CUSTOM_DOMAIN"),
        (OSS | {"OSS_LOCATION": "/portal"}, "OSS_LOCATION"),
        (OSS | {"OSS_LOCATION": "portal//videos"}, "OSS_LOCATION"),
        (OSS | {"OSS_LOCATION": "portal/../videos"}, "OSS_LOCATION"),
        (OSS | {"OSS_STORAGE_CLASS": "Archive"}, "Standard, IA"),
        (OSS | {"OSS_SSE_KMS_KEY_ID": "key"}, "OSS_SERVER_SIDE_ENCRYPTION=KMS"),
        (OSS | {"OSS_PART_SIZE": "1000"}, "102400"),
        (OSS | {"OSS_PROXIES": "http://secret@proxy"}, "JSON object"),
        (S3 | {"AWS_STORAGE_BUCKET_NAME": ""}, "AWS_STORAGE_BUCKET_NAME"),
        (S3 | {"AWS_S3_REGION_NAME": ""}, "AWS_S3_ENDPOINT_URL"),
        (S3 | {"AWS_ACCESS_KEY_ID": "id"}, "AWS_SECRET_ACCESS_KEY"),
        (S3 | {"AWS_QUERYSTRING_EXPIRE": "700000"}, "604800"),
    ],
)
def test_wrong_setting_is_refused_with_what_to_set(monkeypatch, tmp_path, variables, named):
    with pytest.raises(BadSetting, match=r".+") as refused:
        chosen(monkeypatch, tmp_path, variables)

    assert named in str(refused.value)
    assert "secret" not in str(refused.value)


def test_storage_that_is_made_in_code_is_refused_in_the_same_words(settings):
    with pytest.raises(ImproperlyConfigured, match="OSS_REGION_NAME is empty"):
        OSSStorage(bucket_name="team-videos", access_key="a", secret_key="b")
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "videoportal.storages.oss.OSSStorage"}}

    assert [found.id for found in storage_can_be_used(None)] == ["storage.E001"]


@in_one_test(
    ("provider", "said"),
    [
        ("oss2.credentials.EnvironmentVariableCredentialsProvider", None),
        ("oss2.credentials.NoSuchProvider", "cannot be imported"),
        ("no_such_module.Provider", "cannot be imported"),
        ("not a path", "cannot be imported"),
        ("datetime.date", "has no get_credentials"),
    ],
)
def test_provider_of_credentials_that_cannot_be_used_is_found_by_the_system_check(settings, provider, said):
    options = {"bucket_name": "team-videos", "region_name": "cn-hangzhou", "credentials_provider": provider}
    entry = {"BACKEND": "videoportal.storages.oss.OSSStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": entry}

    found = storage_can_be_used(None)

    assert [one.id for one in found] == (["storage.E001"] if said else [])
    assert all(provider in one.msg and said in one.msg for one in found)


@pytest.mark.slow
@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "gunicorn"]])
def test_no_process_starts_with_a_wrong_storage(tmp_path, command):
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PORTAL_DATA_DIR": str(tmp_path), "PORTAL_STORAGE": "oss"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    assert "OSS_BUCKET_NAME is empty. Set it to" in ended.stderr
    assert "Traceback" not in ended.stderr
