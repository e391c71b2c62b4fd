"""manage.py cluster: one job cluster, started and watched by `manage.py worker`. Not for people."""

from django.core.management.base import BaseCommand

from jobs.worker import run_cluster


class Command(BaseCommand):
    help = "One job cluster (Q_CLUSTER_NAME says which); `manage.py worker` starts and watches these."

    def handle(self, *_args: object, **_options: object) -> None:
        run_cluster()
