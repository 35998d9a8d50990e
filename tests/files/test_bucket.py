"""The nightly run over a bucket: the same acts as over a folder, by signed calls to S3."""

from __future__ import annotations

import json

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.files.desk import DAY, PROGRAM, SITA, desk, manifest, table


@pytest.fixture
def bucket():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="key-1",
        aws_secret_access_key="secret-1",
    )  # fmt: skip
    client.create_bucket(Bucket="tills-by-night")
    yield url, client
    server.stop()


def test_a_file_in_a_bucket_is_read_once_and_answered_beside_it(tmp_path, bucket):
    url, client = bucket
    given = {
        "S3_BUCKET": "tills-by-night", "S3_REGION": "us-east-1", "S3_ENDPOINT_URL": url,
        "S3_ACCESS_KEY_ID": "key-1", "S3_SECRET_ACCESS_KEY": "secret-1",
    }  # fmt: skip
    body = table({"receipt_no": "A-1"}, {"receipt_no": "A-2", "line_total": "12,505"})
    for name, content in (
        ("sales-01.csv", body),
        ("sales-01.manifest.json", manifest("sales-01.csv", body, 2)),
    ):
        client.put_object(Bucket="tills-by-night", Key=f"in/main/{DAY}/{name}", Body=content)
    with desk(tmp_path, PROGRAM.replace("via: folder", "via: s3"), environment=given) as cafe:
        member = cafe.join(phone=SITA)
        cafe.due()
        before = cafe.dump()
        cafe.due()
        assert cafe.dump() == before
        assert cafe.booked(member) == [("sale", 2, 2400)]
    key = f"out/main/{DAY}/sales-01.result.json"
    told = json.loads(client.get_object(Bucket="tills-by-night", Key=key)["Body"].read())
    assert (told["accepted"], [each["row"] for each in told["rejected"]]) == (1, [3])
