"""The search index in a Weaviate server, for more meetings than one machine wants to scan.

Words by its BM25 over our stems, vectors by its HNSW over our own; both are asked at once and fused by
``gateway.index.rank`` like everywhere else. A new schema version is filled from the records while the old one
goes on answering; when the new one has caught up, the old one is dropped.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import weaviate
import weaviate.exceptions as errors
from weaviate.classes.config import Configure, DataType, Property
from weaviate.classes.data import DataObject
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.classes.query import Filter, MetadataQuery, TargetVectors
from weaviate.classes.tenants import Tenant

from contracts import log
from contracts.errors import Misconfigured, Unavailable
from gateway.index import weaviate_schema as schema
from gateway.index.port import Candidate, Card, Entry, Needle, Passage, Scope
from gateway.index.quantise import Vectors, nearness

IMPORT_BATCH = 100
QUERY_TIMEOUT_S = 10
IMPORT_TIMEOUT_S = 60
MAX_IDS = 10_000
_SOURCE = "weaviate"


class WeaviatePlace(msgspec.Struct, frozen=True):
    """Where the server is: HTTP by ``url``, gRPC on ``grpc_port`` of the same host."""

    url: str
    api_key: str = ""
    grpc_port: int = 50051


class WeaviateIndex:
    """A ``SearchIndex`` in Weaviate."""

    def __init__(self, client: weaviate.WeaviateAsyncClient, version: int) -> None:
        self._client = client
        self._version = version
        self._reads_from = version
        self._old_cursor = 0

    @classmethod
    async def open(cls, place: WeaviatePlace, *, version: int = schema.SCHEMA_VERSION) -> Self:
        """Connect and make what is missing. Raises Unavailable, or Misconfigured for a refused key."""
        client = _client(place)
        index = cls(client, version)
        try:
            async with _faults():
                await client.connect()
                await index._set_up()
        except (Unavailable, Misconfigured):
            await client.close()
            raise
        return index

    async def _set_up(self) -> None:
        if not await self._client.collections.exists(schema.STATE):
            properties = [Property(name="cursor", data_type=DataType.INT)]
            await self._client.collections.create(schema.STATE, properties=properties)
        await self._make()
        for old in await self._older():
            self._reads_from, self._old_cursor = old, await self._cursor_of(old)
        await self._switch(await self._cursor_of(self._version))

    async def _make(self) -> None:
        name = schema.collection_name(self._version)
        if not await self._client.collections.exists(name):
            await self._client.collections.create(
                name,
                properties=schema.passage_properties(),
                vector_config=schema.passage_vectors(),
                multi_tenancy_config=Configure.multi_tenancy(enabled=True),
            )
        await self._client.collections.get(name).tenants.create([Tenant(name=schema.TENANT)])

    async def _older(self) -> list[int]:
        names = await self._client.collections.list_all()
        numbers = [n.removeprefix(schema.PREFIX) for n in names if n.startswith(schema.PREFIX)]
        return sorted(int(n) for n in numbers if n.isdigit() and int(n) < self._version)

    async def _switch(self, cursor: int) -> None:
        """Read from the newest version once it knows what the old one knew."""
        if self._reads_from == self._version or cursor < self._old_cursor:
            return
        self._reads_from = self._version
        for old in await self._older():
            await self._client.collections.delete(schema.collection_name(old))
        log.get().info("search.schema_switched", version=self._version)

    def _passages(self, version: int | None = None) -> Any:
        name = schema.collection_name(self._version if version is None else version)
        return self._client.collections.get(name).with_tenant(schema.TENANT)

    async def put(self, card: Card, entries: Sequence[Entry], gone: Sequence[str] = ()) -> None:
        """As the port says; objects have ids of their own, so a repetition changes nothing."""
        async with _faults():
            for first in range(0, len(gone), IMPORT_BATCH):
                ids = [schema.object_id(id_) for id_ in gone[first : first + IMPORT_BATCH]]
                await self._passages().data.delete_many(where=Filter.by_id().contains_any(ids))
            for first in range(0, len(entries), IMPORT_BATCH):
                await self._import(card, entries[first : first + IMPORT_BATCH])

    async def _import(self, card: Card, entries: Sequence[Entry]) -> None:
        objects = [
            DataObject(
                properties=schema.to_properties(card, entry),
                uuid=schema.object_id(entry.passage.id),
                vector=schema.to_vectors(entry) or None,
            )
            for entry in entries
        ]
        result = await self._passages().data.insert_many(objects)
        if result.has_errors:
            raise Unavailable(f"{len(result.errors)} passages were not stored", source=_SOURCE)

    async def delete(self, meeting: str) -> None:
        """As the port says; in the old version too, while there is one."""
        async with _faults():
            for version in {self._version, self._reads_from}:
                where = Filter.by_property("meeting").equal(meeting)
                await self._passages(version).data.delete_many(where=where)

    async def ids(self, meeting: str) -> set[str]:
        """As the port says."""
        where = Filter.by_property("meeting").equal(meeting)
        async with _faults():
            found = await self._passages().query.fetch_objects(
                filters=where, limit=MAX_IDS, return_properties=["passage"]
            )
        return {str(o.properties["passage"]) for o in found.objects}

    async def candidates(self, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
        """As the port says."""
        if scope.visible is not None and not scope.visible:
            return []
        wanted: dict[str, Any] = {
            "filters": schema.filter_of(scope),
            "limit": limit,
            "return_properties": ["body", "card", "numbers"],
        }
        async with _faults(), asyncio.TaskGroup() as tasks:
            by_words = tasks.create_task(self._by_words(needle, wanted), name="weaviate.bm25")
            by_vector = tasks.create_task(self._by_vector(needle, wanted), name="weaviate.vector")
        keyword = {o.uuid: float(o.metadata.score or 0.0) for o in by_words.result()}
        objects = {o.uuid: o for o in [*by_words.result(), *by_vector.result()]}
        near = _nearness(needle.vector, objects)
        return [
            Candidate(*schema.passage_of(o.properties), keyword.get(id_, 0.0), *near.get(id_, ()))
            for id_, o in objects.items()
        ]

    async def _by_words(self, needle: Needle, wanted: dict[str, Any]) -> list[Any]:
        query = " ".join(dict.fromkeys(schema.stems(" ".join(needle.words)).split()))
        if not query:
            return []
        found = await self._passages(self._reads_from).query.bm25(
            query=query, query_properties=["stems"], return_metadata=MetadataQuery(score=True), **wanted
        )
        return list(found.objects)

    async def _by_vector(self, needle: Needle, wanted: dict[str, Any]) -> list[Any]:
        if needle.vector is None or not needle.vector.any():
            return []
        found = await self._passages(self._reads_from).query.near_vector(
            near_vector=needle.vector.tolist(), target_vector=TargetVectors.minimum(list(schema.PARTS)), **wanted
        )
        return list(found.objects)

    async def unembedded(self, limit: int) -> list[tuple[Card, Passage]]:
        """As the port says, in the order of the objects' ids."""
        where = Filter.by_property("embedded").equal(False)
        async with _faults():
            found = await self._passages().query.fetch_objects(
                filters=where, limit=limit, return_properties=["body", "card"]
            )
        pairs = [schema.passage_of(o.properties) for o in found.objects]
        return [(card, passage) for passage, card in pairs]

    async def cursor(self) -> int:
        """As the port says."""
        async with _faults():
            return await self._cursor_of(self._version)

    async def _cursor_of(self, version: int) -> int:
        state = self._client.collections.get(schema.STATE)
        found = await state.query.fetch_object_by_id(schema.object_id(schema.collection_name(version)))
        return int(str(found.properties["cursor"])) if found is not None else 0

    async def advance(self, cursor: int) -> None:
        """As the port says; when the old version is caught up with, it is dropped."""
        id_ = schema.object_id(schema.collection_name(self._version))
        async with _faults():
            state = self._client.collections.get(schema.STATE)
            await state.data.insert_many([DataObject(properties={"cursor": cursor}, uuid=id_)])
            await self._switch(cursor)

    async def clear(self) -> None:
        """As the port says."""
        async with _faults():
            await self._client.collections.delete(schema.collection_name(self._version))
            await self._make()
        await self.advance(0)

    async def close(self) -> None:
        """As the port says."""
        await self._client.close()


