# Who is told of what, and one page that shows how it goes.

locals {
  pushes   = join(", ", [for name in sort(keys(local.subscriptions)) : "\"${name}\""])
  deads    = join(", ", [for name in sort(keys(local.subscriptions)) : "\"${name}.dead\""])
  services = join(", ", sort([for function in local.functions : "\"${function.service}\""]))

  of_pushes   = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = one_of(${local.pushes})"
  of_deads    = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = one_of(${local.deads})"
  of_services = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = one_of(${local.services})"

  unacked_age = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND ${local.of_pushes}"
  dead        = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND ${local.of_deads}"
  requests    = "metric.type = \"run.googleapis.com/request_count\" AND ${local.of_services}"
  failures    = "${local.requests} AND metric.labels.response_code_class = \"5xx\""
  latencies   = "metric.type = \"run.googleapis.com/request_latencies\" AND ${local.of_services}"
  facts       = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.facts.name}\" AND resource.type = \"cloud_run_revision\""

  alarms = {
    waiting = {
      title   = "Events wait"
      filter  = local.unacked_age
      aligner = "ALIGN_MAX"
      by      = "resource.labels.subscription_id"
      above   = 600 # seconds
      lasting = "300s"
      advice  = "An event has not been taken for 10 minutes. Look at the errors of the function that hears it. Nothing is lost: it is tried 100 times, for about 15 hours, and then kept among the dead letters."
    }
    dead = {
      title   = "Events were given up"
      filter  = local.dead
      aligner = "ALIGN_MAX"
      by      = "resource.labels.subscription_id"
      above   = 0
      lasting = "0s"
      advice  = "An event failed 100 times and is kept for 31 days. Mend the cause, then `loyalty deadletters replay --all`."
    }
    failing = {
      title   = "A function fails"
      filter  = local.failures
      aligner = "ALIGN_DELTA"
      by      = "resource.labels.service_name"
      above   = 10 # in 5 minutes; a few are normal, for failing is how a step asks to be called again
      lasting = "300s"
      advice  = "Look at the function's log lines with severity ERROR."
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  type         = "email"
  display_name = each.key
  labels       = { email_address = each.key }

  depends_on = [google_project_service.this]
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]
}

resource "google_monitoring_alert_policy" "alarm" {
  for_each = local.alarms

  display_name          = each.value.title
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.lasting
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = [each.value.by]
      }
    }
  }

  documentation {
    content   = each.value.advice
    mime_type = "text/markdown"
  }
}

# -- from what the functions log --------------------------------------------------------------

resource "google_logging_metric" "facts" {
  name        = "facts"
  description = "Calls by which tills told of sales, refunds and voids."
  filter      = "resource.type=\"cloud_run_revision\" AND jsonPayload.function=\"transaction_ingest\" AND jsonPayload.recorded>0"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key = "connector"
    }
    labels {
      key = "store"
    }
  }
  label_extractors = {
    connector = "EXTRACT(jsonPayload.connector)"
    store     = "EXTRACT(jsonPayload.store)"
  }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "silence" {
  count = var.silence_hours > 0 ? 1 : 0

  display_name          = "A till is silent"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "A till is silent"
    condition_absent {
      filter   = local.facts
      duration = "${var.silence_hours * 3600}s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.labels.connector", "metric.labels.store"]
      }
    }
  }

  documentation {
    content   = "No sale of this store came through this connector for ${var.silence_hours} hours. Closed? Else look at the vendor's list of webhook calls, and at our log for `signature refused`."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "credentials" {
  display_name          = "A vendor refuses our credentials"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "A vendor refuses our credentials"
    condition_matched_log {
      filter           = "resource.type=\"cloud_run_revision\" AND severity=ERROR AND jsonPayload.message=\"channel refused our credentials\""
      label_extractors = { connector = "EXTRACT(jsonPayload.connector)" }
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content   = "Messages of this channel wait. Is the account paid, is the key still valid? Put a new version into the secret, name it in secret_versions and deploy: running instances keep the old one. What waits is then sent by itself; what failed 100 times before that is among the dead letters: `loyalty deadletters replay --all`."
    mime_type = "text/markdown"
  }

  depends_on = [google_project_service.this]
}

# -- what is not logged -----------------------------------------------------------------------

# Tills look guests up by phone or e-mail in the query, and Cloud Run logs whole addresses.
resource "google_logging_project_exclusion" "lookups" {
  name        = "lookups"
  description = "Requests that may name a guest's phone or e-mail in their address."
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${local.functions["member_api"].service}\"",
    "log_id(\"run.googleapis.com/requests\")",
    "httpRequest.requestUrl:\"?\"",
  ])

  depends_on = [google_project_service.this]
}

# A link in a message signs its guest in: whoever reads it in a log could use it first.
resource "google_logging_project_exclusion" "links" {
  name        = "links"
  description = "Requests whose address signs a guest in."
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${local.functions["member_page"].service}\"",
    "log_id(\"run.googleapis.com/requests\")",
    "httpRequest.requestUrl:\"/m/\"",
  ])

  depends_on = [google_project_service.this]
}

# -- money ------------------------------------------------------------------------------------

resource "google_billing_budget" "month" {
  count = var.billing_account == "" ? 0 : 1

  billing_account = var.billing_account
  display_name    = "Regulars, ${var.environment}"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }
  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels)))
  }

  depends_on = [google_project_service.this]
}

# -- one page ---------------------------------------------------------------------------------

locals {
  charts = [
    { title = "Facts from tills, by store", filter = local.facts, aligner = "ALIGN_DELTA", by = "metric.labels.store" },
    { title = "Requests, by function", filter = local.requests, aligner = "ALIGN_RATE", by = "resource.labels.service_name" },
    { title = "Failures, by function", filter = local.failures, aligner = "ALIGN_DELTA", by = "resource.labels.service_name" },
    { title = "Slowest of a hundred, in ms", filter = local.latencies, aligner = "ALIGN_PERCENTILE_99", by = "resource.labels.service_name" },
    { title = "Oldest event that waits, in seconds", filter = local.unacked_age, aligner = "ALIGN_MAX", by = "resource.labels.subscription_id" },
    { title = "Events given up", filter = local.dead, aligner = "ALIGN_MAX", by = "resource.labels.subscription_id" },
  ]
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = "Regulars"
    gridLayout = {
      columns = "2"
      widgets = [
        for chart in local.charts : {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = "300s"
                    perSeriesAligner   = chart.aligner
                    crossSeriesReducer = chart.aligner == "ALIGN_PERCENTILE_99" ? "REDUCE_MAX" : "REDUCE_SUM"
                    groupByFields      = [chart.by]
                  }
                }
              }
            }]
          }
        }
      ]
    }
  })

  depends_on = [google_project_service.this]
}
