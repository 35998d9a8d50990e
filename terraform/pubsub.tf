# One topic for each kind of event; for each function that hears one a push, and a place for what
# never succeeds.

locals {
  month = "2678400s" # 31 days, the longest there is
}

resource "google_pubsub_topic" "this" {
  #checkov:skip=CKV_GCP_83: events hold no phone, e-mail or name; Google's own encryption is enough
  for_each = local.topics

  name                       = each.key
  message_retention_duration = local.month

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic" "dead" {
  #checkov:skip=CKV_GCP_83: as above
  for_each = local.subscriptions

  name                       = "${each.key}.dead"
  message_retention_duration = local.month

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.this]
}

resource "google_pubsub_subscription" "push" {
  for_each = local.subscriptions

  name                       = each.key
  topic                      = google_pubsub_topic.this[each.value.topic].id
  ack_deadline_seconds       = min(600, max(60, local.functions[each.value.function].timeout))
  message_retention_duration = local.month

  push_config {
    push_endpoint = local.urls[each.value.function]
    oidc_token {
      service_account_email = local.emails["push"]
      audience              = local.urls[each.value.function]
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  # As many as there may be, about 15.7 hours at the waits above: a vendor's bad night, or an
  # instance limit, must not end among the dead.
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = 100
  }

  expiration_policy {
    ttl = "" # never
  }

  depends_on = [
    google_pubsub_topic_iam_member.dead_letters,
    google_cloud_run_v2_service_iam_member.push,
  ]
}

resource "google_pubsub_subscription" "dead" {
  for_each = local.subscriptions

  name                       = "${each.key}.dead"
  topic                      = google_pubsub_topic.dead[each.key].id
  ack_deadline_seconds       = 60
  message_retention_duration = local.month

  expiration_policy {
    ttl = "" # never
  }
}
