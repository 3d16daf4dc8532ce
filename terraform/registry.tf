# Where the images of the functions lie.

resource "google_artifact_registry_repository" "functions" {
  repository_id = local.prefix
  location      = var.region
  format        = "DOCKER"
  description   = "Images that Cloud Build makes of the functions."
  kms_key_name  = local.key

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 5
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "${30 * 24 * 3600}s"
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.api["artifactregistry"]]
}
