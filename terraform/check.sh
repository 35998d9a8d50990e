#!/usr/bin/env bash
# What `make terraform-check` does. No account is needed: the provider is played by the tests, or by
# the program that TERRAFORM_OFFLINE names, which then need not be downloaded either.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '\n== %s\n' "$*"; }
tf() {
  if [ -n "${TERRAFORM_OFFLINE:-}" ]; then
    "$TERRAFORM_OFFLINE" "$1" . "${@:2}"
  else
    terraform "$@"
  fi
}

say "Format"
terraform fmt -check -recursive

say "Validate"
if [ -z "${TERRAFORM_OFFLINE:-}" ] && ! terraform init -backend=false -input=false; then
  echo "The provider cannot be had and TERRAFORM_OFFLINE names nobody who plays it: not checked." >&2
  exit 1
fi
tf validate

for environment in environments/*.tfvars; do
  say "Plan $environment and hold it to its promises"
  tf test -filter=tests/promises.tftest.hcl -var-file="$environment"
done

say "Mistakes that are refused"
tf test -filter=tests/mistakes.tftest.hcl -var-file=environments/staging.tfvars

say "checkov"
if command -v checkov > /dev/null; then
  checkov --directory . --framework terraform --compact --quiet --skip-download \
    --var-file environments/prod.tfvars
else
  echo "checkov is not installed: not run (CONTRIBUTING.md says how to)"
fi
