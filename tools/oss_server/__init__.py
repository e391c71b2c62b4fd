"""An OSS server for tests and for newcomers: Alibaba Cloud's object storage on 127.0.0.1, with its files in a folder on disk.

It recomputes every V4 signature itself and answers in the vendor's words: XML, headers, error codes. Its rules come from the vendor's
documentation (https://help.aliyun.com/en/oss/) and from the source of two of its SDKs, oss2 2.19.1 and alibabacloud-oss-v2 1.4.1, all read
2026-11-29. It imports nothing of the portal, so it cannot share the portal's mistakes.

    python -m tools.oss_server --port 9200 --folder /tmp/oss

Addresses, for the bucket `team-videos`:

    http://127.0.0.1:9200/team-videos/<key>     path style, as SDKs do for an IP address and for `localhost`
    http://team-videos.<any host>:9200/<key>    virtual host
    http://media.localhost:9200/<key>           a custom domain

Browsers find every name that ends with `.localhost`. For other names and other clients, let this server be the HTTP proxy. A test can order
faults at `/_control/` (see `control`).
"""
