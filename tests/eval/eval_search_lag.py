"""How long after a final segment it is found: ``python -m tests.eval.eval_search_lag``.

A real bus, a real gateway with the embedding model, one meeting in which a sentence with a word of its own is said
every ``--every`` seconds; measured from the answer to its POST (it is on disk) to the first search that finds it.
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
from tests.integration.gateway.conftest import running_gateway
from tests.servers import NatsServer

POLL_S = 0.1
GIVE_UP_S = 60.0


async def lag_of(http: httpx.AsyncClient, word: str) -> float:
    """Seconds until a search for ``word`` finds it."""
    started = time.perf_counter()
    while time.perf_counter() - started < GIVE_UP_S:
        answer = await http.get("/v1/search", params={"q": word})
        hits = answer.json()["items"] if answer.status_code == 200 else []
        if any(word in hit["snippet"]["text"] for hit in hits):
            return time.perf_counter() - started
        await asyncio.sleep(POLL_S)
    return GIVE_UP_S


async def measure(client: Client, count: int, every_s: float) -> list[float]:
    """Say ``count`` sentences, one every ``every_s``; how long each took to be found."""
    meeting = await client.start("Lag")
    track = await client.track(meeting, "transcript")
    waits: list[asyncio.Task[float]] = []
    for n in range(count):
        word = f"zq{n}x"
        text = f"Now we come to point {word}, the budget of the remote control and what its batteries may cost."
        line = {"speaker": "Ann", "start": n * 5.0, "end": n * 5.0 + 4, "text": text}
        body = {"track": track, "segments": [line]}
        (await client.http.post(f"/v1/meetings/{meeting}/segments", json=body)).raise_for_status()
        waits.append(asyncio.create_task(lag_of(client.http, word)))
        await asyncio.sleep(every_s)
    return list(await asyncio.gather(*waits))


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
                    await measure(client, 2, 1.0)  # the model is loaded
                    lags = await measure(client, count, every_s)
            await bus.close()
        finally:
            server.kill()
    p50, p95, top = np.percentile(lags, [50, 95, 100])
    print(f"indexing lag over {count} finals: p50 {p50:.2f} s  p95 {p95:.2f} s  max {top:.2f} s")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--every", type=float, default=1.5)
    args = parser.parse_args()
    asyncio.run(run(args.count, args.every))


if __name__ == "__main__":
    main()
