# What is wrong is refused before anything is touched, with a sentence that says what to do.

variables {
  project_id  = "some-project"
  environment = "dev"
  code_bucket = "some-project-vividly-code"
  deployer    = "user:operator@example.org"
  database    = { tier = "db-custom-2-7680", connections = 200 }
  settings = {
    mail_sender     = "lessons@example.org"
    speech_voice    = "en-US-Neural2-D"
    vertex_location = "europe-west1"
    writer_model    = "gemini-2.5-flash"
  }
  serving_archive   = "functions-0000000000000000000000000000000000000000000000000000000000000000.zip"
  migration_archive = "functions-0000000000000000000000000000000000000000000000000000000000000000.zip"
}

run "an_unknown_environment" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}

run "a_project_that_is_none" {
  command = plan

  variables {
    project_id = "Some Project"
  }

  expect_failures = [var.project_id]
}

run "a_region_that_is_none" {
  command = plan

  variables {
    region = "Europe"
  }

  expect_failures = [var.region]
}

run "a_prefix_that_is_too_long" {
  command = plan

  variables {
    prefix = "a-very-long-prefix"
  }

  expect_failures = [var.prefix]
}

run "a_prefix_that_its_hyphens_make_too_long" {
  command = plan

  variables {
    prefix = "a-lesson-ab"
  }

  expect_failures = [var.prefix]
}

run "a_prefix_that_just_fits" {
  command = plan

  variables {
    prefix      = "my-lessons"
    environment = "staging"
  }

  assert {
    condition     = length(replace(google_vpc_access_connector.this.name, "-", "--")) == 20
    error_message = "The longest name of a connector is another."
  }
}

run "a_prefix_that_google_keeps" {
  command = plan

  variables {
    prefix = "googled"
  }

  expect_failures = [var.prefix]
}

run "an_archive_that_is_not_named_by_its_hash" {
  command = plan

  variables {
    serving_archive = "functions.zip"
  }

  expect_failures = [var.serving_archive]
}

run "a_migration_archive_that_is_not_named_by_its_hash" {
  command = plan

  variables {
    migration_archive = "latest.zip"
  }

  expect_failures = [var.migration_archive]
}

run "a_secret_without_a_number" {
  command = plan

  variables {
    secret_versions = { secret-key = 0 }
  }

  expect_failures = [var.secret_versions]
}

run "a_secret_that_nobody_reads" {
  command = plan

  variables {
    secret_versions = { secret_key = 1 }
  }

  expect_failures = [var.secret_versions]
}

run "a_secret_among_the_settings" {
  command = plan

  variables {
    settings = { secret_key = "in-the-open" }
  }

  expect_failures = [var.settings]
}

run "a_setting_that_is_none" {
  command = plan

  variables {
    settings = { writers_model = "gemini-2.5-flash" }
  }

  expect_failures = [var.settings]
}

run "a_part_that_is_none" {
  command = plan

  variables {
    parts = { writer = "gpt" }
  }

  expect_failures = [var.parts]
}

run "a_part_of_one_machine" {
  command = plan

  variables {
    parts = { speech = "piper" }
  }

  expect_failures = [var.parts]
}

run "a_size_of_no_function" {
  command = plan

  variables {
    sizes = { generate = { cpu = "1" } }
  }

  expect_failures = [var.sizes]
}

run "as_many_instances_as_there_may_be_at_all" {
  command = plan

  variables {
    sizes = { api = { max_instances = 0 } }
  }

  expect_failures = [var.sizes]
}

run "a_pool_of_nothing" {
  command = plan

  variables {
    sizes = { generate_video = { pool = 0 } }
  }

  expect_failures = [var.sizes]
}

run "more_instances_waiting_than_there_may_be" {
  command = plan

  variables {
    sizes = { api = { min_instances = 2, max_instances = 1 } }
  }

  expect_failures = [google_cloudfunctions2_function.this]
}

run "a_cpu_shared_by_many" {
  command = plan

  variables {
    sizes = { api = { cpu = "0.5" } }
  }

  expect_failures = [google_cloudfunctions2_function.this]
}

