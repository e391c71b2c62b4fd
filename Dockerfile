# One image for both roles: `web` (the default) and `worker`.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PORTAL_DATA_DIR=/data PORTAL_BIND=0.0.0.0:8000
WORKDIR /app

# crcmod, which checks every byte that goes to OSS, is compiled while it is installed; without a compiler it installs too, and is 200 times slower.
COPY requirements.txt .
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && pip install --disable-pip-version-check -r requirements.txt \
    && python -c "import crcmod._crcfunext" \
    && apt-get purge --yes --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*

COPY . .
RUN useradd --system --uid 10001 portal && mkdir /data && chown portal /data
USER portal
VOLUME /data
EXPOSE 8000

# Static files are collected at the start, because DATA_DIR is a volume. The av wheel brings GPL parts of FFmpeg: a published image must
# carry their notices.
CMD ["sh", "-c", "python manage.py migrate --noinput && python manage.py collectstatic --noinput -v 0 && exec gunicorn"]
