# How messages are delivered, and in which order the limits of time stand.

variables {
  project_id  = "some-project"
  environment = "staging"
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

run "subscriptions_are_as_declared" {
  command = apply

  assert {
    condition     = toset(keys(google_pubsub_subscription.push)) == toset([for name, function in local.pipeline.functions : name if function.trigger == "topic"])
    error_message = "A function that a topic wakes has no subscription."
  }

  assert {
    condition = alltrue([
      for name, subscription in google_pubsub_subscription.push :
      subscription.ack_deadline_seconds == local.pipeline.functions[name].ack_deadline &&
      subscription.topic == google_pubsub_topic.pipeline[local.pipeline.functions[name].listens].id
    ])
    error_message = "A subscription listens elsewhere, or waits for another time, than declared."
  }

  assert {
    condition = alltrue([
      for subscription in google_pubsub_subscription.push :
      subscription.push_config[0].oidc_token[0].service_account_email == google_service_account.push.email &&
      subscription.push_config[0].oidc_token[0].audience == subscription.push_config[0].push_endpoint &&
      startswith(subscription.push_config[0].push_endpoint, "https://")
    ])
    error_message = "A push carries no identity, or the wrong one."
  }

  assert {
    condition = alltrue([
      for subscription in google_pubsub_subscription.push :
      subscription.retry_policy[0].minimum_backoff == "${local.pipeline.delivery.retry_minimum_seconds}s" &&
      subscription.retry_policy[0].maximum_backoff == "${local.pipeline.delivery.retry_maximum_seconds}s"
    ])
    error_message = "A subscription backs off otherwise than declared."
  }

  assert {
    condition = alltrue([
      for name, subscription in google_pubsub_subscription.push : (
        local.pipeline.functions[name].listens == "dead-letter"
        ? length(subscription.dead_letter_policy) == 0
        : subscription.dead_letter_policy[0].max_delivery_attempts == local.pipeline.delivery.max_delivery_attempts &&
        subscription.dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.pipeline["dead-letter"].id
      )
    ])
    error_message = "A message that runs out of deliveries is lost."
  }

  assert {
    condition     = google_pubsub_subscription.dead_letter_archive.message_retention_duration == "604800s" && length(google_pubsub_subscription.dead_letter_archive.push_config) == 0
    error_message = "Dead letters do not wait for a person for seven days."
  }

  assert {
    condition     = alltrue([for subscription in concat(values(google_pubsub_subscription.push), [google_pubsub_subscription.dead_letter_archive]) : subscription.expiration_policy[0].ttl == ""])
    error_message = "A quiet subscription would expire."
  }
}

run "limits_of_time_are_in_order" {
  command = plan

  assert {
    condition     = toset(keys(google_cloudfunctions2_function.this)) == toset(keys(local.pipeline.functions))
    error_message = "Not every function is looked at."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this :
      local.pipeline.functions[name].budget < function.service_config[0].timeout_seconds &&
      function.service_config[0].timeout_seconds < local.pipeline.functions[name].ack_deadline &&
      local.pipeline.functions[name].ack_deadline <= 600
    ])
    error_message = "budget < function time-out < ack deadline <= 600 s does not hold."
  }

  assert {
    condition     = alltrue([for name, subscription in google_pubsub_subscription.push : subscription.ack_deadline_seconds > google_cloudfunctions2_function.this[name].service_config[0].timeout_seconds])
    error_message = "A message would be delivered again while its function may still work."
  }
}

run "instances_are_told_what_they_are" {
  command = plan

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.this :
      function.build_config[0].entry_point == name &&
      function.build_config[0].environment_variables["GOOGLE_FUNCTION_SOURCE"] == "functions/${name}/main.py" &&
      function.service_config[0].environment_variables["PYTHONPATH"] == "/workspace"
    ])
    error_message = "A function would not find its code."
  }

  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.this :
      function.service_config[0].environment_variables["THREADS"] == tostring(function.service_config[0].max_instance_request_concurrency) &&
      (function.service_config[0].max_instance_request_concurrency == 1 || tonumber(function.service_config[0].available_cpu) >= 1)
    ])
    error_message = "Threads and concurrency differ, or requests share less than a CPU."
  }

  assert {
    condition     = alltrue([for name, function in google_cloudfunctions2_function.this : function.build_config[0].source[0].storage_source[0].object == (name == "maintain" ? var.migration_archive : var.serving_archive)])
    error_message = "A function is made from another archive."
  }

  assert {
    condition     = google_cloud_scheduler_job.sweep.schedule == "* * * * *" && google_cloud_scheduler_job.sweep.pubsub_target[0].topic_name == google_pubsub_topic.pipeline["sweep-due"].id
    error_message = "Nothing sweeps every minute."
  }

  assert {
    condition     = google_storage_notification.source.topic == google_pubsub_topic.pipeline["source-uploaded"].id && google_storage_notification.source.event_types == toset(["OBJECT_FINALIZE"])
    error_message = "Uploads are not announced."
  }
}

run "before_the_first_archive_only_the_ground_is_laid" {
  command = plan

  variables {
    serving_archive   = ""
    migration_archive = ""
  }

  assert {
    condition     = length(google_cloudfunctions2_function.this) == 0 && length(google_pubsub_subscription.push) == 0
    error_message = "Functions without code are planned."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.this) == 0 # Monitoring does not know their metrics yet
    error_message = "Alerts are made before their metrics are known."
  }

  assert {
    condition     = length(google_secret_manager_secret.this) == 4 && length(google_service_account.function) == length(local.pipeline.functions)
    error_message = "Secrets and accounts have to be there before the code."
  }
}

run "migrations_come_before_the_code_that_needs_them" {
  command = plan

  variables {
    serving_archive = ""
  }

  assert {
    condition     = keys(google_cloudfunctions2_function.this) == ["maintain"]
    error_message = "maintain cannot be called before the others serve."
  }
}
