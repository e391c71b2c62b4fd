"""`Dialect`: the addresses of another API, answered by the portal. It declares routes and one shape for refusals; everything else is the
same for all dialects (docs/adr/0040).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import AuthenticationError

from access.callers import Caller
from access.scopes import Scope
from api.auth import with_headers
from api.compat.bodies import Body, read_body, refuse_unknown
from api.compat.choices import number
from api.compat.tokens import NotAuthenticated, authenticated
from api.errors import Failure, failure_of
from delivery.links import origin_of, task_url, video_url
from delivery.waiting import resume
from generation.errors import InvalidRequest, NotThere
from generation.lifecycle import TERMINAL
from generation.models import GenerationTask, Video
from webhooks.shapes import CallbackShape

__all__ = ["Call", "Dialect", "Refusal", "Route", "json_response"]

Refusal = Callable[[Failure], tuple[int, Any]]
"""Returns the status and the body with which a dialect shows a failure. Codes of a missing token: see `NotAuthenticated`."""
View = Callable[..., HttpResponseBase]
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
LONGEST_KEY = 255


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to a dialect, from a caller whose token has the route's scope. `body` has no empty texts and no nulls."""

    request: HttpRequest
    dialect: str
    caller: Caller
    body: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, UploadedFile[Any]] = field(default_factory=dict)

    @property
    def idempotency_key(self) -> str:
        """Return the client's own key, empty without one. Raises `InvalidRequest`."""
        key = self.request.headers.get("Idempotency-Key", "")
        if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
            words = _("At most 255 ASCII characters.")
            raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"Idempotency-Key": words})
        return key

    @property
    def asked_wait_s(self) -> int | None:
        """Return the seconds of `?wait=N`, None without it."""
        seconds = number(self.request.GET.get("wait"))
        return None if seconds is None else max(0, int(seconds))

    def text(self, name: str, *, code: str = "") -> str:
        """Return a text of the body, empty if it is not there. Raises `InvalidRequest` with this code."""
        value = self.body.get(name, "")
        if not isinstance(value, str):
            words = _("A text is needed here.")
            raise InvalidRequest(words, code=code, fields={name: words})
        return value

    def task(self, task_id: UUID | str) -> GenerationTask:
        """Return a task that the caller may see, by its id with or without dashes. Raises `NotThere`."""
        try:
            known = UUID(hex=str(task_id))
        except ValueError:
            raise NotThere(_("There is no such task.")) from None
        task = GenerationTask.objects.select_related("prompt").prefetch_related("videos").one_for(self.caller, known)
        if task is None:
            raise NotThere(_("There is no such task."))
        return task

    def task_named(self, name: str) -> GenerationTask:
        """Return a task by its id or, if the caller sees none with that, by the `external_id` that its owner gave it. Raises `NotThere`."""
        try:
            return self.task(name)
        except NotThere:
            mine = GenerationTask.objects.filter(owner=self.caller.user, external_id=name.replace("\0", ""))
            known = mine.exclude(external_id="").values_list("pk", flat=True).first()
            if known is None:
                raise
            return self.task(known)

    def video_url(self, video: Video) -> str:
        """Return the address at which the video plays without a token, in a bare `<video src>`."""
        return video_url(video, origin_of(self.request))

    def videos(self, task: GenerationTask) -> list[tuple[Video, str]]:
        """Return the videos of a task that has ended, each with its address; before that none, without a query."""
        return [(video, self.video_url(video)) for video in task.kept_videos()] if task.state in TERMINAL else []

    def task_url(self, task: GenerationTask) -> str:
        """Return the address at which the task's video plays. It works before the video exists: the answer waits for it."""
        return task_url(task, origin_of(self.request))

    def address(self, path: str) -> str:
        """Return the full address of a path of the portal, as the client reaches it."""
        return origin_of(self.request) + path


class Route(NamedTuple):
    """One method at one address. `path` is below the dialect's prefix and has no slash at its end; it is answered with one too."""

    method: str
    path: str
    scope: Scope
    view: View
    uploads: Collection[str] = ()


