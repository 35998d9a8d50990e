# One account for each function, with the rights that docs/security-iam.md lists and no other.

locals {
  # Written out, so that a plan shows them; the account has to exist before its name is used.
  emails = {
    for name, account in merge(google_service_account.function, {
      push  = google_service_account.push
      build = google_service_account.build
    }) : name => "${account.account_id}@${var.project}.iam.gserviceaccount.com"
  }
  members = { for name, email in local.emails : name => "serviceAccount:${email}" }

  roles = { read = "roles/datastore.viewer", write = "roles/datastore.user" }
  access = merge([
    for name, function in local.functions : {
      for database, access in { ledger = function.ledger, people = function.people } :
      "${name} ${database}" => { function = name, database = database, role = local.roles[access] }
      if access != ""
    }
  ]...)

  publishing = merge([
    for name, function in local.functions : {
      for topic in function.publishes : "${name} ${topic}" => { function = name, topic = topic }
    }
  ]...)

  reading = merge([
    for name, secrets in local.secrets_of : {
      for secret in secrets : "${name} ${secret}" => { function = name, secret = secret }
    }
  ]...)
}

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = each.value.service
  display_name = each.value.about

  depends_on = [google_project_service.this]
}

resource "google_service_account" "push" {
  account_id   = "event-push"
  display_name = "Brings events to the functions that hear them."

  depends_on = [google_project_service.this]
}

resource "google_service_account" "build" {
  account_id   = "image-build"
  display_name = "Builds the functions' images."

  depends_on = [google_project_service.this]
}

# -- what functions may do --------------------------------------------------------------------

resource "google_project_iam_member" "database" {
  for_each = local.access

  project = var.project
  role    = each.value.role
  member  = local.members[each.value.function]

  condition {
    title      = "only ${each.value.database}"
    expression = "resource.name == \"projects/${var.project}/databases/${each.value.database}\""
  }
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishing

  topic  = google_pubsub_topic.this[each.value.topic].name
  role   = "roles/pubsub.publisher"
  member = local.members[each.value.function]
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = local.reading

  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members[each.value.function]
}

# -- who may call them ------------------------------------------------------------------------

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = { for name, function in local.functions : name => function if function.trigger != "http" }

  name     = google_cloudfunctions2_function.this[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = local.members["push"]
}

resource "google_cloud_run_v2_service_iam_member" "public" {
  for_each = var.public_access == "all_users" ? local.public : {}

  name     = google_cloudfunctions2_function.this[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# -- Google's own agents ----------------------------------------------------------------------

resource "google_pubsub_topic_iam_member" "dead_letters" {
  for_each = local.subscriptions

  topic  = google_pubsub_topic.dead[each.key].name
  role   = "roles/pubsub.publisher"
  member = local.agents.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each = local.subscriptions

  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.agents.pubsub
}

resource "google_pubsub_topic_iam_member" "scheduler" {
  topic  = google_pubsub_topic.this["sweep-requested"].name
  role   = "roles/pubsub.publisher"
  member = local.agents.scheduler
}

# -- building ---------------------------------------------------------------------------------

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = local.members["build"]
}

resource "google_project_iam_member" "build_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = local.members["build"]

  condition {
    title       = "only copies of sources"
    description = "Cloud Functions builds from a bucket of its own that it makes by this name."
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}\")"
  }
}

resource "google_storage_bucket_iam_member" "build_sources" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = local.members["build"]
}

resource "google_artifact_registry_repository_iam_member" "build_images" {
  repository = google_artifact_registry_repository.images.repository_id
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = local.members["build"]
}
