# Vendors' settings, and one secret for each that is secret. Values are put in outside Terraform,
# so that no state ever holds one.

locals {
  known = jsondecode(file("${path.module}/connectors.json"))

  # Every setting of every vendor in use, by its variable; once more for each further account.
  settings = merge(flatten([
    for name, given in var.connectors : [
      for account in concat([""], given.accounts) : {
        for setting, kind in try(local.known[name].settings, {}) :
        upper(join("__", compact(["${name}_${setting}", account]))) => merge(kind, {
          connector = name
          given     = try(given.settings[join("__", compact([setting, account]))], null)
          mounted   = kind.secret && (kind.required || contains(given.secrets, join("__", compact([setting, account]))))
          address   = kind.address_of == "" ? null : join("/", compact([local.urls[kind.address_of], name, account]))
        })
      }
    ]
  ])...)

  plain = {
    for name, setting in local.settings : name => try(coalesce(setting.given, setting.address), null)
    if !setting.secret
  }
  missing = sort([for name, value in local.plain : name if value == null && local.settings[name].required])

  secrets = toset(concat(["LOYALTY_PEPPER"], [for name, setting in local.settings : name if setting.secret]))

  vendors_of = {
    for function, each in local.functions : function => [
      for name in keys(var.connectors) : name
      if length(setintersection(each.vendors, try(local.known[name].operations, []))) > 0
    ]
  }
  # A setting that only some operations may have goes to the functions with one of those.
  serving = {
    for function, vendors in local.vendors_of : function => [
      for name, setting in local.settings : name
      if contains(vendors, setting.connector) && (
        length(setting.only) == 0 || length(setintersection(setting.only, local.functions[function].vendors)) > 0
      )
    ]
  }
  plain_of = {
    for function, vendors in local.vendors_of : function => {
      for name, value in local.plain : name => value
      if value != null && contains(local.serving[function], name)
    }
  }
  secrets_of = {
    for function, vendors in local.vendors_of : function => concat(
      local.functions[function].pepper ? ["LOYALTY_PEPPER"] : [],
      [for name in local.serving[function] : name if local.settings[name].mounted],
    )
  }
  # Every hash is made with the first pepper: a newer version must never come into force by itself.
  versions = merge({ LOYALTY_PEPPER = "1" }, var.secret_versions)

  # While a secret is rotated, the version before it is mounted too, with _PREVIOUS at its end.
  mounted_in = {
    for function, names in local.secrets_of : function => merge(
      { for name in names : name => { secret = name, version = lookup(local.versions, name, "latest") } },
      {
        for name in names : "${name}_PREVIOUS" => { secret = name, version = var.previous_versions[name] }
        if contains(keys(var.previous_versions), name)
      },
    )
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  secret_id           = each.key
  version_destroy_ttl = "604800s" # a version destroyed by mistake can be had back for 7 days
  deletion_protection = var.delete_protection

  replication {
    dynamic "auto" {
      for_each = length(var.secret_locations) == 0 ? [true] : []
      content {}
    }
    dynamic "user_managed" {
      for_each = length(var.secret_locations) == 0 ? [] : [true]
      content {
        dynamic "replicas" {
          for_each = var.secret_locations
          content {
            location = replicas.value
          }
        }
      }
    }
  }

  depends_on = [google_project_service.this]
}
