"""S3 as moto plays it on loopback: signed requests by the engine's own HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.connectors.vendor import Reply, Time

from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Listing, Piece, Writing
from loyalty.errors import TryAgain, VendorRefused

DAY = "in/till1/2026-11-20"


@pytest.fixture(scope="module")
def bucket() -> Iterator[tuple[str, object]]:
    """A bucket of a cafe's, in Ireland, with a file of yesterday's in it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="eu-west-1", aws_access_key_id="key-1",
        aws_secret_access_key="secret-1",
    )  # fmt: skip
    where = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="tills-test", CreateBucketConfiguration=where)
    client.put_object(Bucket="tills-test", Key=f"cafe/{DAY}/sales-01.csv", Body=b"0123456789")
    client.put_object(Bucket="tills-test", Key="cafe/in/till1/2026-11-01/sales-01.csv", Body=b"old")
    client.put_object(Bucket="tills-test", Key="cafe/in/till2/2026-11-20/x.csv", Body=b"else")
    yield url, client
    server.stop()


def settings(url: str, **more: str) -> dict[str, str]:
    return {
        "S3_BUCKET": "tills-test", "S3_ACCESS_KEY_ID": "key-1", "S3_SECRET_ACCESS_KEY": "secret-1",
        "S3_REGION": "eu-west-1", "S3_PREFIX": "cafe/", "S3_ENDPOINT_URL": url, **more,
    }  # fmt: skip


@pytest.fixture
def s3(bucket, http):
    engine = Engine(http, Time(datetime.now(UTC)), settings(bucket[0]))

    def run(verb, argument):
        return engine.run("s3", verb, argument)

    return run


def test_files_of_a_till_are_listed_from_a_day_on(s3):
    [found] = s3("list_files", Listing(prefix="in/till1/", after="in/till1/2026-11-10"))
    assert (found.name, found.size) == (f"{DAY}/sales-01.csv", 10)
    assert found.modified.tzinfo is UTC


PAGE = (
    b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<IsTruncated>%s</IsTruncated><NextContinuationToken>%s</NextContinuationToken><Contents>"
    b"<Key>cafe/in/a%%20b/%s.csv</Key><LastModified>2026-11-21T01:00:03.000Z</LastModified>"
    b'<ETag>"v"</ETag><Size>1</Size></Contents><EncodingType>url</EncodingType></ListBucketResult>'
)


def test_more_files_than_a_page_holds_are_all_listed(vendor, http):
    vendor.say(Reply(200, PAGE % (b"true", b"t2", b"1")), Reply(200, PAGE % (b"false", b"", b"2")))
    engine = Engine(http, Time(datetime.now(UTC)), settings(vendor.url))
    found = engine.run("s3", "list_files", Listing(prefix="in/a b/"))
    assert [each.name for each in found] == ["in/a b/1.csv", "in/a b/2.csv"]
    assert "continuation-token=t2" in vendor.asked[1].path


def test_a_folder_with_nothing_in_it_is_an_empty_list(s3):
    assert s3("list_files", Listing(prefix="in/nobody/")) == ()


def test_a_piece_of_a_file_is_read(s3):
    [found] = s3("list_files", Listing(prefix=f"{DAY}/"))
    piece = Piece(name=found.name, version=found.version, start=3, length=4)
    assert s3("read_file", piece) == b"3456"


def test_a_file_that_changed_or_went_is_read_another_time(s3):
    for name in (f"{DAY}/sales-01.csv", f"{DAY}/gone.csv"):
        with pytest.raises(TryAgain):
            s3("read_file", Piece(name=name, version='"another"', start=0, length=4))


def test_an_answer_is_written_once(s3, bucket):
    name = "out/till1/2026-11-20/sales-01.result.json"
    assert s3("write_file", Writing(name=name, body=b"{}"))
    assert not s3("write_file", Writing(name=name, body=b'{"other":1}'))
    kept = bucket[1].get_object(Bucket="tills-test", Key=f"cafe/{name}")
    assert kept["Body"].read() == b"{}"


def test_another_bucket_is_a_matter_of_settings(bucket, http):
    engine = Engine(http, Time(datetime.now(UTC)), settings(bucket[0], S3_BUCKET="no-such-bucket"))
    with pytest.raises(VendorRefused, match="credentials"):
        engine.run("s3", "list_files", Listing(prefix="in/"))


def test_every_header_that_is_signed_is_sent_and_no_secret_is(vendor, http):
    vendor.say(Reply(206, b"0123"))
    engine = Engine(http, Time(datetime.now(UTC)), settings(vendor.url))
    engine.run("s3", "read_file", Piece(name="a.csv", version='"v"', start=0, length=4))
    vendor.say(Reply(200, b""))
    engine.run("s3", "write_file", Writing(name="out/a.json", body=b"{}"))
    for asked in vendor.asked:
        query = parse_qs(urlsplit(asked.path).query)
        [signed] = query["X-Amz-SignedHeaders"]
        assert set(signed.split(";")) <= set(asked.headers)
        assert "secret-1" not in asked.path + str(asked.headers)
    assert {"if-match", "range"} <= set(vendor.asked[0].headers)
    assert {"if-none-match", "x-amz-checksum-sha256"} <= set(vendor.asked[1].headers)
