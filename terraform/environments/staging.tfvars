# As prod, smaller.
environment = "staging"

database = {
  tier           = "db-custom-1-3840"
  connections    = 100
  disk_gigabytes = 10
}

sizes = {
  api              = { max_instances = 2 }
  validate_request = { max_instances = 2 }
  retrieve_content = { max_instances = 2 }
  generate_script  = { max_instances = 2 }
  generate_video   = { max_instances = 4 }
  process_video    = { max_instances = 4 }
}

settings = {
  mail_sender     = "lessons@example.org"
  speech_voice    = "en-US-Neural2-D"
  vertex_location = "europe-west1"
  writer_model    = "gemini-2.5-flash"
}
