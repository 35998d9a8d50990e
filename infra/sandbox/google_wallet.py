"""Google Wallet: lends tokens, keeps the issuer's cards strictly, and puts them on phones."""

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as Redirect

from infra.sandbox import google_links, google_shapes, signatures
from infra.sandbox.cards import Card
from infra.sandbox.google_tokens import GRANT, BadTokenError, Tokens, read
from infra.sandbox.hosts import on_host
from infra.sandbox.premises import Premises

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}
KINDS = ("loyaltyClass", "loyaltyObject")


class WalletRefusalError(Exception):
    """Google's answer to a request it will not carry out."""

    def __init__(self, status: int, reason: str, words: str) -> None:
        super().__init__(words)
        self.status, self.reason = status, reason


class GoogleWallet:
    """One issuer's classes and objects, and the phones that hold them.

    With `invited` false the service account is no user of the issuer, as it is forgotten most.
    """

    def __init__(self, premises: Premises) -> None:
        secrets = premises.secrets
        self._premises = premises
        self._tokens = Tokens(secrets.google_wallet_email, SCOPE, premises.clock, premises.ids)
        self.invited = True
        self.kept: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self._changed: dict[str, datetime] = {}

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the addresses of the API, of the token endpoint, and of links."""
        pages = Blueprint("google_wallet", __name__, url_prefix="/google_wallet")
        pages.post("/token")(on_host(cls._token))
        pages.get(f"{google_links.SAVE}<token>")(on_host(cls._save))
        kind = f"/walletobjects/v1/<any({','.join(KINDS)}):kind>"
        pages.post(kind)(on_host(cls._insert))
        pages.get(f"{kind}/<name>")(on_host(cls._get))
        pages.patch(f"{kind}/<name>")(on_host(cls._patch))
        pages.route("/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])(_nowhere)
        pages.register_error_handler(WalletRefusalError, _refused)
        return pages

    def open_class(self, suffix: str) -> None:
        """Make the kind of card that all guests have, as an owner does in Google's console."""
        name = f"{self._premises.secrets.google_wallet_issuer_id}.{suffix}"
        kind = {"id": name, "programName": "Regulars Club", "hexBackgroundColor": "#3c281e"}
        self.kept["loyaltyClass"][name] = {**kind, "reviewStatus": "APPROVED"}

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 429, with Retry-After only if asked."""
        answer = _refused(WalletRefusalError(429, "rateLimitExceeded", "Quota exceeded."))
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def broken(self) -> Response:
        """Answer 500."""
        return _refused(WalletRefusalError(500, "backendError", "Internal error encountered."))

    def clear(self) -> None:
        """Forget every card and token; classes stay."""
        self.kept["loyaltyObject"].clear()
        self._tokens.clear()
        self.invited = True

    def cards(self) -> list[Card]:
        """Return the cards that are on a phone, as they look now; others are put away."""
        with self._premises.lock:
            kept = self.kept["loyaltyObject"].values()
            return [
                self._card(each) for each in kept if each["hasUsers"] and each["state"] == "ACTIVE"
            ]

    def _card(self, held: dict[str, Any]) -> Card:
        kind = self.kept["loyaltyClass"][held["classId"]]
        points = held.get("loyaltyPoints", {"balance": {}})
        shown = [(points.get("label", ""), str(n)) for n in points["balance"].values()]
        texts = [(text["header"], text["body"]) for text in held.get("textModulesData", [])]
        return Card(
            "google_wallet",
            held["id"],
            kind["programName"],
            held.get("barcode", {}).get("value", ""),
            shown + texts,
            kind.get("hexBackgroundColor", ""),
            self._changed[held["id"]],
            held.get("accountName", ""),
        )

    def _token(self) -> tuple[Response, int]:
        """Answer in the words of OAuth, which are not the API's."""
        form = request.form.to_dict()
        if request.mimetype != "application/x-www-form-urlencoded" or not form.get("grant_type"):
            return jsonify(error="invalid_request", error_description="Bad Request"), 400
        if form["grant_type"] != GRANT:
            words = f"Invalid grant_type: {form['grant_type']}"
            return jsonify(error="unsupported_grant_type", error_description=words), 400
        try:
            claims = read(form.get("assertion", ""), signatures.rsa_key().public_key())
            return jsonify(self._tokens.lend(claims)), 200
        except BadTokenError as wrong:
            return jsonify(error="invalid_grant", error_description=str(wrong)), 400

    def _insert(self, kind: str) -> Response:
        resource = self._checked(kind, whole=True)
        name = resource["id"]
        if name in self.kept[kind]:
            raise WalletRefusalError(409, "existingResource", f"{name} already exists.")
        if kind == "loyaltyObject" and resource["classId"] not in self.kept["loyaltyClass"]:
            raise WalletRefusalError(404, "classNotFound", "The class was not found.")
        return self._keep(kind, {**resource, **({"hasUsers": False} if kind == KINDS[1] else {})})

    def _get(self, kind: str, name: str) -> Response:
        self._check_caller()
        return jsonify(self._known(kind, name))

    def _patch(self, kind: str, name: str) -> Response:
        change = self._checked(kind, whole=False)
        known = self._known(kind, name)
        if change.get("id", name) != name:
            raise WalletRefusalError(400, "invalidResource", "The id cannot be changed.")
        return self._keep(kind, {**known, **change})

    def _keep(self, kind: str, resource: dict[str, Any]) -> Response:
        # what asks for a notice counts once and is not kept
        kept = {name: value for name, value in resource.items() if name != "notifyPreference"}
        self.kept[kind][kept["id"]] = kept
        self._changed[kept["id"]] = self._premises.clock()
        return jsonify({"kind": f"walletobjects#{kind}", **kept})

    def _known(self, kind: str, name: str) -> dict[str, Any]:
        if name not in self.kept[kind]:
            reason = "classNotFound" if kind == "loyaltyClass" else "resourceNotFound"
            raise WalletRefusalError(404, reason, f"{name} was not found.")
        return self.kept[kind][name]

    def _checked(self, kind: str, *, whole: bool) -> dict[str, Any]:
        self._check_caller()
        resource: dict[str, Any] = _json_body()
        if found := list(google_shapes.problems(kind, resource, whole=whole)):
            words = "; ".join(f"{each.path}: {each.words}" for each in found)
            raise WalletRefusalError(400, "invalidResource", words)
        issuer = f"{self._premises.secrets.google_wallet_issuer_id}."
        if not resource.get("id", issuer).startswith(issuer):
            raise WalletRefusalError(403, "permissionDenied", "Permission denied.")
        return resource

    def _check_caller(self) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        state = self._tokens.state(token) if kind == "Bearer" else "unknown"
        if state == "unknown":
            words = "Request had invalid authentication credentials."
            raise WalletRefusalError(401, "authError", words)
        if state == "scope":
            words = "Request had insufficient authentication scopes."
            raise WalletRefusalError(403, "insufficientPermissions", words)
        if not self.invited:
            raise WalletRefusalError(403, "permissionDenied", "Permission denied.")

    def _save(self, token: str) -> Redirect:
        """Put a card on the phone of whoever opens the link and taps its one button."""
        email, now = self._premises.secrets.google_wallet_email, self._premises.clock()
        try:
            claims = read(token, signatures.rsa_key().public_key())
            google_links.check(token, claims, email, now)
            held = google_links.named(claims, self.kept["loyaltyObject"])
        except BadTokenError as wrong:
            raise WalletRefusalError(400, "invalidLink", str(wrong)) from wrong
        for each in held:
            self.kept["loyaltyObject"][each]["hasUsers"] = True
        return redirect("/cards", 303)


def _json_body() -> Any:
    if request.mimetype != "application/json":
        raise WalletRefusalError(400, "badRequest", "Content-Type should be application/json.")
    try:
        return json.loads(request.get_data(as_text=True))
    except ValueError as wrong:
        raise WalletRefusalError(400, "parseError", "Invalid JSON payload received.") from wrong


def _nowhere(_rest: str) -> Response:
    raise WalletRefusalError(404, "notFound", "Requested entity was not found.")


def _refused(refusal: WalletRefusalError) -> Response:
    detail = {"message": str(refusal), "domain": "walletobjects", "reason": refusal.reason}
    error = {
        "code": refusal.status,
        "message": str(refusal),
        "errors": [detail],
        "status": STATUS[refusal.status],
    }
    answer = jsonify(error=error)
    answer.status_code = refusal.status
    return answer
