"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from web.views import activity, assets, deleted, gallery, live, settings, share, shell, studio, tasks, tokens, videos

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="studio"), name="home"),
    path("studio/", studio.studio, name="studio"),
    path("studio/tasks/", studio.create, name="studio-create"),
    path("studio/form/", studio.model_form, name="studio-form"),
    path("studio/quote/", studio.quote, name="studio-quote"),
    path("studio/today/", studio.today, name="studio-today"),
    path("studio/queue-head/", studio.queue_head, name="studio-queue-head"),
    path("studio/cancel-waiting/", tasks.cancel_queue, name="cancel-waiting"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("gallery/more/", gallery.more, name="gallery-more"),
    path("videos/<uuid:pk>/", videos.video, name="video"),
    path("videos/<uuid:pk>/file", videos.file, name="video-file"),
    path("videos/<uuid:pk>/poster.webp", videos.poster, name="video-poster"),
    path("videos/<uuid:pk>/preview.mp4", videos.preview, name="video-preview"),
    path("videos/<uuid:pk>/star", videos.star, name="video-star"),
    path("videos/<uuid:pk>/links", share.share, name="video-share"),
    path("videos/<uuid:pk>/links/<uuid:link_pk>/revoke", share.unshare, name="video-unshare"),
    path("videos/<uuid:pk>/replace-url", share.replace, name="video-replace-url"),
    path("videos/<uuid:pk>/delete", deleted.delete, name="video-delete"),
    path("videos/<uuid:pk>/restore", deleted.restore, name="video-restore"),
    path("videos/<uuid:pk>/delete-for-good", deleted.delete_for_good, name="video-delete-for-good"),
    path("bin/", deleted.bin_of_videos, name="bin"),
    path("bin/<uuid:pk>/poster.webp", deleted.poster, name="bin-poster"),
    path("bin/empty", deleted.empty, name="bin-empty"),
    path("activity/", activity.activity, name="activity"),
    path("tasks/<uuid:pk>/", tasks.task, name="task"),
    path("tasks/<uuid:pk>/card", live.card, name="task-card"),
    path("tasks/<uuid:pk>/cancel", tasks.cancel, name="task-cancel"),
    path("tasks/<uuid:pk>/retry", tasks.retry, name="task-retry"),
    path("tasks/<uuid:pk>/dismiss", tasks.dismiss, name="task-dismiss"),
    path("tasks/<uuid:pk>/share", tasks.share, name="task-share"),
    path("activity/dismiss", tasks.dismiss_all, name="dismiss-all"),
    path("tasks/<uuid:pk>/ask-again", tasks.ask_again, name="task-ask-again"),
    path("tasks/<uuid:pk>/adopt", tasks.adopt, name="task-adopt"),
    path("tasks/<uuid:pk>/submit-again", tasks.submit_again, name="task-submit-again"),
    path("tasks/<uuid:pk>/give-up", tasks.give_up, name="task-give-up"),
    path("assets/upload", assets.upload, name="asset-upload"),
    path("assets/<uuid:pk>/", assets.image, name="asset"),
    path("tick", live.tick, name="tick"),
    path("settings/", settings.settings, name="settings"),
    path("theme", shell.theme, name="theme"),
    path("settings/tokens/", tokens.tokens, name="tokens"),
    path("settings/tokens/new", tokens.new_token, name="token-new"),
    path("settings/tokens/<uuid:pk>/", tokens.token, name="token"),
    path("settings/tokens/<uuid:pk>/roll", tokens.roll, name="token-roll"),
    path("settings/tokens/<uuid:pk>/revoke", tokens.revoke, name="token-revoke"),
]
