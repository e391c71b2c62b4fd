"""Every URL of the portal."""

from django.contrib import admin
from django.urls import path

from videoportal.api import api_urls
from videoportal.health import healthz, readyz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", api_urls()),
    path("healthz", healthz),
    path("readyz", readyz),
]
