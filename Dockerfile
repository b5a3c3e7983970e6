# One image for web, worker, clock and release; the Procfile has their commands. Its own command is that of `web`.
FROM python:3.13-slim

# Fonts for names in every script and for emoji in pictures; Inter, for Latin, comes with the Python packages.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/*

# /backups is for BACKUP_TO: a volume that is mounted there belongs to this user too.
RUN useradd --system --uid 10001 --create-home gruppetto \
    && install --directory --owner=gruppetto --mode=0700 /backups
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
