# One image for web, worker, clock and release; the Procfile has their commands. Its own command is that of `web`.
FROM python:3.13-slim

# Fonts for names in every script and for emoji in pictures; Inter, for Latin, comes with the Python packages. Pictures use
# only the bold ones without serifs (providers/cards/fonts.py); the others are 100 MB.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji \
    && find /usr/share/fonts -type f ! -name 'NotoSans*-Bold.tt[cf]' ! -name NotoColorEmoji.ttf -delete \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*

# /backups is for BACKUP_TO: a volume that is mounted there belongs to this user too.
# On Kubernetes the group is 10001 as well (ops/kubernetes).
RUN groupadd --gid 10001 gruppetto \
    && useradd --uid 10001 --gid gruppetto --create-home --shell /usr/sbin/nologin gruppetto \
    && install --directory --owner=gruppetto --group=gruppetto --mode=0700 /backups
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app TZ=UTC PORT=8000

# Packages are installed before the code is copied, so that a change of code does not install them again.
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
    --require-hashes --requirement requirements.txt
COPY . .

USER gruppetto
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/livez\", timeout=4)"]
CMD ["gunicorn", "wsgi:app", "--config", "ops/gunicorn.conf.py"]
