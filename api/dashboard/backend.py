"""Dash on our FastAPI application. Three things of its FastAPI backend would harm the API it shares the house with:

- it adds a route for every path there is, so that an unknown API path would answer 200 with a web page;
- it runs callbacks on the event loop, so that one slow query would stop every other request;
- it opens a web socket for callbacks, which we do not use and would have to guard.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from anyio import to_thread
from dash import Dash
from dash.backends._fastapi import FastAPIDashServer, reset_current_request, set_current_request
from fastapi import Request, Response

from api.dashboard.pages import PATHS


def _policy(dash_app: Dash) -> str:
    """What the page may load: our own files, and of inline scripts those that Dash itself wrote (by their hashes).

    Inline styles stay allowed: Dash, Mantine and Plotly set them on every element.
    """
    ours = " ".join(dash_app.csp_hashes())
    return (
        f"default-src 'self'; script-src 'self' {ours}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


class Backend(FastAPIDashServer):
    """Pages at the paths of `pages.py` and nowhere else; callbacks in threads."""

    websocket_capability = False

    def setup_index(self, dash_app: Dash) -> None:
        """Each page answers with the shell; the script in it shows the right one."""

        async def index(request: Request) -> Response:
            token = set_current_request(request)  # type: ignore[no-untyped-call]
            try:
                dash_app._setup_server()  # type: ignore[no-untyped-call]
                page = dash_app.index()  # type: ignore[no-untyped-call]
                return Response(
                    page, media_type="text/html", headers={"Content-Security-Policy": _policy(dash_app)}
                )
            finally:
                reset_current_request(token)  # type: ignore[no-untyped-call]

        for path in PATHS:
            self.server.add_api_route(path, index, methods=["GET"], include_in_schema=False)

    def _setup_catchall(self) -> None:
        """No page for unknown paths: they are the API's 404."""

    def serve_callback(self, dash_app: Dash) -> Callable[[Request], Awaitable[Any]]:
        """As Dash does it, in a thread."""

        async def dispatch(request: Request) -> Any:
            body = self.request_adapter().get_json()  # type: ignore[no-untyped-call]
            context = dash_app._initialize_context(body)
            function = dash_app._prepare_callback(context, body)
            values = dash_app._inputs_to_vals(context.inputs_list + context.states_list)  # type: ignore[no-untyped-call]
            call = dash_app._execute_callback(function, values, context.outputs_list, context)  # type: ignore[no-untyped-call]
            return context.dash_response.set_response(data=await to_thread.run_sync(call))

        return dispatch
