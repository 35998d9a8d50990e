# What is refused, with a sentence, before anything is planned.

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

run "no_packages" {
  command = plan
  variables {
    packages = "tests/nothing"
  }
  expect_failures = [var.packages]
}

run "a_version_of_no_secret" {
  command = plan
  variables {
    secret_versions = { SQUARE_SIGNATURE_KEY = "2" }
  }
  expect_failures = [var.secret_versions]
}

run "a_version_before_of_no_secret" {
  command = plan
  variables {
    previous_versions = { SQUARE_SIGNATURE_KEY = "1" }
  }
  expect_failures = [var.previous_versions]
}

run "a_vendor_that_there_is_not" {
  command = plan
  variables {
    connectors = { squire = {} }
  }
  expect_failures = [var.connectors]
}

run "a_secret_in_plain_sight" {
  command = plan
  variables {
    connectors = { square = { settings = { access_token = "not here" } } }
  }
  expect_failures = [var.connectors]
}

run "a_setting_that_is_missing" {
  command = plan
  variables {
    connectors = { sendgrid = {} }
  }
  expect_failures = [google_cloudfunctions2_function.this]
}

run "a_function_that_there_is_not" {
  command = plan
  variables {
    sizes = { points = { cpu = "2" } }
  }
  expect_failures = [var.sizes]
}
