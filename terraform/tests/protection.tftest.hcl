# What must not be lost or seen.

variables {
  project_id  = "some-project"
  environment = "prod"
  code_bucket = "some-project-vividly-code"
  deployer    = "user:operator@example.org"
  database    = { tier = "db-custom-2-7680", connections = 200, regional = true, backups = 30 }
  settings = {
    mail_sender     = "lessons@example.org"
    speech_voice    = "en-US-Neural2-D"
    vertex_location = "europe-west1"
    writer_model    = "gemini-2.5-flash"
  }
}

run "the_record_is_protected" {
  command = plan

  assert {
    condition     = google_sql_database_instance.record.deletion_protection && google_sql_database_instance.record.settings[0].deletion_protection_enabled
    error_message = "The database can be deleted."
  }

  assert {
    condition     = !google_sql_database_instance.record.settings[0].ip_configuration[0].ipv4_enabled && google_sql_database_instance.record.settings[0].connector_enforcement == "REQUIRED"
    error_message = "The database is reachable from outside, or without the connector."
  }

  assert {
    condition     = google_sql_database_instance.record.settings[0].backup_configuration[0].point_in_time_recovery_enabled && google_sql_database_instance.record.settings[0].backup_configuration[0].enabled
    error_message = "The database cannot be restored to a point in time."
  }

  assert {
    condition     = anytrue([for flag in google_sql_database_instance.record.settings[0].database_flags : flag.name == "cloudsql.iam_authentication" && flag.value == "on"]) && alltrue([for user in google_sql_user.function : user.type == "CLOUD_IAM_SERVICE_ACCOUNT"])
    error_message = "Functions sign in with passwords."
  }

  assert {
    condition     = anytrue([for flag in google_sql_database_instance.record.settings[0].database_flags : flag.name == "log_min_error_statement" && flag.value == "panic"]) && anytrue([for flag in google_sql_database_instance.record.settings[0].database_flags : flag.name == "log_error_verbosity" && flag.value == "terse"])
    error_message = "A failing statement, or the row that failed, would be logged with a student's words in it."
  }
}

run "objects_are_private" {
  command = plan

  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.media, google_storage_bucket.sources] : bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced" && !bucket.force_destroy])
    error_message = "A bucket can be opened to everybody, or destroyed with what is in it."
  }

  assert {
    condition     = google_storage_bucket.media.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "What a student had deleted would be kept."
  }

  assert {
    condition     = flatten([for rule in google_storage_bucket.media.cors : rule.origin]) == [local.public_url]
    error_message = "Other pages than the api's own may play the lessons, or the api's may not."
  }

  assert {
    condition     = google_firestore_database.mirror.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "The mirror can be deleted."
  }
}

run "a_key_of_ones_own_is_used_everywhere" {
  command = plan

  variables {
    encryption_key    = "projects/some-project/locations/europe-west1/keyRings/vividly/cryptoKeys/vividly"
    serving_archive   = "functions-0000000000000000000000000000000000000000000000000000000000000000.zip"
    migration_archive = "functions-0000000000000000000000000000000000000000000000000000000000000000.zip"
  }

  assert {
    condition     = google_sql_database_instance.record.encryption_key_name == var.encryption_key && alltrue([for topic in google_pubsub_topic.pipeline : topic.kms_key_name == var.encryption_key])
    error_message = "Database or topics use another key."
  }

  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.media, google_storage_bucket.sources] : bucket.encryption[0].default_kms_key_name == var.encryption_key]) && google_firestore_database.mirror.cmek_config[0].kms_key_name == var.encryption_key
    error_message = "Objects or mirror use another key."
  }

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.encryption_key])
    error_message = "Secrets use another key."
  }

  assert {
    condition     = google_artifact_registry_repository.functions.kms_key_name == var.encryption_key && toset([for function in google_cloudfunctions2_function.this : function.kms_key_name]) == toset([var.encryption_key])
    error_message = "Functions or their images use another key."
  }

  # Whoever encrypts has to be let at the key first: all of these services keep something of ours.
  assert {
    condition = toset(keys(google_kms_crypto_key_iam_member.agent)) == toset([
      "artifactregistry", "cloudfunctions", "eventarc", "firestore", "pubsub", "run", "secretmanager", "sqladmin", "storage",
    ]) && alltrue([for member in google_kms_crypto_key_iam_member.agent : member.crypto_key_id == var.encryption_key])
    error_message = "A service would be refused the key."
  }

  assert {
    condition     = google_kms_crypto_key_iam_member.agent["sqladmin"].member == "serviceAccount:service-${data.google_project.this.number}@gcp-sa-cloud-sql.iam.gserviceaccount.com" && toset(keys(google_project_service_identity.agent)) == setsubtract(keys(google_kms_crypto_key_iam_member.agent), ["storage"])
    error_message = "The key is granted to an account that is not there."
  }
}

run "without_a_key_only_the_account_of_pubsub_is_called_into_being" {
  command = plan

  assert {
    condition     = length(google_kms_crypto_key_iam_member.agent) == 0 && keys(google_project_service_identity.agent) == ["pubsub"]
    error_message = "Accounts are made that nothing is granted to, or Pub/Sub's is not."
  }
}

run "all_traffic_leaves_by_one_door" {
  command = plan

  variables {
    vpc_egress      = "ALL_TRAFFIC"
    serving_archive = "functions-0000000000000000000000000000000000000000000000000000000000000000.zip"
  }

  assert {
    condition     = length(google_compute_router_nat.egress) == 1 && length(google_compute_firewall.deny_out) == 1
    error_message = "Traffic that goes through the network finds no way out, or any."
  }

  assert {
    condition     = length(google_cloudfunctions2_function.this) > 0 && alltrue([for function in google_cloudfunctions2_function.this : function.service_config[0].vpc_connector_egress_settings == "ALL_TRAFFIC"])
    error_message = "A function's traffic does not go through the network."
  }
}

run "somebody_is_told" {
  command = plan

  variables {
    alert_emails    = ["operator@example.org"]
    billing_account = "012345-567890-ABCDEF"
    serving_archive = "functions-0000000000000000000000000000000000000000000000000000000000000000.zip"
  }

  assert {
    condition     = alltrue([for name in ["dead-letters", "oldest-message", "stuck-requests", "slow-stage", "api-down", "database-connections"] : contains(keys(google_monitoring_alert_policy.this), name)])
    error_message = "An alert is missing."
  }

  assert {
    condition     = alltrue([for policy in concat(values(google_monitoring_alert_policy.this), [google_monitoring_alert_policy.error_ratio]) : length(policy.notification_channels) == 1 && strcontains(policy.documentation[0].content, "docs/runbook.md#")])
    error_message = "An alert reaches nobody, or names no page of the runbook."
  }

  assert {
    condition     = length(google_billing_budget.month) == 1 && length(google_monitoring_uptime_check_config.api) == 1
    error_message = "Spend or the api itself is not watched."
  }

  assert {
    condition     = length(google_project_iam_audit_config.data) == 3
    error_message = "Reads of secrets, database and objects are not logged."
  }
}

run "a_dashboard_settles_after_one_apply" {
  command = plan

  assert {
    condition = length(jsondecode(google_monitoring_dashboard.this.dashboard_json).mosaicLayout.tiles) == length(local.charts) && alltrue([
      for tile in jsondecode(google_monitoring_dashboard.this.dashboard_json).mosaicLayout.tiles :
      try(tile.xPos, 6) > 0 && try(tile.yPos, 4) > 0
    ])
    error_message = "A position of 0 is not in Monitoring's answer: every plan would have a change."
  }
}
