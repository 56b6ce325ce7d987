FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /venv
# Requirements first: they change less often than the code, so their layer stays cached.
COPY requirements/run.txt requirements/run.txt
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim
# LightGBM is linked against the OpenMP runtime, which slim images leave out.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 forecall \
    && install -d -o forecall -g forecall /app/forecall-data
COPY --from=build /venv /venv
COPY config.yaml /app/config.yaml
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /app
USER forecall
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/healthz', timeout=4)"]
CMD ["forecall", "serve", "--host", "0.0.0.0"]
