"""How long after a final segment it is found: ``python -m tests.eval.eval_search_lag``.

A real bus, a real gateway with the embedding model, one meeting in which a sentence with a word of its own is said
every ``--every`` seconds; measured from the answer to its POST (it is on disk) until the index has worked it in. At the
end every sentence is searched for once.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

from contracts.bus import Bus
from contracts.settings import BusSettings
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import Gateway, running_gateway
from tests.servers import NatsServer

POLL_S = 0.02


async def lag_of(gateway: Gateway, seq: int) -> float:
    """Seconds until the index has worked in the record ``seq``."""
    started = time.perf_counter()
    while gateway.services.memory.indexer.cursor < seq:  # noqa: ASYNC110  # it has no event, and this is a measurement
        await asyncio.sleep(POLL_S)
    return time.perf_counter() - started


async def measure(gateway: Gateway, client: Client, count: int, every_s: float) -> tuple[list[float], int]:
    """Say ``count`` sentences; how long each took to be indexed, and how many are found afterwards."""
    meeting = await client.start("Lag")
    track = await client.track(meeting, "transcript")
    waits: list[asyncio.Task[float]] = []
    for n in range(count):
        text = f"Now we come to point zq{n}x, the budget of the remote control and what its batteries may cost."
        line = {"speaker": "Ann", "start": n * 5.0, "end": n * 5.0 + 4, "text": text}
        body = {"track": track, "segments": [line]}
        answer = (await client.http.post(f"/v1/meetings/{meeting}/segments", json=body)).raise_for_status()
        waits.append(asyncio.create_task(lag_of(gateway, answer.json()["seq"])))
        await asyncio.sleep(every_s)
    lags = list(await asyncio.gather(*waits))
    found = 0
    for n in range(count):
        answer = await client.http.get("/v1/search", params={"q": f"zq{n}x", "meeting": meeting})
        found += any(f"zq{n}x" in hit["snippet"]["text"] for hit in answer.json()["items"])
    return lags, found


async def run(count: int, every_s: float) -> None:
    """Start everything, measure, print."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        server = NatsServer(folder)
        server.start()
        try:
            await server.ready()
            bus = await Bus.connect(BusSettings(url=server.url, audio_max_bytes=2**26, meeting_max_bytes=2**26))
            await bus.set_up()
            async with running_gateway(bus, folder / "data") as gateway:
                headers = {"authorization": f"Bearer {gateway.token}"}
                async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30) as http:
                    client = Client(http, gateway.ws_url)
                    await measure(gateway, client, 2, 1.0)  # the model is loaded
                    lags, found = await measure(gateway, client, count, every_s)
            await bus.close()
        finally:
            server.kill()
    p50, p95, top = np.percentile(lags, [50, 95, 100])
    print(f"indexing lag over {count} finals: p50 {p50:.2f} s  p95 {p95:.2f} s  max {top:.2f} s; found {found}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--every", type=float, default=1.5)
    args = parser.parse_args()
    asyncio.run(run(args.count, args.every))


if __name__ == "__main__":
    main()
