from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.connectors.vendor import Time, Vendor, vendor_on_loopback

from loyalty.adapters.http import RequestsHttp


@pytest.fixture(scope="module")
def _loopback() -> Iterator[Vendor]:
    with vendor_on_loopback() as vendor:
        yield vendor


@pytest.fixture
def vendor(_loopback: Vendor) -> Vendor:
    """A vendor that has been asked nothing yet and says 200 `{}` to everything."""
    _loopback.__init__(_loopback.url)  # type: ignore[misc]
    return _loopback


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(scope="session")
def http() -> Iterator[RequestsHttp]:
    http = RequestsHttp()
    yield http
    http.close()
