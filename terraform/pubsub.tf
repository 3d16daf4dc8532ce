# Topics, and subscriptions of our own: what a trigger generates can be given no dead letter, back-off or deadline.

resource "google_pubsub_topic" "pipeline" {
  for_each = toset(local.pipeline.topics)

  name         = "${local.prefix}-${each.key}"
  kms_key_name = local.key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_kms_crypto_key_iam_member.agent, google_project_service.api["pubsub"]]
}

resource "google_pubsub_subscription" "push" {
  for_each = local.listeners

  name                       = "${local.prefix}-${each.value.label}"
  topic                      = google_pubsub_topic.pipeline[each.value.listens].id
  ack_deadline_seconds       = each.value.ack_deadline
  message_retention_duration = "${7 * 24 * 3600}s"

  expiration_policy {
    ttl = "" # never, however quiet it is
  }

  push_config {
    push_endpoint = google_cloudfunctions2_function.this[each.key].service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = google_cloudfunctions2_function.this[each.key].service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "${local.pipeline.delivery.retry_minimum_seconds}s"
    maximum_backoff = "${local.pipeline.delivery.retry_maximum_seconds}s"
  }

  # The dead letters' own are delivered until they are taken.
  dynamic "dead_letter_policy" {
    for_each = each.value.listens == local.pipeline.dead_letter_topic ? [] : [local.pipeline.dead_letter_topic]

    content {
      dead_letter_topic     = google_pubsub_topic.pipeline[dead_letter_policy.value].id
      max_delivery_attempts = local.pipeline.delivery.max_delivery_attempts
    }
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.push,
    google_pubsub_topic_iam_member.dead_letter,
    google_service_account_iam_member.push_token,
  ]
}

# Every dead letter also waits here for a person, whatever the function made of it.
resource "google_pubsub_subscription" "dead_letter_archive" {
  name                       = "${local.prefix}-${local.pipeline.dead_letter_topic}-archive"
  topic                      = google_pubsub_topic.pipeline[local.pipeline.dead_letter_topic].id
  ack_deadline_seconds       = 60
  message_retention_duration = "${7 * 24 * 3600}s"
  retain_acked_messages      = true

  expiration_policy {
    ttl = ""
  }
}

# The sweeper's tick.
resource "google_cloud_scheduler_job" "sweep" {
  name      = "${local.prefix}-${local.functions["sweep"].label}"
  region    = var.region
  schedule  = "* * * * *"
  time_zone = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.pipeline[local.functions["sweep"].listens].id
    data       = base64encode(jsonencode({ schema = 1 }))
  }

  # Not tried again, which is the default: the next minute's tick is as good.

  depends_on = [google_project_service.api["cloudscheduler"]]
}
