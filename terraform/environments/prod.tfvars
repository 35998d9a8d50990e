# Put your own project, addresses and vendors' settings in. No secret belongs here.
project     = "regulars-prod"
environment = "prod"
region      = "europe-west1"

alert_emails    = ["owner@cafe.example", "team@cafe.example"]
billing_account = "012345-6789AB-CDEF01"
monthly_budget  = 60

sizes = {
  transaction_ingest = { min_instances = 1 } # a till waits for this one
}

connectors = {
  generic = {}
  square = {
    secrets = ["webhook_signature_key"]
  }
  twilio = {
    settings = {
      account_sid           = "AC00000000000000000000000000000000"
      api_key_sid           = "SK00000000000000000000000000000000"
      messaging_service_sid = "MG00000000000000000000000000000000"
    }
    secrets = ["api_key_secret"]
  }
  sendgrid = {
    settings = { from_email = "hello@cafe.example", from_name = "The cafe" }
  }
  slack = {}
}