class Dialect:
    """An API that the portal answers. The docs and the default alias use `name`; every address below `prefix` belongs to it. `callback`:
    the body that its clients' callback addresses get. `takes_signed`: its clients may sign in with the two keys of a token
    (`access.two_keys`).
    """

    def __init__(
        self, name: str, prefix: str, refusal: Refusal, *, callback: CallbackShape | None = None, takes_signed: bool = False
    ) -> None:
        self.name, self.prefix, self.refusal, self.callback, self.takes_signed = name, prefix, refusal, callback, takes_signed
        self.routes: list[Route] = []

    def route(self, method: str, path: str, *, scope: Scope, uploads: Collection[str] = ()) -> Callable[[View], View]:
        """Declare a view: it gets a `Call` and the ids of the path. What it raises becomes a refusal. `uploads` are the names of the files
        that it takes: others are refused, because the video without them is not what the client pays for.
        """

        def declare(view: View) -> View:
            self.routes.append(Route(method, path, scope, view, uploads))
            return view

        return declare

    def has(self, address: str) -> bool:
        """Return whether this path is below the prefix."""
        return f"{address.lstrip('/')}/".startswith(self.prefix)

    def refuse(self, failure: Failure) -> JsonResponse:
        """Return the answer to a request that failed, with the headers that are the same in every dialect."""
        status, body = self.refusal(failure)
        response = json_response(body, status=status)
        for name, value in failure.headers.items():
            response[name] = value
        if failure.status == 401:
            response["WWW-Authenticate"] = "Bearer"
        response["Cache-Control"] = "private, no-store"
        return response

    def urls(self) -> list[URLPattern]:
        """Return the addresses, each with and without a slash at its end, and a refusal for every other one below the prefix."""
        by_path: dict[str, dict[str, Route]] = {}
        for route in self.routes:
            by_path.setdefault(route.path, {})[route.method] = route
        views = {place: with_headers(self._view(routes)) for place, routes in by_path.items()}
        known = [path(f"{self.prefix}{place}{slash}", view) for place, view in views.items() for slash in ("/", "")]
        return [*known, re_path(f"^{self.prefix.rstrip('/')}(?:/|$)", csrf_exempt(self._nowhere))]

    def _nowhere(self, request: HttpRequest) -> HttpResponseBase:  # noqa: ARG002 - a view
        return self.refuse(Failure(status=404, code="not_found", message=_("There is nothing at this address.")))

    def _view(self, routes: Mapping[str, Route]) -> View:
        @csrf_exempt
        def view(request: HttpRequest, **ids: Any) -> HttpResponseBase:
            route = routes.get("GET" if request.method == "HEAD" else str(request.method))
            if route is None:
                words = _("This address does not take this method.")
                return self.refuse(Failure(status=405, code="method_not_allowed", message=words, headers={"Allow": ", ".join(routes)}))
            try:
                response = self._answer(request, route, ids)
            except AuthenticationError:  # the token ended while its request waited
                response = self.refuse(failure_of(request, NotAuthenticated("token_refused")))
            except Exception as error:  # `failure_of` logs unexpected ones
                response = self.refuse(failure_of(request, error))
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return view

    def _answer(self, request: HttpRequest, route: Route, ids: Mapping[str, Any]) -> HttpResponseBase:
        caller = authenticated(request, route.scope, takes_signed=self.takes_signed)  # before anything is read
        call = Call(request=request, dialect=self.name, caller=caller)
        rest: HttpResponseBase | None = resume(request, call)
        if rest is not None:  # the second run of a request that waited: its view has already ordered
            return rest
        body = read_body(request) if request.method in WITH_BODY else Body()
        refuse_unknown(sorted(body.files.keys() - set(route.uploads)))
        return route.view(replace(call, body=body.fields, files=body.files), **ids)


def json_response(body: Any, *, status: int = 200) -> JsonResponse:
    """Return JSON whose Chinese is readable on the wire."""
    return JsonResponse(body, status=status, safe=False, json_dumps_params={"ensure_ascii": False})
