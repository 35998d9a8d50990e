output "webhooks" {
  description = "What to paste into each vendor's console, by connector and account."
  value = merge([
    for name, given in var.connectors : {
      for account in concat([""], given.accounts) : join("/", compact([name, account])) => {
        for verb, function in local.known[name].webhooks :
        verb => join("/", compact([local.urls[function], name, account]))
      } if length(local.known[name].webhooks) > 0
    }
  ]...)
}

output "member_api" {
  description = "Where tills and apps call, with a key."
  value       = local.urls["member_api"]
}

output "member_page" {
  description = "Where guests join and see their card."
  value       = local.urls["member_page"]
}

output "console" {
  description = "Where staff open the till screen."
  value       = local.urls["console"]
}

output "secrets" {
  description = "Secrets that need a value before functions can start."
  value       = sort(distinct(flatten(values(local.secrets_of))))
}

output "open_by_hand" {
  description = "Commands that open the public functions where public_access is invoker_check_off."
  value = var.public_access == "all_users" ? [] : [
    for function in local.public :
    "gcloud run services update ${function.service} --project=${var.project} --region=${var.region} --no-invoker-iam-check"
  ]
}
