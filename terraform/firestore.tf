# Two databases, because rights are given by database; what Firestore indexes and deletes.

locals {
  collections = jsondecode(file("${path.module}/collections.json"))

  composites = merge([
    for name, kind in local.collections : {
      for fields in kind.composites :
      "${name}: ${join(", ", [for each in fields : "${each.field} ${each.kept}"])}" => {
        database   = kind.database
        collection = name
        fields     = fields
      }
    }
  ]...)
}

resource "google_firestore_database" "this" {
  for_each = toset(["ledger", "people"])

  name                              = each.key
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.delete_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.delete_protection ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.this]
}

resource "google_firestore_backup_schedule" "daily" {
  for_each = google_firestore_database.this

  database  = each.value.name
  retention = "${var.backup_days * 86400}s"

  daily_recurrence {}
}

# A document's JSON stands whole in `body`: nobody asks for it.
resource "google_firestore_field" "body" {
  for_each = local.collections

  database   = google_firestore_database.this[each.value.database].name
  collection = each.key
  field      = "body"

  index_config {}
}

resource "google_firestore_field" "expires_at" {
  for_each = { for name, kind in local.collections : name => kind if kind.expires }

  database   = google_firestore_database.this[each.value.database].name
  collection = each.key
  field      = "expires_at"

  ttl_config {}
  index_config {}
}

resource "google_firestore_index" "composite" {
  for_each = local.composites

  database   = google_firestore_database.this[each.value.database].name
  collection = each.value.collection

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.field
      order        = fields.value.kept == "CONTAINS" ? null : fields.value.kept
      array_config = fields.value.kept == "CONTAINS" ? "CONTAINS" : null
    }
  }
}
