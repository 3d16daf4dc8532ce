# Secrets: their names are the settings' own. Their values are added by deploy.sh or by hand, and never in the state.

resource "google_secret_manager_secret" "this" {
  for_each = toset(local.secrets)

  secret_id           = "${local.prefix}-${replace(each.key, "_", "-")}"
  deletion_protection = var.database.deletion_protected

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = local.key[*]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.api["secretmanager"]]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.this[each.value.setting].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