def _nearness(vector: Vectors | None, objects: dict[UUID, Any]) -> dict[UUID, tuple[float, float, int]]:
    """How near the objects with vectors are."""
    if vector is None:
        return {}
    stored = {id_: numbers for id_, o in objects.items() if (numbers := schema.stored_numbers(o.properties))}
    return dict(zip(stored, nearness(vector, list(stored.values())), strict=True))


def _client(place: WeaviatePlace) -> weaviate.WeaviateAsyncClient:
    parts = urlsplit(place.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured("the Weaviate address is no http(s) address", source=_SOURCE)
    secure = parts.scheme == "https"
    return weaviate.use_async_with_custom(
        http_host=parts.hostname,
        http_port=parts.port or (443 if secure else 80),
        http_secure=secure,
        grpc_host=parts.hostname,
        grpc_port=place.grpc_port,
        grpc_secure=secure,
        auth_credentials=Auth.api_key(place.api_key) if place.api_key else None,
        additional_config=AdditionalConfig(
            timeout=Timeout(init=5, query=QUERY_TIMEOUT_S, insert=IMPORT_TIMEOUT_S), trust_env=False
        ),
        skip_init_checks=False,
    )


@contextlib.asynccontextmanager
async def _faults() -> AsyncIterator[None]:
    """Foreign errors become ours; those of a task group come out alone."""
    try:
        yield
    except* errors.AuthenticationFailedError as group:
        raise Misconfigured("Weaviate refuses the key", source=_SOURCE) from group
    except* errors.UnexpectedStatusCodeError as group:
        raise _by_status(group) from group
    except* (errors.WeaviateBaseError, OSError, TimeoutError) as group:
        raise Unavailable("Weaviate does not answer", source=_SOURCE) from group


def _by_status(group: BaseExceptionGroup[Any]) -> Misconfigured | Unavailable:
    codes = {getattr(e, "status_code", 0) for e in group.exceptions}
    if codes & {401, 403}:
        return Misconfigured("Weaviate refuses the key", source=_SOURCE)
    return Unavailable("Weaviate answers with an error", source=_SOURCE)