run "nobody_to_deploy" {
  command = plan

  variables {
    deployer = ""
  }

  expect_failures = [var.deployer]
}

run "everybody_to_deploy" {
  command = plan

  variables {
    deployer = "allUsers"
  }

  expect_failures = [var.deployer]
}

run "everybody_among_those_who_deploy" {
  command = plan

  variables {
    deployers = ["group:operators@example.org", "allAuthenticatedUsers"]
  }

  expect_failures = [var.deployers]
}

run "an_egress_that_is_none" {
  command = plan

  variables {
    vpc_egress = "NONE"
  }

  expect_failures = [var.vpc_egress]
}

run "an_address_that_is_none" {
  command = plan

  variables {
    alert_emails = ["nobody"]
  }

  expect_failures = [var.alert_emails]
}

run "a_billing_account_that_is_none" {
  command = plan

  variables {
    billing_account = "mine"
  }

  expect_failures = [var.billing_account]
}

run "a_budget_of_nothing" {
  command = plan

  variables {
    monthly_budget = 0
  }

  expect_failures = [var.monthly_budget]
}

run "a_budget_in_pieces" {
  command = plan

  variables {
    monthly_budget = 99.5
  }

  expect_failures = [var.monthly_budget]
}

run "a_key_that_is_none" {
  command = plan

  variables {
    encryption_key = "my-key"
  }

  expect_failures = [var.encryption_key]
}

run "a_key_of_another_region" {
  command = plan

  variables {
    encryption_key = "projects/some-project/locations/us-central1/keyRings/ours/cryptoKeys/ours"
  }

  expect_failures = [var.encryption_key]
}

run "any_page_whatsoever" {
  command = plan

  variables {
    browser_origins = ["*"]
  }

  expect_failures = [var.browser_origins]
}

run "too_few_connections_at_all" {
  command = plan

  variables {
    database = { tier = "db-f1-micro", connections = 10 }
  }

  expect_failures = [var.database]
}

run "fewer_backups_than_days_of_logs" {
  command = plan

  variables {
    database = { tier = "db-f1-micro", connections = 100, backups = 3, log_days = 7 }
  }

  expect_failures = [var.database]
}

run "more_instances_than_connections" {
  command = plan

  variables {
    database = { tier = "db-g1-small", connections = 50 }
  }

  expect_failures = [google_sql_database_instance.record]
}

# The usual sizes may open 116 connections: four fifths of 145.
run "one_connection_less_than_the_instances_need" {
  command = plan

  variables {
    database = { tier = "db-custom-2-7680", connections = 144 }
  }

  expect_failures = [google_sql_database_instance.record]
}

run "as_many_connections_as_the_instances_need" {
  command = plan

  variables {
    database = { tier = "db-custom-2-7680", connections = 145 }
  }

  assert {
    condition     = local.connections_used == 116
    error_message = "The usual sizes have changed: so do the two numbers of connections here."
  }
}

run "a_setting_that_a_part_needs_and_nobody_said" {
  command = plan

  variables {
    settings = { mail_sender = "lessons@example.org", speech_voice = "en-US-Neural2-D", vertex_location = "europe-west1" }
  }

  expect_failures = [google_cloudfunctions2_function.this]
}

run "a_setting_that_a_part_needs_and_is_empty" {
  command = plan

  variables {
    settings = { mail_sender = "lessons@example.org", speech_voice = "en-US-Neural2-D", vertex_location = "europe-west1", writer_model = " " }
  }

  expect_failures = [google_cloudfunctions2_function.this]
}

run "a_prod_without_protection" {
  command = plan

  variables {
    environment = "prod"
    database    = { tier = "db-custom-2-7680", connections = 200, deletion_protected = false }
  }

  expect_failures = [var.database]
}

run "a_prod_with_a_public_address" {
  command = plan

  variables {
    environment = "prod"
    database    = { tier = "db-custom-2-7680", connections = 200, public_address = true }
  }

  expect_failures = [var.database]
}
