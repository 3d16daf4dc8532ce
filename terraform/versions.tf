terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # The bucket is named at init: `-backend-config=bucket=…`; `terraform/bootstrap` makes it.
  backend "gcs" {
    prefix = "vividly"
  }
}

provider "google" {
  project               = var.project_id
  region                = var.region
  user_project_override = true
  billing_project       = var.project_id

  default_labels = {
    application = "vividly"
    environment = var.environment
  }
}
