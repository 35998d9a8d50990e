"""What went wrong, sorted by what to do next: try again, put aside, or answer the caller."""

from __future__ import annotations


class TryAgain(Exception):  # noqa: N818 - the name is the instruction
    """Nothing is decided yet: answer 5xx (or nack) and let the sender come back.

    `after` is the number of seconds to wait, where a vendor named one.
    """

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class Unreadable(TryAgain):
    """A document is in a form that only other code knows, newer or older than this."""


class Rejected(Exception):  # noqa: N818 - the name is the outcome
    """Will never succeed as it is: keep it in quarantine with the reason, then acknowledge.

    `code` is a short kebab-case word for machines; `why` never holds personal data.
    """

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """A clear answer to an HTTP caller, in the form of RFC 9457. Never echoes a value.

    `errors` are `(path, code)` pairs that point into the caller's body, with a sentence as third
    where the code's own is not enough; `allow` are the methods that a 405 names.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        errors: tuple[tuple[str, ...], ...] = (),
        allow: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.errors = errors
        self.allow = allow


class AlreadyExists(Exception):  # noqa: N818 - says what the store found
    """A unit tried to create a document that is there: the act happened before."""


class VendorRefused(Exception):  # noqa: N818 - says what the vendor did
    """A vendor said no for good. `word` is one of ours (see `connectors.spec.WORDS`)."""

    def __init__(self, word: str, code: str = "") -> None:
        super().__init__(f"{word} ({code})" if code else word)
        self.word = word
        self.code = code


class InDoubt(Exception):  # noqa: N818 - the outcome is a doubt
    """The vendor may or may not have acted: look it up before doing it again."""
