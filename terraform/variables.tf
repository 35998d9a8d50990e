# -- where ------------------------------------------------------------------------------------

variable "project" {
  description = "The Google Cloud project. One project holds one brand in one environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is the id of a project: 6 to 30 small letters, digits and hyphens."
  }
}

variable "environment" {
  description = "A label on everything, such as staging or prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,20}$", var.environment))
    error_message = "environment is a short word of small letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where functions, sources, images and documents are. Documents cannot move later."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is one region of Google Cloud, such as europe-west1."
  }
}

# -- functions --------------------------------------------------------------------------------

variable "packages" {
  description = "The folder that `make package` writes, seen from where terraform runs."
  type        = string
  default     = "../build/packages"

  validation {
    condition     = fileexists("${var.packages}/packages.json")
    error_message = "There is no packages.json in this folder. Run `make package` first."
  }
}

variable "sizes" {
  description = "By function, what differs from infra/topology.yaml."
  type = map(object({
    memory        = optional(string)
    cpu           = optional(string)
    timeout       = optional(number)
    concurrency   = optional(number)
    min_instances = optional(number)
    max_instances = optional(number)
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.sizes), keys(local.wiring.functions))) == 0
    error_message = "sizes names a function that infra/topology.yaml does not have."
  }
}

variable "public_access" {
  description = <<-END
    How the public functions are opened to callers without a Google account. They check signatures
    and keys themselves. all_users: their services grant roles/run.invoker to allUsers.
    invoker_check_off: for organizations that forbid such a grant. Terraform then grants nothing, for
    a function has no such switch; the output `open_by_hand` lists the commands that turn the check
    off. Deploying a function again may turn it on again (not confirmed): run them after every
    deployment that changed one.
  END
  type        = string
  default     = "all_users"

  validation {
    condition     = contains(["all_users", "invoker_check_off"], var.public_access)
    error_message = "public_access is all_users or invoker_check_off."
  }
}

variable "test_numbers" {
  description = "Phones and e-mails: if any are listed, only these get messages. For trying out."
  type        = list(string)
  default     = []
}

variable "log_level" {
  description = "debug, info, warning or error. A till's silence is only noticed up to info."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["debug", "info", "warning", "error"], var.log_level)
    error_message = "log_level is debug, info, warning or error."
  }
}

# -- vendors ----------------------------------------------------------------------------------

variable "connectors" {
  description = <<-END
    The vendors in use. Settings and their meaning are in docs/connectors.md, here without the
    vendor's name and in small letters: account_sid is TWILIO_ACCOUNT_SID. Addresses of our own
    webhooks need not be given. `secrets` are secret settings that may be left out and are not.
    `accounts` are further accounts; their settings end in the name, as in account_sid__second.
  END
  type = map(object({
    settings = optional(map(string), {})
    secrets  = optional(set(string), [])
    accounts = optional(list(string), [])
  }))

  validation {
    condition     = length(setsubtract(keys(var.connectors), keys(local.known))) == 0
    error_message = "connectors are ${join(", ", keys(local.known))}."
  }

  validation {
    condition = alltrue(flatten([
      for name, given in var.connectors : [
        for key in concat(keys(given.settings), tolist(given.secrets)) :
        contains(keys(try(local.known[name].settings, {})), split("__", key)[0])
      ]
    ]))
    error_message = "connectors gives a setting that docs/connectors.md does not have."
  }

  validation {
    condition = alltrue(flatten([
      for name, given in var.connectors : [
        for key in keys(given.settings) :
        !try(local.known[name].settings[split("__", key)[0]].secret, false)
      ]
    ]))
    error_message = "A secret is never given here: its value goes into Secret Manager."
  }

  validation {
    condition = alltrue(flatten([
      for given in var.connectors : [
        for account in given.accounts : can(regex("^[a-z0-9][a-z0-9_]{0,39}$", account))
      ]
    ]))
    error_message = "An account's name is small letters, digits and underscores."
  }
}

variable "secret_versions" {
  description = "By secret, the version in force. The pepper is read as 1, others as `latest`, when an instance starts."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.secret_versions), local.secrets)) == 0
    error_message = "secret_versions names a secret that no connector here has."
  }
}

variable "previous_versions" {
  description = "By secret, the version before, while it is being rotated and still counts."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.previous_versions), local.secrets)) == 0
    error_message = "previous_versions names a secret that no connector here has."
  }
}

variable "secret_locations" {
  description = "Regions that hold the secrets; none: Google chooses."
  type        = set(string)
  default     = []
}

# -- data -------------------------------------------------------------------------------------

variable "delete_protection" {
  description = "Whether databases and secrets refuse to be deleted."
  type        = bool
  default     = true
}

variable "backup_days" {
  description = "How long a daily backup of each database is kept."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 98
    error_message = "backup_days is 1 to 98."
  }
}

# -- people who are told ----------------------------------------------------------------------

variable "alert_emails" {
  description = "Who hears of trouble by e-mail."
  type        = set(string)

  validation {
    condition = length(var.alert_emails) > 0 && alltrue([
      for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))
    ])
    error_message = "alert_emails is at least one e-mail address."
  }
}

variable "silence_hours" {
  description = "After how many hours without a sale a store's till is reported; 0: never."
  type        = number
  default     = 23

  validation {
    condition     = var.silence_hours >= 0 && var.silence_hours <= 23
    error_message = "silence_hours is 0 to 23: Cloud Monitoring waits no longer."
  }
}

variable "billing_account" {
  description = "The billing account, for a budget; none: no budget is made."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6})?$", var.billing_account))
    error_message = "billing_account looks like 012345-6789AB-CDEF01."
  }
}

variable "monthly_budget" {
  description = "What a month may cost before somebody is told, in the billing account's currency."
  type        = number
  default     = 50

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "monthly_budget is a whole number from 1."
  }
}
