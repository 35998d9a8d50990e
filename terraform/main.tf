# What everything else follows from: the wiring, and the values that several files need.

data "google_project" "this" {
  project_id = var.project
}

locals {
  wiring = yamldecode(file("${path.module}/../infra/topology.yaml"))

  functions = {
    for name, function in local.wiring.functions : name => merge(
      { ledger = "", people = "", min_instances = 0 },
      local.wiring.defaults,
      function,
      { for key, size in try(var.sizes[name], {}) : key => size if size != null },
      { service = replace(name, "_", "-") },
    )
  }

  public = { for name, function in local.functions : name => function if function.trigger == "http" }

  # The names are those of infra/topology.py: `points-posted.milestone-check`, and `….dead`.
  subscriptions = merge([
    for name, function in local.functions : {
      for topic in concat([function.trigger], function.also_hears) : "${topic}.${function.service}" => {
        topic    = topic
        function = name
      }
    } if function.trigger != "http"
  ]...)

  topics = toset(concat(
    flatten([for function in local.functions : function.publishes]),
    [for each in local.subscriptions : each.topic],
  ))

  # Cloud Run's second address of a service can be told before there is a service, so that a
  # function can be given its own.
  urls = {
    for name, function in local.functions :
    name => "https://${function.service}-${data.google_project.this.number}.${var.region}.run.app"
  }

  agents = {
    for name, host in { pubsub = "gcp-sa-pubsub", scheduler = "gcp-sa-cloudscheduler" } :
    name => "serviceAccount:service-${data.google_project.this.number}@${host}.iam.gserviceaccount.com"
  }
}

resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  service            = each.key
  disable_on_destroy = false
}
