# Made once per project, before everything else and with a state on the operator's machine: the bucket that the state
# of ../ lies in, and the bucket of the code's archives.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
  # A person's credentials belong to no project: without one to count for, some services refuse them.
  user_project_override = true
  billing_project       = var.project_id
}

variable "project_id" {
  description = "The Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a Google Cloud project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the buckets."
  type        = string
  default     = "europe-west1"
}

locals {
  buckets = {
    state = { keep = 50 } # versions of the state
    code  = { keep = 0 }
  }
}

resource "google_project_service" "storage" {
  service            = "storage.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "this" {
  #checkov:skip=CKV_GCP_62:accesses are in the Data Access audit log of the project
  for_each = local.buckets

  name                        = "${var.project_id}-vividly-${each.key}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  versioning {
    enabled = true
  }

  # Old versions of the state are for recovery; archives are named by their content and never overwritten.
  dynamic "lifecycle_rule" {
    for_each = each.value.keep > 0 ? [each.value.keep] : []

    content {
      action {
        type = "Delete"
      }

      condition {
        num_newer_versions = lifecycle_rule.value
        with_state         = "ARCHIVED"
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.storage]
}

output "code_bucket" {
  description = "The bucket of the code's archives."
  value       = google_storage_bucket.this["code"].name
}

output "state_bucket" {
  description = "The bucket of the state."
  value       = google_storage_bucket.this["state"].name
}
