# A small system that may be thrown away.
environment = "dev"

database = {
  tier               = "db-g1-small"
  connections        = 50
  disk_gigabytes     = 10
  deletion_protected = false
}

sizes = {
  api                = { concurrency = 20, max_instances = 1, pool = 5 }
  validate_request   = { max_instances = 1 }
  retrieve_content   = { max_instances = 1 }
  generate_script    = { max_instances = 1 }
  generate_video     = { max_instances = 2 }
  process_video      = { max_instances = 2 }
  notify_student     = { max_instances = 1 }
  mirror_status      = { max_instances = 1 }
  handle_dead_letter = { max_instances = 1 }
}

parts = {
  mailer = "none"
}

settings = {
  speech_voice    = "en-US-Neural2-D"
  vertex_location = "europe-west1"
  writer_model    = "gemini-2.5-flash"
}

monthly_budget = 100
