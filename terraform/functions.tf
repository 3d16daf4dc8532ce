# The functions, all from one archive. Its name is the hash of its content: new code is a new name, and is deployed.

resource "google_cloudfunctions2_function" "this" {
  #checkov:skip=CKV_GCP_124:the api is for everybody, maintain for deployers by IAM; all others are internal
  for_each = local.served

  name         = "${local.prefix}-${each.value.label}"
  location     = var.region
  description  = each.value.listens == null ? "Woken by HTTP." : "Woken by the topic ${each.value.listens}."
  kms_key_name = local.key

  build_config {
    runtime           = "python312"
    entry_point       = each.key
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.functions.id

    environment_variables = {
      GOOGLE_FUNCTION_SOURCE = "functions/${each.key}/main.py"
    }

    source {
      storage_source {
        bucket = var.code_bucket
        object = each.value.archive
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    timeout_seconds                  = each.value.timeout
    available_cpu                    = each.value.size.cpu
    available_memory                 = each.value.size.memory
    min_instance_count               = each.value.size.min_instances
    max_instance_count               = each.value.size.max_instances
    max_instance_request_concurrency = each.value.size.concurrency
    # What is neither public nor called by a deployer is reached from within the project alone.
    ingress_settings               = each.value.trigger == "http" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision = true
    vpc_connector                  = google_vpc_access_connector.this.id
    vpc_connector_egress_settings  = var.vpc_egress
    environment_variables          = local.environment[each.key]

    dynamic "secret_environment_variables" {
      for_each = toset([for setting in local.needs[each.key] : setting if local.declared.settings[setting].secret])

      content {
        key        = upper(secret_environment_variables.key)
        project_id = data.google_project.this.number # as Google answers it
        secret     = google_secret_manager_secret.this[secret_environment_variables.key].secret_id
        version    = local.secret_versions[secret_environment_variables.key]
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.unsaid[each.key]) == 0
      error_message = "${each.key} needs ${join(", ", local.unsaid[each.key])}: say so in `settings`."
    }

    precondition {
      condition     = each.value.size.concurrency == 1 || try(tonumber(each.value.size.cpu), 0) >= 1
      error_message = "${each.key} serves ${each.value.size.concurrency} requests at once and needs at least one whole CPU for it."
    }

    precondition {
      condition     = each.value.size.min_instances <= each.value.size.max_instances
      error_message = "${each.key} would keep ${each.value.size.min_instances} instances of ${each.value.size.max_instances} at most."
    }

    precondition {
      condition     = each.value.budget < each.value.timeout && each.value.timeout < each.value.ack_deadline && each.value.ack_deadline <= 600
      error_message = "${each.key}: budget < time-out < ack deadline <= 600 s does not hold; see shared/pipeline.py."
    }
  }

  # An instance that may not read its secrets, open the database or be built does not start.
  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_kms_crypto_key_iam_member.agent,
    google_project_iam_member.build_copy,
    google_project_iam_member.build_log,
    google_project_iam_member.database_client,
    google_project_iam_member.database_user,
    google_project_service.api,
    google_secret_manager_secret_iam_member.reader,
    google_sql_user.function,
    google_storage_bucket_iam_member.build_code,
  ]
}

# What serves, put down once every function does serve it. An output of variables alone would say so of a deployment that
# ended halfway, too: Terraform writes what it knew beforehand.
resource "terraform_data" "serving" {
  input = { archive = var.serving_archive, commit = var.serving_archive == "" ? "" : var.commit }

  depends_on = [google_cloudfunctions2_function.this]
}
