"""The Weaviate index keeps the port's contract, and changes its schema without a break. Needs a real server."""

from collections.abc import AsyncIterator, Iterator

import pytest

from contracts.errors import Misconfigured, Unavailable
from gateway.index.weaviate import WeaviateIndex, WeaviatePlace
from tests.integration.index.suite import EVERYWHERE, SearchIndexSuite, card, ids, needle, passage, put
from tests.integration.index.weaviate_server import running_weaviate
from tests.servers import free_port


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviatePlace]:
    with running_weaviate(tmp_path_factory.mktemp("weaviate")) as found:
        yield found


@pytest.fixture
async def index(place: WeaviatePlace) -> AsyncIterator[WeaviateIndex]:
    opened = await WeaviateIndex.open(place)
    await opened.clear()
    yield opened
    await opened.clear()
    await opened.close()


class TestWeaviate(SearchIndexSuite):
    """The contract suite."""


async def test_a_new_schema_is_filled_while_the_old_one_answers(place: WeaviatePlace, index: WeaviateIndex) -> None:
    await put(index, card("m1"), passage("m1", 0, "old words"))
    await index.advance(10)
    newer = await WeaviateIndex.open(place, version=99)
    try:
        assert (await newer.cursor(), await newer.ids("m1")) == (0, set())
        assert ids(await newer.candidates(await needle("words"), EVERYWHERE, 5)) == {"m1-transcript0"}
        await put(newer, card("m1"), passage("m1", 0, "old words"))
        await newer.advance(10)
        assert ids(await newer.candidates(await needle("words"), EVERYWHERE, 5)) == {"m1-transcript0"}
        assert await newer._older() == []
    finally:
        await newer._client.collections.delete("RapporteurPassageV99")
        await newer.close()


async def test_a_wrong_key_is_a_wrong_setting(place: WeaviatePlace) -> None:
    with pytest.raises(Misconfigured):
        await WeaviateIndex.open(WeaviatePlace(place.url, "wrong", place.grpc_port))


async def test_no_server_is_an_outage() -> None:
    with pytest.raises(Unavailable):
        await WeaviateIndex.open(WeaviatePlace(f"http://127.0.0.1:{free_port()}", "", free_port()))
