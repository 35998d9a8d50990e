# A place to try things: smaller, and it may be deleted. Put your own project and address in.
project     = "regulars-staging"
environment = "staging"
region      = "europe-west1"

delete_protection = false
backup_days       = 1
silence_hours     = 0
alert_emails      = ["team@cafe.example"]

connectors = {
  generic = {}
  square = {
    settings = { base_url = "https://connect.squareupsandbox.com" }
    secrets  = ["webhook_signature_key"]
  }
}
