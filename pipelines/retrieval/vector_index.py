"""The vector index: Chroma, one collection per instrument and model.

It holds ids, vectors and the version they belong to; text lives in Postgres. A `where` filter
over one big collection costs 27 to 400 ms, a collection of its own 2 ms. Everything here can be
rebuilt.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import urllib.request
from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import urllib3

from pipelines.errors import ReindexNeeded, ServiceRefused, ServiceUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

UPSERT = 500
SECONDS = 20.0
"""Longest wait for an answer of the server."""
CONNECT_SECONDS = 3.0
CONNECTIONS = 16
"""Kept to the server, for queries and upserts."""

_PASSING = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)

Method = TypeVar("Method", bound=Callable[..., Any])


def _told(method: Method) -> Method:
    """A server that is away, silent or overloaded is told as ServiceUnavailable, one that will
    never do what it is asked as ServiceRefused; neither is ever told as nothing found."""

    @wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        import httpx
        from chromadb.errors import ChromaError

        try:
            return method(*args, **kwargs)
        except ChromaError as error:
            raise _refusal(error.code(), error.message()) from error
        except httpx.HTTPStatusError as error:
            raise _refusal(error.response.status_code, error.response.text) from error
        except (httpx.HTTPError, urllib3.exceptions.HTTPError) as error:
            raise _away() from error

    return run  # type: ignore[return-value]


def _away() -> ServiceUnavailable:
    return ServiceUnavailable(
        "The vector index is not answering right now; it is tried again shortly."
    )


def _refusal(status: int, reason: str) -> ServiceUnavailable | ServiceRefused:
    """What an answer that is no success means: whether asking again may help."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        return _away()
    log.error("the vector index refused what it was asked: %d %s", status, reason[:300])
    if "dimension" in reason:
        return ReindexNeeded(
            "The vector index of this instrument holds vectors of another length than its "
            "embedding model makes: reindex the instrument."
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ServiceRefused(
            "The vector index does not let us in; the operator has to mend CHROMA_URL or the "
            "server's access rules. Then retry the job."
        )
    return ServiceRefused(
        f"The vector index refused what it was asked ({status}), and would again; the reason is in "
        "the log. Tell the operator."
    )


class Index:
    """A Chroma server. Collections are made when first written to."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._made: Any = None
        self._http = urllib3.connection_from_url(
            url,
            maxsize=CONNECTIONS,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=SECONDS),
        )
        self._known: dict[str, Any] = {}
        """Collections by name; one that was dropped and made anew has another id."""

    @property
    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = _client(self._url)
            return self._made

    @_told
    def connect(self) -> None:
        """Be ready to ask: the client's code takes more than half a second to load."""
        self._client.heartbeat()

    def ping(self) -> None:
        """Raise OSError unless the server answers. Needs none of Chroma's client."""
        with urllib.request.urlopen(f"{self._url}/api/v2/heartbeat", timeout=3) as answer:  # noqa: S310
            answer.read()

    @_told
    def upsert(
        self,
        collection: str,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        version_id: str,
    ) -> bool:
        """Write vectors, float32 [n, d], of one version; ids that exist are replaced. Whether the
        collection had to be made for them."""
        made = False
        for at in range(0, len(ids), UPSERT):
            chunk = list(ids[at : at + UPSERT])
            written = {
                "ids": chunk,
                "embeddings": vectors[at : at + UPSERT],
                "metadatas": [{"version_id": version_id}] * len(chunk),
            }
            made |= self._upsert(collection, written)
        return made

    @_told
    def query(
        self,
        collection: str,
        vector: NDArray[np.float32],
        count: int,
        *,
        version_ids: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """(id, cosine similarity) of the nearest, best first; [] when nothing was indexed yet."""
        asked: dict[str, Any] = {
            "query_embeddings": [vector],
            "n_results": count,
            "include": ["distances"],
        }
        if version_ids is not None:
            asked["where"] = {"version_id": {"$in": list(version_ids)}}
        found = self._read(collection, lambda there: self._post(there, "query", asked))
        if found is None:
            return []
        return [
            (id_, 1.0 - distance)
            for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    @_told
    def vectors(self, collection: str, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of those `ids` that are there."""
        import numpy as np

        found = self._read(
            collection, lambda there: there.get(ids=list(ids), include=["embeddings"])
        )
        if found is None:
            return {}
        return {
            id_: np.asarray(vector, dtype=np.float32)
            for id_, vector in zip(found["ids"], found["embeddings"], strict=True)
        }

    @_told
    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors by id; unknown ids are no error."""
        target = self._existing(collection)
        if target is not None:
            for at in range(0, len(ids), UPSERT):
                target.delete(ids=list(ids[at : at + UPSERT]))

    @_told
    def ids(self, collection: str, version_id: str, count: int, start: int = 0) -> list[str]:
        """`count` ids of a version's vectors, after `start` others; always in the same order."""
        target = self._existing(collection)
        if target is None:
            return []
        which = {"version_id": version_id}
        found: list[str] = target.get(where=which, limit=count, offset=start, include=[])["ids"]
        return found

    @_told
    def has(self, collection: str) -> bool:
        """Whether there is such a collection: a server may have lost it."""
        return self._existing(collection) is not None

    @_told
    def drop(self, collection: str) -> None:
        """Remove a collection; a missing one is no error."""
        from chromadb.errors import NotFoundError

        client = self._client
        with contextlib.suppress(NotFoundError):
            client.delete_collection(collection)

    @_told
    def collections(self) -> list[str]:
        return [collection.name for collection in self._client.list_collections()]

    def _post(self, collection: Any, verb: str, body: dict[str, Any]) -> Any:
        """What Chroma's client does to query and to upsert, without its checks and traces: they
        took half as much again of a searching process's time (1.4 against 0.95 ms)."""
        import orjson
        from chromadb.errors import NotFoundError

        client = self._client
        answer = self._http.urlopen(
            "POST",
            f"/api/v2/tenants/{client.tenant}/databases/{client.database}"
            f"/collections/{collection.id}/{verb}",
            body=orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY),
            headers={"Content-Type": "application/json"},
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotFoundError(f"no collection {collection.id}")
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
            raise _refusal(answer.status, answer.data.decode("utf-8", "replace"))
        try:
            return orjson.loads(answer.data)
        except orjson.JSONDecodeError as error:
            raise _away() from error

    def _upsert(self, collection: str, written: dict[str, Any]) -> bool:
        """Into the collection that is known by this name, or else is there or made now; whether
        it was made."""
        from chromadb.errors import NotFoundError

        if collection in self._known:
            with contextlib.suppress(NotFoundError):
                self._post(self._known[collection], "upsert", written)
                return False
        made = self._existing(collection) is None
        target = self._client.get_or_create_collection(
            collection, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        self._known[collection] = target
        self._post(target, "upsert", written)
        return made

    def _read(self, collection: str, ask: Callable[[Any], Any]) -> Any:
        """What `ask` reads of the collection, None when there is none.

        Looking a collection up costs as much as a query, so what is known is asked first.
        """
        from chromadb.errors import NotFoundError

        if collection in self._known:
            with contextlib.suppress(NotFoundError):
                return ask(self._known[collection])
        target = self._existing(collection)
        if target is None:
            self._known.pop(collection, None)
            return None
        self._known[collection] = target
        return ask(target)

    def _existing(self, collection: str) -> Any:
        from chromadb.errors import NotFoundError

        client = self._client
        try:
            return client.get_collection(collection, embedding_function=None)
        except NotFoundError:
            return None


def _client(url: str) -> Any:
    """Chroma's own client, with limits on its waiting and statuses that are told apart."""
    import chromadb
    import httpx
    from chromadb.config import Settings

    address = urlsplit(url)
    try:
        client: Any = chromadb.HttpClient(
            host=address.hostname or "127.0.0.1",
            port=address.port or (443 if address.scheme == "https" else 8000),
            ssl=address.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
    except ValueError as error:
        # What it says of a server that it can't reach when it is made.
        raise _away() from error
    session = client._server._session
    # Chroma's own client waits for ever; it offers no setting for this.
    session.timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    session.event_hooks = {"response": [_look_at_status]}
    return client


def _look_at_status(answer: Any) -> None:
    """Before Chroma's client makes a bare Exception of an answer that a proxy gave. A missing
    thing is left to it."""
    if answer.status_code >= HTTPStatus.BAD_REQUEST and answer.status_code != HTTPStatus.NOT_FOUND:
        answer.read()
        answer.raise_for_status()


def collection_name(instrument_id: str, model: str) -> str:
    """The first collection of an instrument's vectors by one model (its name and hash)."""
    return f"i-{instrument_id}-{model.rpartition('@')[2][:12]}"
