# What wakes a person. Each alert says which page of docs/runbook.md to open.

locals {
  subscriptions = "resource.type = \"pubsub_subscription\" AND resource.label.subscription_id = monitoring.regex.full_match(\"${local.prefix}-.*\")"
  services_run  = "resource.type = \"cloud_run_revision\" AND resource.label.service_name = monitoring.regex.full_match(\"${local.prefix}-.*\")"

  alerts = {
    dead-letters = {
      title     = "A message ran out of deliveries"
      filter    = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type = \"pubsub_subscription\" AND resource.label.subscription_id = \"${google_pubsub_subscription.dead_letter_archive.name}\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_SUM"
      group_by  = []
      threshold = 0
      duration  = 0
      severity  = "ERROR"
    }
    oldest-message = {
      title     = "A message waits for too long"
      filter    = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND ${local.subscriptions} AND resource.label.subscription_id != \"${google_pubsub_subscription.dead_letter_archive.name}\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      group_by  = ["resource.label.subscription_id"]
      threshold = 600
      duration  = 300
      severity  = "ERROR"
    }
    stuck-requests = {
      title     = "Requests were given up by the sweeper"
      filter    = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.given_up.name}\" AND resource.type = \"cloud_run_revision\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      threshold = 0
      duration  = 0
      severity  = "ERROR"
    }
    sweeps = {
      title     = "The sweeper has more and more to do"
      filter    = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.swept.name}\" AND resource.type = \"cloud_run_revision\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      threshold = 5
      duration  = 900
      severity  = "WARNING"
    }
    slow-stage = {
      title     = "A function is slow (p95)"
      filter    = "metric.type = \"run.googleapis.com/request_latencies\" AND ${local.services_run}"
      aligner   = "ALIGN_PERCENTILE_95"
      reducer   = "REDUCE_MAX"
      group_by  = ["resource.label.service_name"]
      threshold = 120000 # milliseconds; the goal for a whole lesson is a minute
      duration  = 600
      severity  = "WARNING"
    }
    api-down = {
      title     = "The api does not answer"
      filter    = "metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type = \"uptime_url\" AND metric.label.check_id = \"${try(google_monitoring_uptime_check_config.api[0].uptime_check_id, "")}\""
      aligner   = "ALIGN_NEXT_OLDER"
      reducer   = "REDUCE_COUNT_FALSE"
      group_by  = []
      threshold = 1 # of the places that ask: one alone may have lost its way
      duration  = 120
      severity  = "CRITICAL"
    }
    database-connections = {
      title     = "The database runs out of connections"
      filter    = "metric.type = \"cloudsql.googleapis.com/database/postgresql/num_backends\" AND resource.type = \"cloudsql_database\" AND resource.label.database_id = \"${var.project_id}:${google_sql_database_instance.record.name}\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_SUM"
      group_by  = []
      threshold = floor(var.database.connections * 0.9)
      duration  = 300
      severity  = "ERROR"
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "${local.prefix}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.api["monitoring"]]
}

resource "google_logging_metric" "given_up" {
  name        = "${local.prefix}-requests-given-up"
  description = "Requests that the sweeper published so often that it failed them."
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.prefix}-${local.functions["sweep"].label}\" AND jsonPayload.message=\"request given up\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.api["logging"]]
}

resource "google_logging_metric" "swept" {
  name        = "${local.prefix}-sweeps"
  description = "Sweeps that found requests to get going again."
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.prefix}-${local.functions["sweep"].label}\" AND jsonPayload.message=\"sweep: swept\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.api["logging"]]
}

# Made once there is something to watch: by then the two metrics above are known to Monitoring, which takes minutes, and
# refuses an alert on a metric that it does not know.
resource "google_monitoring_alert_policy" "this" {
  for_each = { for name, alert in local.alerts : name => alert if contains(keys(local.served), "api") }

  display_name          = "${local.prefix}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = "${each.value.duration}s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.group_by
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Open docs/runbook.md#${each.key} in the repository."
  }

  alert_strategy {
    auto_close = "${7 * 24 * 3600}s"
  }

  depends_on = [google_project_service.api["monitoring"]]
}

