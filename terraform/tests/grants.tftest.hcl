# Who may do what, in a system as it serves.

variables {
  project_id  = "some-project"
  environment = "prod"
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
  migration_archive = "functions-1111111111111111111111111111111111111111111111111111111111111111.zip"
}

run "every_function_has_an_account_of_its_own" {
  command = plan

  assert {
    condition = (
      length(google_service_account.function) == length(local.pipeline.functions) &&
      length(distinct([for account in google_service_account.function : account.account_id])) == length(local.pipeline.functions)
    )
    error_message = "Two functions share a service account, or one has none."
  }

  assert {
    condition     = alltrue([for account in google_service_account.function : length(account.account_id) >= 6 && length(account.account_id) <= 30])
    error_message = "An account's id has not 6 to 30 characters."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this :
      function.service_config[0].service_account_email == google_service_account.function[name].email
    ])
    error_message = "A function runs as another's account."
  }
}

run "only_the_api_is_open_to_everybody" {
  command = plan

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.public) == ["api"]
    error_message = "allUsers may call something else than the api."
  }

  assert {
    condition = alltrue(flatten([
      [for member in google_cloud_run_v2_service_iam_member.push : member.member != "allUsers"],
      [for member in google_cloud_run_v2_service_iam_member.deployer : member.member != "allUsers"],
    ]))
    error_message = "allUsers may call something else than the api."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this :
      function.service_config[0].ingress_settings == (contains(["api", "maintain"], name) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY")
    ])
    error_message = "A stage is reachable from outside."
  }

  assert {
    condition     = [for member in google_cloud_run_v2_service_iam_member.deployer : member.member] == ["user:operator@example.org"] && alltrue([for member in google_cloud_run_v2_service_iam_member.deployer : member.name == "vividly-prod-maintain"])
    error_message = "Somebody else than the deployers may run migrations."
  }

  assert {
    condition     = toset(keys(google_cloud_run_v2_service_iam_member.push)) == toset([for name, function in local.pipeline.functions : name if function.trigger == "topic"])
    error_message = "Pub/Sub may not call a stage, or may call what is none."
  }
}

run "those_who_are_named_deploy_and_nobody_else" {
  command = plan

  variables {
    deployers = ["group:operators@example.org", "serviceAccount:deployments@some-project.iam.gserviceaccount.com"]
  }

  assert {
    condition     = toset([for member in google_cloud_run_v2_service_iam_member.deployer : member.member]) == toset(var.deployers)
    error_message = "Who deploys changes with who deployed last."
  }
}

run "grants_are_on_one_thing_each" {
  command = apply

  assert {
    condition = alltrue([
      for member in concat(values(google_project_iam_member.database_client), values(google_project_iam_member.database_user), values(google_project_iam_member.mirror), [google_project_iam_member.build_copy]) :
      length(member.condition) == 1
    ])
    error_message = "A grant on the project is not bound to one database, or to the copies that builds read."
  }

  assert {
    condition = alltrue([
      for member in concat(
        values(google_project_iam_member.database_client), values(google_project_iam_member.database_user),
        values(google_project_iam_member.mirror), values(google_project_iam_member.model_caller), [google_project_iam_member.build_log, google_project_iam_member.build_copy],
      ) : !contains(["roles/owner", "roles/editor", "roles/viewer"], member.role)
    ])
    error_message = "A basic role is granted."
  }

  assert {
    condition     = google_project_iam_custom_role.model_caller.permissions == toset(["aiplatform.endpoints.predict"])
    error_message = "Callers of models may do more than call them."
  }

  assert {
    condition     = toset(keys(google_project_iam_member.model_caller)) == toset(["generate_script", "validate_request"])
    error_message = "Vertex AI is open to a function that does not use it, or closed to one that does."
  }

  assert {
    condition     = toset(keys(google_project_iam_member.mirror)) == toset(["api", "mirror_status", "sweep"]) # the api and sweep delete what is to be forgotten
    error_message = "The mirror is open to a function that does not use it."
  }

  assert {
    condition     = keys(google_storage_bucket_iam_member.sources) == ["ingest_source"]
    error_message = "Something else than ingest_source reads uploads."
  }

  assert {
    condition     = toset(keys(google_storage_bucket_iam_member.media)) == toset([for name, function in local.pipeline.functions : name if contains(function.uses, "objects")])
    error_message = "The artefacts are open to a function that does not use them."
  }

  assert {
    condition = toset(keys(google_pubsub_topic_iam_member.publisher)) == toset(flatten([
      for name, function in local.pipeline.functions : [for topic in function.publishes : "${name}/${topic}"]
    ]))
    error_message = "Publishing is granted otherwise than declared."
  }

  assert {
    condition     = google_service_account_iam_member.signer.service_account_id == google_service_account.function["api"].name
    error_message = "The api can sign as somebody else."
  }
}

run "secrets_are_read_by_those_who_need_them" {
  command = plan

  assert {
    condition     = toset([for key in keys(google_secret_manager_secret_iam_member.reader) : split("/", key)[0] if split("/", key)[1] == "secret_key"]) == toset(["api"])
    error_message = "The key of the access tokens is read by others than the api."
  }

  assert {
    condition     = toset([for key in keys(google_secret_manager_secret_iam_member.reader) : split("/", key)[0] if split("/", key)[1] == "database_owner_url"]) == toset(["maintain"])
    error_message = "The tables' owner is known to others than maintain."
  }

  assert {
    condition     = toset([for key in keys(google_secret_manager_secret_iam_member.reader) : split("/", key)[0] if split("/", key)[1] == "smtp_url"]) == toset(["notify_student"])
    error_message = "The mail server's password is known to others than notify_student."
  }

  assert {
    condition = alltrue(flatten([
      for name, function in google_cloudfunctions2_function.this : [
        for secret in function.service_config[0].secret_environment_variables :
        can(tonumber(secret.version)) && contains(keys(google_secret_manager_secret_iam_member.reader), "${name}/${lower(secret.key)}")
      ]
    ]))
    error_message = "A secret is mounted without a grant, or without a version of its own."
  }
}

run "dead_letters_can_be_written_and_taken_off" {
  command = apply

  assert {
    condition     = toset(keys(google_pubsub_subscription_iam_member.dead_letter)) == toset([for name, function in local.pipeline.functions : name if function.trigger == "topic" && function.listens != "dead-letter"])
    error_message = "Pub/Sub may not take a message off a subscription that dead-letters."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.dead_letter.topic == google_pubsub_topic.pipeline["dead-letter"].id && google_pubsub_topic_iam_member.dead_letter.role == "roles/pubsub.publisher"
    error_message = "Pub/Sub may not publish dead letters."
  }
}
