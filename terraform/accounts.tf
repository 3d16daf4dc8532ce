# One service account for each function, granted what the function declares in `uses` and `publishes`, on that one thing.

resource "google_service_account" "function" {
  for_each = local.functions

  # At most 30 characters, so without the prefix.
  account_id   = "${var.environment}-${each.value.label}"
  display_name = "${local.prefix}: function ${each.key}"
  description  = "Runs ${each.key} alone; its grants follow from shared/pipeline.py."

  depends_on = [google_project_service.api["iam"]]
}

# Delivers pushes: its identity is what the functions' services let in.
resource "google_service_account" "push" {
  account_id   = "${var.environment}-push"
  display_name = "${local.prefix}: Pub/Sub pushes"
  description  = "Pub/Sub calls the functions as this account."

  depends_on = [google_project_service.api["iam"]]
}

# Builds the functions' images.
resource "google_service_account" "build" {
  account_id   = "${var.environment}-build"
  display_name = "${local.prefix}: builds"
  description  = "Cloud Build makes the functions' images as this account."

  depends_on = [google_project_service.api["iam"]]
}

locals {
  using = {
    for port in keys(local.declared.ports) :
    port => toset([for name, function in local.functions : name if contains(function.uses, port)])
  }
  calls_vertex = toset([
    for name, function in local.functions : name
    if anytrue([for port in function.uses : contains(["gemini", "vertex"], local.part_of[port])])
  ])
  # The record, as rows or as tables.
  opens_database = setunion(local.using["record"], local.using["schema"])
}

# Cloud SQL and Firestore have no grants on one database of a project: a condition names it.
resource "google_project_iam_member" "database_client" {
  for_each = local.opens_database

  project = var.project_id
  role    = "roles/cloudsql.client"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "only ${google_sql_database_instance.record.name}"
    expression = "resource.name == 'projects/${var.project_id}/instances/${google_sql_database_instance.record.name}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

resource "google_project_iam_member" "database_user" {
  for_each = local.using["record"]

  project = var.project_id
  role    = "roles/cloudsql.instanceUser"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "only ${google_sql_database_instance.record.name}"
    expression = "resource.name == 'projects/${var.project_id}/instances/${google_sql_database_instance.record.name}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

resource "google_project_iam_member" "mirror" {
  for_each = local.using["mirror"]

  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "only ${google_firestore_database.mirror.name}"
    expression = "resource.name == 'projects/${var.project_id}/databases/${google_firestore_database.mirror.name}'"
  }
}

# Calling a model, and nothing else of Vertex AI. Models of the publisher have no resource of ours to grant on.
resource "google_project_iam_custom_role" "model_caller" {
  role_id     = replace("${local.prefix}_model_caller", "-", "_")
  title       = "${local.prefix}: calls models"
  description = "Predictions by the models of Vertex AI."
  permissions = ["aiplatform.endpoints.predict"]

  depends_on = [google_project_service.api["iam"]]
}

resource "google_project_iam_member" "model_caller" {
  for_each = local.calls_vertex

  project = var.project_id
  role    = google_project_iam_custom_role.model_caller.id
  member  = google_service_account.function[each.key].member
}

resource "google_storage_bucket_iam_member" "media" {
  for_each = local.using["objects"]

  bucket = google_storage_bucket.media.name
  role   = "roles/storage.objectUser" # reads, writes, replaces and deletes objects; sees no bucket settings
  member = google_service_account.function[each.key].member
}

resource "google_storage_bucket_iam_member" "sources" {
  for_each = local.using["sources"]

  bucket = google_storage_bucket.sources.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.function[each.key].member
}

# The api signs links to objects as itself, by IAM: there is no key file.
resource "google_service_account_iam_member" "signer" {
  service_account_id = google_service_account.function["api"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.function["api"].member
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = merge([
    for name, function in local.functions : {
      for topic in function.publishes : "${name}/${topic}" => { function = name, topic = topic }
    }
  ]...)

  topic  = google_pubsub_topic.pipeline[each.value.topic].id
  role   = "roles/pubsub.publisher"
  member = google_service_account.function[each.value.function].member
}

# Uploads are announced by the storage service itself.
resource "google_pubsub_topic_iam_member" "storage" {
  topic  = google_pubsub_topic.pipeline[local.functions["ingest_source"].listens].id
  role   = "roles/pubsub.publisher"
  member = data.google_storage_project_service_account.this.member
}

# Google's own accounts in this project, which work on our behalf. Some are there from their first use on only, and a grant
# to an account that is not there is refused: so they are called into being before.
locals {
  agent_domains = merge(
    { pubsub = "gcp-sa-pubsub" },
    { for service, domain in local.encrypting_agents : service => domain if var.encryption_key != "" },
  )
  agents = {
    for service, domain in local.agent_domains :
    service => "serviceAccount:service-${data.google_project.this.number}@${domain}.iam.gserviceaccount.com"
  }
}

resource "google_project_service_identity" "agent" {
  provider = google-beta
  for_each = local.agents

  service = "${each.key}.googleapis.com"

  depends_on = [google_project_service.api]
}

# Dead-lettering is done by Pub/Sub itself: it publishes there, and acknowledges on the subscription it came from.
resource "google_pubsub_topic_iam_member" "dead_letter" {
  topic  = google_pubsub_topic.pipeline[local.pipeline.dead_letter_topic].id
  role   = "roles/pubsub.publisher"
  member = local.agents.pubsub

  depends_on = [google_project_service_identity.agent]
}

resource "google_pubsub_subscription_iam_member" "dead_letter" {
  for_each = { for name, subscription in google_pubsub_subscription.push : name => subscription if local.functions[name].listens != local.pipeline.dead_letter_topic }

  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.agents.pubsub

  depends_on = [google_project_service_identity.agent]
}

resource "google_service_account_iam_member" "push_token" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agents.pubsub

  depends_on = [google_project_service_identity.agent]
}

# Who may call a function's service. The api alone is open to everybody; it checks its callers itself.
resource "google_cloud_run_v2_service_iam_member" "public" {
  for_each = { for name, function in local.served : name => function if function.public }

  name     = google_cloudfunctions2_function.this[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = local.listeners

  name     = google_cloudfunctions2_function.this[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

resource "google_cloud_run_v2_service_iam_member" "deployer" {
  for_each = contains(keys(local.served), "maintain") ? toset(coalescelist(var.deployers, [var.deployer])) : toset([])

  name     = google_cloudfunctions2_function.this["maintain"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.key
}

# Builds read the code, write the image and their log.
resource "google_storage_bucket_iam_member" "build_code" {
  bucket = var.code_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

# Cloud Functions copies the archive into a bucket of its own making, and builds from there. Until the first function is
# deployed there is no such bucket to grant on; with a key of ours its name ends in a hash of the key.
resource "google_project_iam_member" "build_copy" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "only the copies that functions are built from"
    expression = "resource.name.startsWith('projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}')"
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.functions.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_project_iam_member" "build_log" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}
