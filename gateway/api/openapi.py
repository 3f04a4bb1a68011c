"""The OpenAPI document, and a page that lists it without any script."""

import html
from typing import Any

from litestar import Request, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin

TITLE = "Rapporteur"
METHODS = ("get", "post", "put", "patch", "delete")


class ListPlugin(OpenAPIRenderPlugin):
    """A plain list of the operations."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        rows = [
            f"<tr><td>{method.upper()}</td><td><code>{html.escape(path)}</code></td>"
            f"<td>{html.escape(item[method].get('summary') or '')}</td></tr>"
            for path, item in openapi_schema["paths"].items()
            for method in METHODS
            if method in item
        ]
        return (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{TITLE}: HTTP API</title>"
            '<link rel=stylesheet href="/app.css"><main><h1>HTTP API</h1>'
            '<p>As a document: <a href="/schema/openapi.json">JSON</a>, <a href="/schema/openapi.yml">YAML</a>.</p>'
            f"<table><tbody>{''.join(rows)}</tbody></table></main></html>"
        ).encode()


def config(version: str) -> OpenAPIConfig:
    """The document at ``/schema``; anyone may read it."""
    return OpenAPIConfig(
        title=TITLE,
        version=version,
        description="Errors are RFC 9457 problem documents. The sockets are described in docs/asyncapi.json.",
        use_handler_docstrings=True,
        path="/schema",
        openapi_router=Router("/schema", route_handlers=[], opt={"access": "public"}),
        render_plugins=(
            ListPlugin(path="/"),
            JsonRenderPlugin(path="/openapi.json"),
            YamlRenderPlugin(path=("/openapi.yaml", "/openapi.yml")),
        ),
    )
