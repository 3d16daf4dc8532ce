# The mirror of live status, and who may read it.

resource "google_firestore_database" "mirror" {
  name                              = local.prefix
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  delete_protection_state           = var.database.deletion_protected ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.database.deletion_protected ? "ABANDON" : "DELETE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_DISABLED" # it can be written anew from the record

  dynamic "cmek_config" {
    for_each = local.key[*]

    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.api["firestore"]]
}

# A student's requests, newest first.
resource "google_firestore_index" "requests_of_student" {
  database   = google_firestore_database.mirror.name
  collection = "requests"

  fields {
    field_path = "student_id"
    order      = "ASCENDING"
  }

  fields {
    field_path = "updated_at"
    order      = "DESCENDING"
  }
}

resource "google_firebaserules_ruleset" "mirror" {
  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [google_project_service.api["firebaserules"]]
}

resource "google_firebaserules_release" "mirror" {
  name         = "cloud.firestore/${google_firestore_database.mirror.name}"
  ruleset_name = google_firebaserules_ruleset.mirror.name

  lifecycle {
    replace_triggered_by = [google_firebaserules_ruleset.mirror]
  }
}
