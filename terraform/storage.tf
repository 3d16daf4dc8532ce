# Artefacts of the lessons, and textbook archives that were uploaded.

resource "google_storage_bucket" "media" {
  #checkov:skip=CKV_GCP_62:accesses are in the Data Access audit log (audit.tf)
  #checkov:skip=CKV_GCP_63:accesses are in the Data Access audit log (audit.tf)
  #checkov:skip=CKV_GCP_78:names derive from content, and what a student had deleted must be gone
  name                        = "${var.project_id}-${local.prefix}-media"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.database.deletion_protected

  versioning {
    enabled = false # names derive from content: what is overwritten is the same
  }

  # Pieces of scenes are needed while a lesson is made, and for a while to make the like of it again.
  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      age            = local.pipeline.scene_days
      matches_prefix = ["scenes/"]
    }
  }

  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }

    condition {
      age            = 90
      matches_prefix = ["lessons/"]
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }

    condition {
      age = 1
    }
  }

  soft_delete_policy {
    retention_duration_seconds = 0 # a student's data that was deleted is gone
  }

  cors {
    origin          = concat([local.public_url], var.browser_origins)
    method          = ["GET", "HEAD"]
    response_header = ["Content-Length", "Content-Range", "Content-Type", "ETag", "Range"]
    max_age_seconds = 3600
  }

  dynamic "encryption" {
    for_each = local.key[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.api["storage"]]
}

resource "google_storage_bucket" "sources" {
  #checkov:skip=CKV_GCP_62:accesses are in the Data Access audit log (audit.tf)
  #checkov:skip=CKV_GCP_63:accesses are in the Data Access audit log (audit.tf)
  name                        = "${var.project_id}-${local.prefix}-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.database.deletion_protected

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      num_newer_versions = 3
      with_state         = "ARCHIVED"
    }
  }

  dynamic "encryption" {
    for_each = local.key[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.api["storage"]]
}

data "google_storage_project_service_account" "this" {
  depends_on = [google_project_service.api["storage"]]
}

resource "google_storage_notification" "source" {
  bucket         = google_storage_bucket.sources.name
  topic          = google_pubsub_topic.pipeline[local.functions["ingest_source"].listens].id
  event_types    = ["OBJECT_FINALIZE"]
  payload_format = "JSON_API_V1" # functions-framework refuses a push whose message has no data

  depends_on = [google_pubsub_topic_iam_member.storage]
}
