# Sources by content hash, images with a clean-up, and one function for each in the wiring.

locals {
  packages = try(
    jsondecode(file("${var.packages}/packages.json")),
    { runtime = "", zips = {} },
  )
}

resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62: only the build reads it and it holds no data; access logs would need a second bucket
  name                        = "${var.project}-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # git can make again all that it holds

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_storage_bucket_object" "source" {
  for_each = local.functions

  bucket = google_storage_bucket.source.name
  name   = lookup(local.packages.zips, each.key, each.key)
  source = "${var.packages}/${lookup(local.packages.zips, each.key, each.key)}"

  lifecycle {
    precondition {
      condition     = contains(keys(local.packages.zips), each.key)
      error_message = "packages.json has no zip of ${each.key}. Run `make package` again."
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84: Google's own encryption is enough for images that hold no data
  repository_id = "functions"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the functions."

  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }

  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_cloudfunctions2_function" "this" {
  for_each = local.functions

  name        = each.value.service
  location    = var.region
  description = each.value.about

  build_config {
    runtime           = local.packages.runtime # the zips hold bytecode of this Python
    entry_point       = "main"
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = local.emails[each.key]
    available_memory                 = each.value.memory
    available_cpu                    = each.value.cpu
    timeout_seconds                  = each.value.timeout
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = each.value.max_instances
    ingress_settings                 = each.value.trigger == "http" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true

    environment_variables = merge(
      {
        LOYALTY_STORE = "firestore:${var.project}"
        LOYALTY_BUS   = "pubsub:${var.project}"
        LOYALTY_LOG   = var.log_level
        THREADS       = tostring(each.value.concurrency)
      },
      each.value.trigger == "http" ? {} : {
        LOYALTY_PUSH_ACCOUNT  = local.emails["push"]
        LOYALTY_PUSH_AUDIENCE = local.urls[each.key]
      },
      each.key == "notification_dispatch" ? { LOYALTY_TEST_NUMBERS = join(",", var.test_numbers) } : {},
      local.plain_of[each.key],
    )

    dynamic "secret_environment_variables" {
      for_each = local.mounted_in[each.key]
      content {
        key        = secret_environment_variables.key
        project_id = var.project
        secret     = google_secret_manager_secret.this[secret_environment_variables.value.secret].secret_id
        version    = secret_environment_variables.value.version
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.missing) == 0
      error_message = "connectors must give ${join(", ", local.missing)}: see docs/connectors.md."
    }
    precondition {
      condition     = each.value.trigger == "http" || each.value.timeout <= 600
      error_message = "A push waits 600 seconds at most: ${each.key} may not take longer."
    }
  }

  # An instance that starts without its rights would fail at its first call.
  depends_on = [
    google_project_iam_member.database,
    google_pubsub_topic_iam_member.publisher,
    google_secret_manager_secret_iam_member.accessor,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_sources,
    google_artifact_registry_repository_iam_member.build_images,
    google_storage_bucket_iam_member.build_sources,
  ]
}
