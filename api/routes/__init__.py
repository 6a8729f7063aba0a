"""The resources, one file each; a new one is added to the list."""

from api.routes import (
    api_keys,
    auth,
    chat,
    citations,
    docs,
    health,
    instruments,
    jobs,
    source_versions,
    sources,
    streams,
    uploads,
    viewer,
)

ROUTES = [
    api_keys.blueprint,
    auth.blueprint,
    chat.blueprint,
    citations.blueprint,
    docs.blueprint,
    health.blueprint,
    instruments.blueprint,
    jobs.blueprint,
    source_versions.blueprint,
    sources.blueprint,
    streams.blueprint,
    uploads.blueprint,
    viewer.blueprint,
]
