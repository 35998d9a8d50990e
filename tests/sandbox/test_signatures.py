"""The sandbox signs as the vendors publish it: worked examples and the vendors' own checkers."""

from infra.sandbox import signatures
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator


def test_square_signs_the_published_example_alike():
    body = (
        b'{"merchant_id":"MTEST0000001","type":"payment.updated",'
        b'"event_id":"3f1d6c52-8a5e-4b0e-9a34-1d2f7c9b0001",'
        b'"created_at":"2026-11-20T09:15:31.482913Z","data":{"type":"payment","id":"PAYTEST0001",'
        b'"object":{"payment":{"id":"PAYTEST0001","status":"COMPLETED","order_id":"ORDTEST0001",'
        b'"location_id":"LTEST01","amount_money":{"amount":1250,"currency":"EUR"}}}}}'
    )
    url = "https://hooks.example.test/v1/in/square/m_1001"

    signed = signatures.square("sq-test-signature-key-0001", url, body)

    assert signed == "LyT29BiH21BoB+dRW/NnnhGuLzPqWqOrsSaQefjE5es="
    assert signatures.square("sq-test-signature-key-0001", url + "/", body) != signed


def test_twilio_signs_the_published_example_alike_and_its_own_validator_agrees():
    token = "0123456789abcdef0123456789abcdef"
    url = "https://loyalty.example.com/twilio/status?tenant=t1&rule=r9"
    form = {
        "MessageSid": "SM00000000000000000000000000000001",
        "MessageStatus": "undelivered",
        "ErrorCode": "30005",
        "To": "+15005550001",
        "From": "+15005550006",
        "AccountSid": "AC00000000000000000000000000000001",
        "Body": "",
    }

    assert signatures.twilio(token, url, form) == "VhId0TCT5FenFykSTbNZs1w/gvQ="
    assert RequestValidator(token).validate(url, form, signatures.twilio(token, url, form))
    assert signatures.twilio(token, url + "#rc=3", form) == signatures.twilio(token, url, form)


def test_sendgrid_signs_so_that_its_own_checker_agrees_and_only_with_the_last_line_end():
    seed = "loyalty-sendgrid-test-key"
    body = '[{"email":"pat@example.com","event":"delivered"}]\r\n'
    checker = EventWebhook(signatures.sendgrid_public_key(seed))

    signed = signatures.sendgrid(seed, "1760000001", body.encode())

    assert signatures.sendgrid_public_key(seed) == (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcPxSfy01xMIjGyUo52zp85Q4nb+7QUm+FT22R6OijKyhfgcL8p6w"
        "BrmQVUZfQv/VEcXcFxnU/Kb8BnccfwC1zQ=="
    )
    assert checker.verify_signature(body, signed, "1760000001")
    assert not checker.verify_signature(body.rstrip(), signed, "1760000001")
