"""`junmai serve`: the page, REST and WebSocket, and a runner for every batch."""

from __future__ import annotations

import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from junmai import config
from junmai.cli.opening import chosen, opened
from junmai.cli.render import complaints
from junmai.control.serving import Serving

EXIT_DONE = 0


def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen; none: 127.0.0.1, this machine alone.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port; none: 5100.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Worker processes; none: what cores and free memory allow.")
    ] = None,
    no_runner: Annotated[bool, typer.Option("--no-runner", help="Develop nothing here: other processes do.")] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(help="The file with the token, asked for on this machine too; none: `token` in the data folder."),
    ] = None,
    new_token: Annotated[bool, typer.Option("--new-token", help="Write a new token to that file, and end.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> int:
    """Serve the page and the REST interface, and develop every batch."""
    if new_token:
        return _new_token(token_file)
    from junmai.api.server import ServeOptions
    from junmai.api.server import serve as run_server

    def ready(address: str, serving: Serving | None) -> None:
        print(f"Open {address} in a browser. Ctrl-C ends the server.", flush=True)
        for batch_id in serving.interrupted if serving else ():
            complaints.print(f"{batch_id} was interrupted and is paused; resume it on the page, or by `junmai resume`.")
        if open_page:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with opened("serve") as controller:
        run_server(controller, ServeOptions(host, port, workers, not no_runner, token_file), ready=ready)
    return EXIT_DONE


def _new_token(token_file: Path | None) -> int:
    from junmai.api import security

    settings = config.load(chosen())
    path = token_file or settings.token_file or settings.data / "token"
    security.make_token(path)
    print(f"A new token is in {path}; you alone may read it.")
    return EXIT_DONE
