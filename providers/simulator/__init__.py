"""A vendor simulator: one independent HTTP server that behaves as the video vendors do, faults included.

Written from the protocol document alone. Nothing here may import `providers.core`, `providers.vendors`, Django or any
other room: the simulator is the witness against which the adapters are tried, so it must not share their mistakes.

Run it with `python -m providers.simulator --port 0 --speed 1`, or `manage.py simulator --port 9100`. It prints one line,
`simulator ready on http://127.0.0.1:PORT`. Each vendor has a prefix instead of its host, to be used as base URL:

    {base}/hosts/kling        /v1/videos/{text2video,image2video}[/{id}], /account/costs     JWT or API key
                              /{text-to-video,image-to-video,omni-video}/{model}, /tasks       API key
    {base}/hosts/dmxapi       /kling/v1/videos/{text2video,image2video}[/{id}]               the sk- gateway
    {base}/hosts/dashscope    /api/v1/services/aigc/..., /api/v1/tasks[/{id}[/cancel]]
    {base}/hosts/ark          /api/v3/contents/generations/tasks[/{id}]
    {base}/hosts/dashscope-intl, {base}/hosts/byteplus    the same two abroad, with their own names: keys `intl-*` and no others
    {base}/hosts/dashscope-us the few models of a third region: keys `us-*` and no others
    {base}/hosts/minimax      /v1/video_generation, /v1/query/..., /v1/files/retrieve, /v2/...
    {base}/hosts/vidu         /ent/v2/{text2video,img2video,start-end2video,reference2video}, /ent/v2/tasks..., /ent/v2/credits
    {base}/hosts/openai       /v1/videos[/{id}[/content|/remix]], /v1/models               OpenAI's models and a gateway's own
    {base}/hosts/litellm      the same, as a LiteLLM proxy serves it
    {base}/hosts/openrouter   /api/v1/videos[/{id}[/content]], /api/v1/videos/models, /api/v1/key
    {base}/hosts/newapi       /kling/v1/videos/..., /jimeng/?Action=..., /v1/videos[/{id}[/content]]        a new-api gateway
    {base}/hosts/zhipu        /api/paas/v4/videos/generations, /api/paas/v4/async-result/{id}  raw key or JWT
    {base}/hosts/zai          the same abroad, with fewer models
    {base}/hosts/cogvideox    /api/v1/generate, /api/v1/status/{id}                        a local service, no key
    {base}/hosts/cogvideox-sync  the same, answering a submit with the video itself
    {base}/hosts/jimeng       /mweb/v1/..., /commerce/v1/...                               the web page's cookie
    {base}/hosts/volcvisual   /?Action=CVSync2Async...&Version=2022-08-31                  signed requests
    {base}/hosts/chat         /v1/chat/completions, /v1/models                             a language model, with or without a key

    {base}/media/{task}/{name}.mp4?expires=..&sig=..     results: signed, expiring, with Range
    {base}/_control/...                                  what tests read and set: see control.py

Keys: any key is accepted, except `bad-*` (refused), `broke-*` (no balance), `limited-*` (2 slots, 2 submits a second) and
`intl-*` and `us-*` (of another region: known there and nowhere else, where a vendor has several). DashScope's workspace `bad-*` is refused;
an `sk-` or `ak-` in front changes nothing. A Kling JWT is signed for `sim-access` with `sim-secret`, or for any
`ak-<x>` with `sk-<x>`, as is a Volcengine request; a Zhipu JWT for `simid` with `simsecret0000000000`, or for any
other id with `secret-of-<id>`. A prompt may ask for a fault, `#fault:NAME` or `#fault:NAME:COUNT`: the names are in faults.py.
"""
