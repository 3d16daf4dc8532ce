# With a key of our own: every service that keeps something of ours encrypts it with the key, as its own account.

locals {
  # The domains of these services' accounts: service-NUMBER@DOMAIN.iam.gserviceaccount.com.
  encrypting_agents = {
    artifactregistry = "gcp-sa-artifactregistry"
    cloudfunctions   = "gcf-admin-robot"
    eventarc         = "gcp-sa-eventarc" # asked for by functions with a key, whether events wake them or not
    firestore        = "gcp-sa-firestore"
    run              = "serverless-robot-prod"
    secretmanager    = "gcp-sa-secretmanager"
    sqladmin         = "gcp-sa-cloud-sql"
  }
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = {
    for service, member in merge(local.agents, { storage = data.google_storage_project_service_account.this.member }) :
    service => member if var.encryption_key != ""
  }

  crypto_key_id = var.encryption_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value

  depends_on = [google_project_service_identity.agent, google_project_service.api["cloudkms"]]
}
