# For students. The addresses are yours to change.
environment = "prod"

database = {
  tier           = "db-custom-2-7680"
  connections    = 200
  regional       = true
  disk_gigabytes = 50
  backups        = 30
}

sizes = {
  api            = { min_instances = 1 }
  generate_video = { max_instances = 15 }
}

settings = {
  mail_sender     = "lessons@example.org"
  speech_voice    = "en-US-Neural2-D"
  vertex_location = "europe-west1"
  writer_model    = "gemini-2.5-flash"
}

monthly_budget = 1000
