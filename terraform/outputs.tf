output "api_url" {
  description = "Where clients reach the api."
  value       = local.public_url
}

output "database_instance" {
  description = "The database as the connector names it: project:region:instance."
  value       = google_sql_database_instance.record.connection_name
}

output "database_name" {
  description = "The database within the instance."
  value       = google_sql_database.record.name
}

output "database_public_address" {
  description = "Whether migrations reach the database from the deployer's machine, and not through `maintain`."
  value       = google_sql_database_instance.record.settings[0].ip_configuration[0].ipv4_enabled
}

output "database_users" {
  description = "The functions' database users, to be granted the rows."
  value       = sort(values(local.database_users))
}

output "maintain_url" {
  description = "Where deployers run migrations; empty before the first archive."
  value       = try(google_cloudfunctions2_function.this["maintain"].service_config[0].uri, "")
}

output "media_bucket" {
  description = "The bucket of the lessons' artefacts."
  value       = google_storage_bucket.media.name
}

output "network" {
  description = "The network that database and functions meet in."
  value       = google_compute_network.this.name
}

output "protected" {
  description = "Whether database, mirror and secrets refuse to be deleted."
  value       = var.database.deletion_protected
}

output "secrets" {
  description = "Each secret's full name and the version that functions read."
  value = {
    for setting, secret in google_secret_manager_secret.this :
    replace(setting, "_", "-") => { name = secret.secret_id, version = local.secret_versions[setting] }
  }
}

output "serving" {
  description = "What all functions run: archive and commit; empty before the first deployment."
  value       = terraform_data.serving.output
}

output "sources_bucket" {
  description = "The bucket that textbook archives are uploaded to."
  value       = google_storage_bucket.sources.name
}
