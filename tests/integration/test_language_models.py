"""The contract of the LanguageModel port, kept by both adapters; and what a broken Ollama server leads to.

llama.cpp runs with the real model. Ollama runs for real where OLLAMA_HOST answers or `ollama` is on the PATH, with
OLLAMA_TEST_MODEL (default qwen2.5:1.5b); its error paths run against a server that follows a script.
"""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from analyzer.llama import LlamaModel, yes_share
from analyzer.llm import LanguageModel, Prompt
from analyzer.ollama import OllamaModel
from analyzer.prompt import TEXT_SCHEMA, Prompts
from contracts.errors import Misconfigured, TooLarge, Unavailable
from contracts.settings import models_dir

GGUF = models_dir(os.environ) / "qwen2.5-coder-1.5b-instruct" / "model.gguf"
OLLAMA_MODEL = os.environ.get("OLLAMA_TEST_MODEL", "qwen2.5:1.5b")
ASK = Prompt("Answer the question.", "BEGIN\n[1] Ana: I will send the list tomorrow.\nEND\n{question}")


def ask(question: str) -> Prompt:
    return Prompt(ASK.system, ASK.user.replace("{question}", question))


def _ollama_host() -> str | None:
    host = os.environ.get("OLLAMA_HOST", "http://127.0.0.1:11434")
    host = host if "://" in host else f"http://{host}"
    try:
        httpx.get(f"{host}/api/version", timeout=1.0)
    except httpx.HTTPError:
        return None
    return host


@pytest.fixture(scope="module")
def llama() -> LanguageModel | None:
    """The embedded model, loaded once."""
    return asyncio.run(LlamaModel.load(GGUF)) if GGUF.is_file() else None


@pytest.fixture(params=["llama", "ollama"])
async def model(request: pytest.FixtureRequest, llama: LanguageModel | None) -> AsyncIterator[LanguageModel]:
    """Each adapter, or the reason why it is skipped."""
    if request.param == "llama":
        if llama is None:
            pytest.skip("the embedded model is not downloaded")
        yield llama
        return
    host = _ollama_host()
    if host is None:
        where = "does not answer" if shutil.which("ollama") else "is not installed and OLLAMA_HOST does not answer"
        pytest.skip(f"Ollama {where}")
    # A server that reads its first question also loads the model.
    adapter = OllamaModel.connect(host, OLLAMA_MODEL, timeout_s=240.0)
    yield adapter
    await adapter.close()


async def test_an_answer_is_json_after_the_schema(model: LanguageModel) -> None:
    answer = await model.write(ask('What will Ana do? JSON with the key "text".'), TEXT_SCHEMA, 60)
    assert answer.complete
    assert set(json.loads(answer.text)) == {"text"}
    assert answer.prompt_tokens > 10


async def test_an_answer_that_is_cut_off_says_so(model: LanguageModel) -> None:
    answer = await model.write(ask('Tell a long story. JSON with the key "text".'), TEXT_SCHEMA, 4)
    assert not answer.complete


async def test_a_judgement_is_a_probability_and_tells_yes_from_no(model: LanguageModel) -> None:
    yes = await model.judge(ask("Does Ana promise something? Answer yes or no."))
    no = await model.judge(ask("Does Ana talk about elephants? Answer yes or no."))
    assert 0.0 <= no < yes <= 1.0


async def test_a_prompt_that_cannot_fit_is_refused_before_the_model_is_asked(model: LanguageModel) -> None:
    with pytest.raises(TooLarge):
        await model.judge(Prompt("word " * 20_000, "Answer yes or no."))


async def test_the_event_loop_goes_on_while_the_model_thinks(model: LanguageModel) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await model.write(ask('What will Ana do? JSON with the key "text".'), TEXT_SCHEMA, 60)
    ticking.cancel()
    assert ticks >= 3


async def test_a_cancelled_call_comes_back_at_once_and_the_next_one_is_answered(model: LanguageModel) -> None:
    call = asyncio.create_task(model.write(ask('Tell a story. JSON with the key "text".'), TEXT_SCHEMA, 60))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert 0.0 <= await model.judge(ask("Does Ana promise something? Answer yes or no.")) <= 1.0


