# One image: the tracking server with its pages, for PostgreSQL and S3 or for a volume with SQLite.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY web web
COPY migrations migrations
RUN python -m venv /opt/runyard \
 && /opt/runyard/bin/pip install --no-cache-dir '.[postgres,s3]'

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data runyard
COPY --from=build /opt/runyard /opt/runyard
ENV PATH=/opt/runyard/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RUNYARD_HOST=0.0.0.0 \
    RUNYARD_PORT=5000 \
    RUNYARD_LOG_LEVEL=info
WORKDIR /data
# by its number: Kubernetes cannot tell of a name that it is not root
USER 10001
VOLUME /data
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; e = os.environ; prefix = e.get('RUNYARD_STATIC_PREFIX', '').strip('/'); r.urlopen('/'.join(filter(None, ('http://127.0.0.1:' + e['RUNYARD_PORT'], prefix, 'health'))), timeout=2)"]
ENTRYPOINT ["runyard"]
CMD ["server"]
