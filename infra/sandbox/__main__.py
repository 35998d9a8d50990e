"""Runs the sandbox alone: `python -m infra.sandbox --port 8090`."""

import argparse
import secrets
from threading import Event

from infra.sandbox.server import Sandbox


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.sandbox",
        description="Plays Square, Twilio, SendGrid, Slack and the wallets of Google and Apple on "
        "this machine, strictly, and shows what guests got.",
    )
    parser.add_argument("--port", type=int, default=8090, help="port on 127.0.0.1 (8090)")
    parser.add_argument("--square-url", help="where Square's webhooks go, as registered")
    parser.add_argument("--twilio-url", help="where a guest's texts go, as registered")
    parser.add_argument("--sendgrid-url", help="where mail events go, as registered")
    parser.add_argument(
        "--route",
        action="append",
        default=[],
        metavar="PUBLIC=LOCAL",
        help="send webhooks for a public address to a loopback one; may be given several times",
    )
    parser.add_argument("--seed", default=None, help="make all ids the same again for this seed")
    return parser.parse_args()


def main() -> None:
    """Serve until interrupted."""
    asked = arguments()
    sandbox = Sandbox(port=asked.port, seed=asked.seed or secrets.token_hex(8))
    sandbox.square.notification_url = asked.square_url
    sandbox.twilio.inbound_url = asked.twilio_url
    sandbox.sendgrid.event_url = asked.sendgrid_url
    sandbox.routes.update(route.split("=", 1) for route in asked.route)
    with sandbox:
        print(f"The sandbox answers at {sandbox.url} - stop it with Ctrl-C.", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