# The share of calls that ended with 5xx, of each function: a quotient, so a policy of its own.
resource "google_monitoring_alert_policy" "error_ratio" {
  display_name          = "${local.prefix}: A function fails too often"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = "More than a fifth of the calls failed"

    condition_threshold {
      filter             = "metric.type = \"run.googleapis.com/request_count\" AND metric.label.response_code_class = \"5xx\" AND ${local.services_run}"
      denominator_filter = "metric.type = \"run.googleapis.com/request_count\" AND ${local.services_run}"
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.2
      duration           = "600s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }

      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Open docs/runbook.md#error-ratio in the repository."
  }

  depends_on = [google_project_service.api["monitoring"]]
}

# Whether the api answers at all, asked from outside.
resource "google_monitoring_uptime_check_config" "api" {
  count = contains(keys(local.served), "api") ? 1 : 0

  display_name = "${local.prefix}: api"
  timeout      = "10s"
  period       = "60s"

  http_check {
    path         = "/v1/health" # not /healthz: Google's front end answers that itself
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project_id
      host       = trimprefix(local.public_url, "https://")
    }
  }

  depends_on = [google_project_service.api["monitoring"]]
}

locals {
  charts = [
    { title = "Calls by function", filter = "metric.type=\"run.googleapis.com/request_count\" ${local.services_run_plain}", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", group = "resource.label.service_name" },
    { title = "p95 by function (ms)", filter = "metric.type=\"run.googleapis.com/request_latencies\" ${local.services_run_plain}", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", group = "resource.label.service_name" },
    { title = "Calls that failed (5xx)", filter = "metric.type=\"run.googleapis.com/request_count\" metric.label.response_code_class=\"5xx\" ${local.services_run_plain}", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", group = "resource.label.service_name" },
    { title = "Messages waiting", filter = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" resource.type=\"pubsub_subscription\" resource.label.subscription_id=monitoring.regex.full_match(\"${local.prefix}-.*\")", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", group = "resource.label.subscription_id" },
    { title = "Oldest message (s)", filter = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" resource.type=\"pubsub_subscription\" resource.label.subscription_id=monitoring.regex.full_match(\"${local.prefix}-.*\")", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", group = "resource.label.subscription_id" },
    { title = "Database connections", filter = "metric.type=\"cloudsql.googleapis.com/database/postgresql/num_backends\" resource.type=\"cloudsql_database\" resource.label.database_id=\"${var.project_id}:${local.prefix}\"", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", group = "resource.label.database_id" },
    { title = "Requests swept", filter = "metric.type=\"logging.googleapis.com/user/${local.prefix}-sweeps\" resource.type=\"cloud_run_revision\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", group = "resource.label.service_name" },
    { title = "Instances", filter = "metric.type=\"run.googleapis.com/container/instance_count\" ${local.services_run_plain}", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", group = "resource.label.service_name" },
  ]
  services_run_plain = "resource.type=\"cloud_run_revision\" resource.label.service_name=monitoring.regex.full_match(\"${local.prefix}-.*\")"
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = local.prefix
    mosaicLayout = {
      columns = 12
      tiles = [
        for place, chart in local.charts : merge(
          # Monitoring leaves a position of 0 out of its answer: said here, every plan would have a change.
          { for side, position in { xPos = (place % 2) * 6, yPos = floor(place / 2) * 4 } : side => position if position > 0 },
          {
            width  = 6
            height = 4
            widget = {
              title = chart.title
              xyChart = {
                dataSets = [{
                  plotType = "LINE"
                  timeSeriesQuery = {
                    timeSeriesFilter = {
                      filter = chart.filter
                      aggregation = {
                        alignmentPeriod    = "60s"
                        perSeriesAligner   = chart.aligner
                        crossSeriesReducer = chart.reducer
                        groupByFields      = [chart.group]
                      }
                    }
                  }
                }]
              }
            }
          },
        )
      ]
    }
  })

  depends_on = [google_logging_metric.swept, google_project_service.api["monitoring"]]
}
