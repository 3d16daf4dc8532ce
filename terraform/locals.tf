# Names, sizes and what each function is told: all of it follows from pipeline.json and settings.json, which
# `./run.sh generate` writes from the code.

locals {
  pipeline = jsondecode(file("${path.module}/pipeline.json"))
  declared = jsondecode(file("${path.module}/settings.json"))

  prefix = "${var.prefix}-${var.environment}"

  functions = {
    for name, function in local.pipeline.functions : name => merge(function, {
      label = replace(name, "_", "-")
      size = {
        for key, usual in function.size :
        key => try(coalesce(var.sizes[name][key], usual), usual)
      }
      archive = name == "maintain" ? var.migration_archive : var.serving_archive
    })
  }
  # Before the first archive there is nothing to serve; accounts, grants and topics are there already.
  served    = { for name, function in local.functions : name => function if function.archive != "" }
  listeners = { for name, function in local.served : name => function if function.trigger == "topic" }

  # Which part fills each port: Google's where there is one, else what was chosen.
  chosen = merge(var.parts, {
    record        = "cloudsql"
    schema        = "owner"
    accounts      = "password"
    message_bus   = "pubsub"
    object_store  = "gcs"
    status_mirror = "firestore"
  })
  part_of = {
    for port, choice in local.declared.ports :
    port => local.chosen[choice.setting != null ? choice.setting : port]
  }
  choosers = distinct([for port in values(local.declared.ports) : port.setting if port.setting != null])
  # Settings that some part needs are told to the functions that use it alone; the others to all.
  particular = distinct(flatten([for port in values(local.declared.ports) : [for needs in values(port.parts) : needs]]))
  general    = [for name, about in local.declared.settings : name if !about.secret && !contains(concat(local.choosers, local.particular), name)]

  needs = {
    for name, function in local.functions :
    name => distinct(flatten([for port in function.uses : local.declared.ports[port].parts[local.part_of[port]]]))
  }

  # What resources decide; the rest comes from var.settings or is the code's default.
  setting_values = merge(var.settings, local.chosen_values, {
    environment        = var.environment
    commit             = var.commit
    public_url         = local.public_url
    project_id         = var.project_id
    resource_prefix    = local.prefix
    firestore_database = google_firestore_database.mirror.name
    media_bucket       = google_storage_bucket.media.name
    sources_bucket     = google_storage_bucket.sources.name
  })
  chosen_values = { for setting in local.choosers : setting => local.chosen[setting] }

  # The url that Cloud Run gives a service is known beforehand: name, project number, region.
  public_url = "https://${local.prefix}-${local.functions["api"].label}-${data.google_project.this.number}.${var.region}.run.app"

  environment = {
    for name, function in local.functions : name => merge(
      {
        for setting in concat(local.general, local.needs[name], [for port in function.uses : local.declared.ports[port].setting if local.declared.ports[port].setting != null]) :
        upper(setting) => local.setting_values[setting]
        if contains(keys(local.setting_values), setting)
      },
      {
        DATABASE_POOL_SIZE = tostring(function.size.pool)
        # Where the buildpack puts the archive: functions/<name>/main.py finds `shared` there.
        PYTHONPATH = "/workspace"
        # One process, as many threads as requests at once.
        WORKERS                   = "1"
        THREADS                   = tostring(function.size.concurrency)
        CLOUD_RUN_TIMEOUT_SECONDS = tostring(function.timeout)
        # glibc keeps an arena for each thread otherwise: a third more memory.
        MALLOC_ARENA_MAX = "2"
      },
      contains(local.needs[name], "database_user") ? { DATABASE_USER = local.database_users[name] } : {},
    )
  }

  # Needed, no secret, and nobody said it, or said nothing by it.
  unsaid = {
    for name in keys(local.functions) : name => [
      for setting in local.needs[name] : upper(setting)
      if !local.declared.settings[setting].secret && trimspace(try(local.environment[name][upper(setting)], "")) == ""
    ]
  }

  secrets = distinct(flatten([for name, function in local.functions : [for setting in local.needs[name] : setting if local.declared.settings[setting].secret]]))
  # One entry for each function that reads a secret.
  secret_readers = merge([
    for name, function in local.functions : {
      for setting in local.needs[name] : "${name}/${setting}" => { function = name, setting = setting }
      if local.declared.settings[setting].secret
    }
  ]...)
  secret_versions = { for setting in local.secrets : setting => tostring(try(var.secret_versions[replace(setting, "_", "-")], 1)) }

  database_users = {
    for name, function in local.functions : name => trimsuffix(google_service_account.function[name].email, ".gserviceaccount.com")
    if contains(function.uses, "record")
  }
  connections_used = sum([for function in values(local.functions) : function.size.max_instances * function.size.pool])

  key = var.encryption_key == "" ? null : var.encryption_key
}

data "google_project" "this" {
  project_id = var.project_id
}
