# A tick a minute: whatever is due by then. It always says the same; the sweep goes by its clock.
# Jobs whose time the program chooses are not Terraform's: `loyalty schedules apply` keeps them.

resource "google_cloud_scheduler_job" "tick" {
  name        = "sweep"
  description = "Asks for everything that is due."
  region      = var.region
  schedule    = "* * * * *"
  time_zone   = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.this["sweep-requested"].id
    data       = base64encode(trimspace(file("${path.module}/tick.json")))
  }

  depends_on = [google_pubsub_topic_iam_member.scheduler]
}
