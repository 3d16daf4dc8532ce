# The APIs that the project has to have switched on. Nothing is switched off when this is destroyed.

locals {
  services = concat(
    [
      "artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "cloudscheduler", "compute",
      "eventarc", "firebaserules", "firestore", "iam", "iamcredentials", "logging", "monitoring", "pubsub", "run",
      "secretmanager", "servicenetworking", "sqladmin", "storage", "vpcaccess",
    ],
    ["aiplatform", "texttospeech"],
    var.billing_account == "" ? [] : ["billingbudgets"],
    var.encryption_key == "" ? [] : ["cloudkms"],
  )
}

resource "google_project_service" "api" {
  for_each = toset(local.services)

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
