# What the plan promises, for whichever environment is given: `make terraform-check` gives each.
# The provider is played, so that no account is needed.

mock_provider "google" {
  override_data {
    target          = data.google_project.this
    override_during = plan
    values          = { number = "123456789012" }
  }
}

variables {
  packages = "tests/packages"
}

run "promises" {
  command = plan

  # -- events ---------------------------------------------------------------------------------

  assert {
    condition = alltrue([
      for each in google_pubsub_subscription.push :
      length(each.dead_letter_policy) == 1 && try(each.dead_letter_policy[0].max_delivery_attempts, 0) == 100
    ])
    error_message = "every push has a dead-letter topic, after as many attempts as there may be"
  }
  assert {
    condition = (
      toset(keys(google_pubsub_subscription.dead)) == toset(keys(google_pubsub_subscription.push))
      && alltrue([
        for each in google_pubsub_subscription.dead :
        each.message_retention_duration == "2678400s" && try(each.expiration_policy[0].ttl, "?") == ""
      ])
    )
    error_message = "every dead letter is kept for 31 days, in a subscription that never expires"
  }
  assert {
    condition = alltrue([
      for each in google_pubsub_subscription.push :
      try(each.retry_policy[0].minimum_backoff, "") == "10s" && try(each.retry_policy[0].maximum_backoff, "") == "600s"
    ])
    error_message = "every push is tried again after 10 to 600 seconds"
  }
  assert {
    condition = alltrue([
      for each in google_pubsub_subscription.push : try(each.expiration_policy[0].ttl, "?") == ""
    ])
    error_message = "no push subscription ever expires"
  }
  assert {
    condition = alltrue([
      for name, each in google_pubsub_subscription.push :
      try(each.push_config[0].oidc_token[0].service_account_email, "") == local.emails["push"]
      && try(each.push_config[0].oidc_token[0].audience, "") == local.urls[local.subscriptions[name].function]
    ])
    error_message = "every push carries a token of the push account for the function's own URL"
  }
  assert {
    condition = alltrue([
      for name, each in google_pubsub_subscription.push :
      each.ack_deadline_seconds >= google_cloudfunctions2_function.this[local.subscriptions[name].function].service_config[0].timeout_seconds
      && each.ack_deadline_seconds >= 60 && each.ack_deadline_seconds <= 600
    ])
    error_message = "no push is sent again while its function still works"
  }
  assert {
    condition     = alltrue([for each in google_pubsub_topic.this : each.message_retention_duration == "2678400s"])
    error_message = "every topic keeps its messages for 31 days"
  }
  assert {
    condition = (
      google_cloud_scheduler_job.tick.schedule == "* * * * *"
      && jsondecode(base64decode(google_cloud_scheduler_job.tick.pubsub_target[0].data)).type == "loyalty.sweep-requested"
    )
    error_message = "a sweep is asked for every minute"
  }

  # -- functions ------------------------------------------------------------------------------

  assert {
    condition = toset(keys(google_cloud_run_v2_service_iam_member.public)) == toset(
      var.public_access == "all_users" ? ["console", "member_api", "member_page", "message_feedback", "transaction_ingest"] : []
    )
    error_message = "only the listed functions are open to everybody"
  }
  assert {
    condition = alltrue([
      for name, each in google_cloudfunctions2_function.this :
      each.service_config[0].ingress_settings == (
        contains(["console", "member_api", "member_page", "message_feedback", "transaction_ingest"], name) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
      )
    ])
    error_message = "functions that hear events take no call from outside"
  }
  assert {
    condition = (
      toset(keys(google_cloud_run_v2_service_iam_member.push)) == toset(values(local.subscriptions)[*].function)
      && alltrue([for each in google_cloud_run_v2_service_iam_member.push : each.member == local.members["push"]])
    )
    error_message = "only the push account may call the functions that hear events"
  }
  assert {
    condition = alltrue([
      for name, each in google_cloudfunctions2_function.this :
      each.service_config[0].service_account_email == "${google_service_account.function[name].account_id}@${var.project}.iam.gserviceaccount.com"
    ])
    error_message = "every function runs as an account of its own"
  }
  assert {
    condition = alltrue([
      for name, each in google_cloudfunctions2_function.this :
      lookup(each.service_config[0].environment_variables, "LOYALTY_PUSH_AUDIENCE", "none") == (
        local.functions[name].trigger == "http" ? "none" : local.urls[name]
      )
    ])
    error_message = "a function that hears events checks tokens for its own URL"
  }
  assert {
    condition = alltrue([
      for name, each in google_cloudfunctions2_function.this :
      contains(each.service_config[0].secret_environment_variables[*].key, "LOYALTY_PEPPER") == try(local.wiring.functions[name].pepper, false)
    ])
    error_message = "only functions that hash are given the pepper"
  }
  assert {
    condition = alltrue(flatten([
      for each in google_cloudfunctions2_function.this : [
        for secret in each.service_config[0].secret_environment_variables :
        secret.version == lookup(var.secret_versions, "LOYALTY_PEPPER", "1") if secret.key == "LOYALTY_PEPPER"
      ]
    ]))
    error_message = "a new version of the pepper comes into force only when it is named"
  }
  assert {
    condition = alltrue([
      for each in concat(values(google_service_account.function), [google_service_account.push, google_service_account.build]) :
      can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", each.account_id))
    ])
    error_message = "every account has a name that Google takes"
  }
  assert {
    condition = toset([
      for name, each in google_cloudfunctions2_function.this : name
      if length(setsubtract(each.service_config[0].secret_environment_variables[*].key, ["LOYALTY_PEPPER"])) > 0
      ]) == toset([
      for name, vendors in local.vendors_of : name
      if length(try(local.wiring.functions[name].vendors, [])) > 0 && length(vendors) > 0
    ])
    error_message = "only functions that talk with vendors are given their secrets"
  }
  assert {
    condition     = alltrue([for each in google_cloudfunctions2_function.this : each.build_config[0].runtime == "python311"])
    error_message = "every function runs on the Python that its zip was packed with"
  }
  assert {
    condition = (
      google_storage_bucket.source.public_access_prevention == "enforced"
      && google_storage_bucket.source.uniform_bucket_level_access
    )
    error_message = "sources can never be made public"
  }
  assert {
    condition     = google_storage_bucket.source.force_destroy
    error_message = "sources do not keep a deployment from being taken down"
  }
  assert {
    condition     = length(google_artifact_registry_repository.images.cleanup_policies) == 2
    error_message = "old images are deleted, the last are kept"
  }

  # -- documents ------------------------------------------------------------------------------

  assert {
    condition = toset(keys(google_firestore_database.this)) == toset(["ledger", "people"]) && alltrue([
      for each in google_firestore_database.this :
      each.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    ])
    error_message = "both databases can be set back to any minute of the last 7 days"
  }
  assert {
    condition = var.environment != "prod" || alltrue([
      for each in google_firestore_database.this : each.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    ])
    error_message = "in production no database can be deleted"
  }
  assert {
    condition = var.environment != "prod" || alltrue([
      for each in google_secret_manager_secret.this : each.deletion_protection
    ])
    error_message = "in production no secret can be deleted"
  }
  assert {
    condition = toset(keys(google_firestore_backup_schedule.daily)) == toset(["ledger", "people"]) && alltrue([
      for each in google_firestore_backup_schedule.daily : length(each.daily_recurrence) == 1
    ])
    error_message = "both databases are backed up every day"
  }
  assert {
    condition = toset(keys(google_firestore_field.expires_at)) == toset(["askings", "claims", "deliveries", "file_receipts", "files", "journeys", "links", "quarantine", "referred", "sessions", "shifts", "sign_ins", "tries", "undoable"]) && alltrue([
      for each in google_firestore_field.expires_at : length(each.ttl_config) == 1
    ])
    error_message = "what is kept for a while only is cleaned up"
  }
  assert {
    condition = toset(keys(google_firestore_field.body)) == toset(keys(local.collections)) && alltrue([
      for each in google_firestore_field.body : length(each.index_config) == 1 && length(try(each.index_config[0].indexes, [])) == 0
    ])
    error_message = "the body of a document is in no index"
  }
  assert {
    condition     = length(google_firestore_index.composite) == sum([for each in local.collections : length(each.composites)])
    error_message = "every index that a query needs is made"
  }
  assert {
    condition = alltrue([
      for each in google_project_iam_member.database : length(each.condition) == 1
    ])
    error_message = "no right reaches more than one database"
  }

  # -- people who are told --------------------------------------------------------------------

  assert {
    condition = alltrue([
      for each in google_monitoring_alert_policy.alarm : length(coalesce(each.notification_channels, [])) == length(var.alert_emails)
    ])
    error_message = "every alarm is mailed to everybody who asked"
  }
  assert {
    condition = length(google_monitoring_alert_policy.silence) == (var.silence_hours > 0 ? 1 : 0) && alltrue([
      for each in google_monitoring_alert_policy.silence :
      contains(each.conditions[0].condition_absent[0].aggregations[0].group_by_fields, "metric.labels.store")
    ])
    error_message = "a silent till is told by its store"
  }
  assert {
    condition = !coalesce(google_logging_project_exclusion.lookups.disabled, false) && alltrue([
      for part in ["member-api", "run.googleapis.com/requests", "requestUrl:\"?\""] :
      strcontains(google_logging_project_exclusion.lookups.filter, part)
    ])
    error_message = "no address that names a guest stays in the log"
  }
  assert {
    condition = !coalesce(google_logging_project_exclusion.links.disabled, false) && alltrue([
      for part in ["member-page", "run.googleapis.com/requests", "/m/"] :
      strcontains(google_logging_project_exclusion.links.filter, part)
    ])
    error_message = "no link that signs a guest in stays in the log"
  }
  assert {
    condition     = length(google_billing_budget.month) == (var.billing_account == "" ? 0 : 1)
    error_message = "whoever gives a billing account has a budget"
  }
}
