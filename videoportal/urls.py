"""Every URL of the portal."""

from django.contrib import admin
from django.urls import include, path, re_path

from api.callbacks import receive
from api.compat.urls import compat_urls, tools_document
from api.errors import not_found
from api.v1.urls import api_urls
from videoportal.health import readyz
from videoportal.metrics import metrics

handler400 = "videoportal.refusals.bad_request"
handler403 = "videoportal.refusals.permission_denied"
handler404 = "videoportal.refusals.page_not_found"
handler500 = "videoportal.refusals.server_error"

urlpatterns = [
    path("api/v1/openapi-tools.json", tools_document),
    path("api/v1/", api_urls()),  # before the many others: they are compared one after the other, and programs ask most
    path("", include("web.urls")),
    path("accounts/", include("access.account_urls")),
    path("admin/", admin.site.urls),
    *compat_urls(),
    re_path("^api(?:/|$)", not_found),
    path("v/", include("delivery.urls")),
    path("callbacks/<str:vendor>/<str:account_id>/<str:key>", receive, name="vendor-callback"),
    path("readyz", readyz),
    path("metrics", metrics),
]
