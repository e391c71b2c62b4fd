"""Every URL of the portal."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from api.callbacks import receive
from api.v1.urls import api_urls
from videoportal.health import readyz

handler500 = "web.views.errors.server_error"

urlpatterns = [
    path("", include("web.urls")),
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/v1/", api_urls()),
    path("v/", include("delivery.urls")),
    path("callbacks/<str:vendor>/<str:account_id>/<str:key>", receive, name="vendor-callback"),
    path("readyz", readyz),
]
