# The record: PostgreSQL with pgvector (an extension that Cloud SQL carries; a migration creates it).

resource "google_sql_database_instance" "record" {
  #checkov:skip=CKV_GCP_109:a statement that fails is not logged, as it could hold a student's words
  #checkov:skip=CKV2_GCP_13:durations are seen in Query Insights, which keeps no parameters
  name                = local.prefix
  database_version    = "POSTGRES_18"
  region              = var.region
  deletion_protection = var.database.deletion_protected
  encryption_key_name = local.key

  settings {
    tier                        = var.database.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.database.regional ? "REGIONAL" : "ZONAL"
    deletion_protection_enabled = var.database.deletion_protected
    connector_enforcement       = "REQUIRED"
    disk_type                   = "PD_SSD"
    disk_size                   = var.database.disk_gigabytes
    disk_autoresize             = true
    disk_autoresize_limit       = var.database.disk_gigabytes * 10

    backup_configuration {
      enabled                        = true
      start_time                     = "02:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.database.log_days

      backup_retention_settings {
        retained_backups = var.database.backups
        retention_unit   = "COUNT"
      }
    }

    ip_configuration {
      ipv4_enabled    = var.database.public_address # for migrations from a deployer's machine; never in prod
      private_network = google_compute_network.this.id
      ssl_mode        = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    }

    dynamic "database_flags" {
      for_each = {
        "cloudsql.iam_authentication" = "on"
        "max_connections"             = tostring(var.database.connections)
        # What is logged is never a statement, nor the row that broke a rule: either could hold a student's words.
        "cloudsql.enable_pgaudit"    = "on"
        "pgaudit.log"                = "ddl,role"
        "log_min_duration_statement" = "-1"
        "log_min_error_statement"    = "panic"
        "log_error_verbosity"        = "terse"
        "log_checkpoints"            = "on"
        "log_connections"            = "on"
        "log_disconnections"         = "on"
        "log_lock_waits"             = "on"
        "log_temp_files"             = "0"
        "log_statement"              = "ddl"
        "log_hostname"               = "on"
        "log_duration"               = "off"
      }

      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }

    insights_config {
      query_insights_enabled  = true
      query_string_length     = 1024
      record_application_tags = false
      record_client_address   = false
    }

    maintenance_window {
      day          = 7
      hour         = 3
      update_track = "stable"
    }
  }

  lifecycle {
    # The disk grows by itself; taking it back to what it began with would mean another instance.
    ignore_changes = [settings[0].disk_size]

    precondition {
      condition     = local.connections_used <= var.database.connections * 0.8
      error_message = "The functions may open ${local.connections_used} connections (instances × pool), which is more than 80 % of the ${var.database.connections} of the database: lower sizes.*.max_instances or pool, or raise database.connections with the tier."
    }
  }

  depends_on = [
    google_kms_crypto_key_iam_member.agent,
    google_project_service.api["sqladmin"],
    google_service_networking_connection.services,
  ]
}

resource "google_sql_database" "record" {
  name            = "vividly"
  instance        = google_sql_database_instance.record.name
  deletion_policy = "ABANDON"
}

# Each function signs in as its own service account, without a password. `maintain` grants them the rows.
resource "google_sql_user" "function" {
  for_each = local.database_users

  name     = each.value
  instance = google_sql_database_instance.record.name
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"
}