async def test_a_question_that_nobody_waits_for_is_given_up_before_its_answer() -> None:
    if not GGUF.is_file():
        pytest.skip("the embedded model is not downloaded")
    llama = await LlamaModel.load(GGUF)
    story = ask('Tell a story of a thousand words. JSON with the key "text".')
    began = time.monotonic()
    whole = await llama.write(story, TEXT_SCHEMA, 200)
    whole_s = time.monotonic() - began
    given_up = asyncio.create_task(llama.write(story, TEXT_SCHEMA, 200))
    await asyncio.sleep(whole_s / 10)
    given_up.cancel()
    began = time.monotonic()
    await llama.judge(ask("Does Ana promise something? Answer yes or no."))
    assert whole.answer_tokens > 50
    assert time.monotonic() - began < whole_s / 2
    await llama.close()


async def test_the_constant_part_of_a_prompt_is_paid_for_once() -> None:
    if not GGUF.is_file():
        pytest.skip("the embedded model is not downloaded")
    llama = await LlamaModel.load(GGUF)
    system = Prompts.load().about_lines("chapter", ["Ana: Hello."]).system
    await llama.write(Prompt(system, 'Say hello as JSON with the key "text".'), TEXT_SCHEMA, 20)
    answer = await llama.write(Prompt(system, 'Say good bye as JSON with the key "text".'), TEXT_SCHEMA, 20)
    assert answer.cached_tokens >= 0.7 * answer.prompt_tokens
    await llama.close()


async def test_a_missing_model_file_says_how_to_get_it() -> None:
    with pytest.raises(Misconfigured, match="rapporteur models pull"):
        await LlamaModel.load(GGUF.with_name("missing.gguf"))


def test_yes_is_weighed_against_no_only() -> None:
    assert yes_share([("Yes", -0.1), (" no", -3.0), ("maybe", -0.5)]) > 0.9
    assert yes_share([("maybe", -0.1)]) == 0.5


@asynccontextmanager
async def scripted(reply: bytes, status: str = "200 OK") -> AsyncIterator[str]:
    """An HTTP server that gives the same reply to everything."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(reply)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_model_that_ollama_lacks_names_the_command_that_fetches_it() -> None:
    async with scripted(b'{"error": "model not found"}', "404 Not Found") as host:
        with pytest.raises(Misconfigured, match=r"ollama pull qwen9"):
            await OllamaModel.check(host, "qwen9", timeout_s=5.0)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (b'{"error": "out of memory"}', "500 Internal Server Error"),
        (b"<html>not json</html>", "200 OK"),
        (b'{"message": 3}', "200 OK"),
        (b"", "200 OK"),
        (b'{"model":"m","message":{"role":"assistant","content":"' + b"x" * 5_000_000 + b'"},"done":true}', "200 OK"),
    ],
    ids=["error", "html", "wrong shape", "empty", "5 MB"],
)
async def test_a_server_that_talks_nonsense_is_unavailable(reply: bytes, status: str) -> None:
    async with scripted(reply, status) as host:
        model = OllamaModel.connect(host, "m", timeout_s=5.0)
        with pytest.raises(Unavailable):
            await model.write(ask("Say something."), TEXT_SCHEMA, 20)
        await model.close()


async def test_no_server_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await OllamaModel.check("http://127.0.0.1:9", "m", timeout_s=5.0)


async def test_context_schema_and_keep_alive_are_told_to_ollama() -> None:
    asked: list[dict[str, object]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        asked.append(json.loads(await reader.readexactly(length)))
        message = {"role": "assistant", "content": '{"text": "ok"}'}
        body = json.dumps({"model": "m", "message": message, "done": True, "done_reason": "stop"}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        model = OllamaModel.connect(f"http://127.0.0.1:{port}", "m", context_tokens=2048)
        answer = await model.write(ask("Say something."), TEXT_SCHEMA, 20)
        await model.close()
    assert json.loads(answer.text) == {"text": "ok"}
    assert asked[0]["format"] == TEXT_SCHEMA
    assert asked[0]["options"] == {"num_ctx": 2048, "num_predict": 20, "temperature": 0}
    assert asked[0]["keep_alive"] == "15m"
