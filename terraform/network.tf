# A network of our own: the database has no public address, and the functions reach it through a connector.

resource "google_compute_network" "this" {
  name                    = local.prefix
  auto_create_subnetworks = false

  depends_on = [google_project_service.api["compute"]]
}

resource "google_compute_subnetwork" "connector" {
  name                     = "${local.prefix}-connector"
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = "10.8.0.0/28"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

resource "google_vpc_access_connector" "this" {
  name          = local.prefix
  region        = var.region
  min_instances = 2
  max_instances = var.environment == "prod" ? 6 : 3
  machine_type  = "e2-micro"

  subnet {
    name = google_compute_subnetwork.connector.name
  }

  depends_on = [google_project_service.api["vpcaccess"]]
}

# The addresses that Google's own networks, such as Cloud SQL's, may use in ours.
resource "google_compute_global_address" "services" {
  name          = "${local.prefix}-services"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
  # Cloud SQL holds the connection for days after its instance is gone, and refuses to have it deleted; deploy.sh removes
  # our end of it. A network of the same name that is made again finds the other end still there.
  deletion_policy         = "ABANDON"
  update_on_creation_fail = true

  depends_on = [google_project_service.api["servicenetworking"]]
}

# Nothing of ours listens in this network.
resource "google_compute_firewall" "deny_in" {
  name          = "${local.prefix}-deny-in"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}

# With ALL_TRAFFIC, whatever leaves does so from one address, and the connector reaches nothing but HTTPS and SMTP.
resource "google_compute_router" "egress" {
  count = var.vpc_egress == "ALL_TRAFFIC" ? 1 : 0

  name    = "${local.prefix}-egress"
  network = google_compute_network.this.id
  region  = var.region
}

resource "google_compute_address" "egress" {
  count = var.vpc_egress == "ALL_TRAFFIC" ? 1 : 0

  name   = "${local.prefix}-egress"
  region = var.region
}

resource "google_compute_router_nat" "egress" {
  count = var.vpc_egress == "ALL_TRAFFIC" ? 1 : 0

  name                               = "${local.prefix}-egress"
  router                             = google_compute_router.egress[0].name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = google_compute_address.egress[*].self_link
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.connector.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

resource "google_compute_firewall" "allow_out" {
  count = var.vpc_egress == "ALL_TRAFFIC" ? 1 : 0

  name               = "${local.prefix}-allow-out"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443", "465", "587", "3307", "5432"]
  }
}

# The connector's own way back to the functions, which what is refused below must not cut.
resource "google_compute_firewall" "allow_back" {
  count = var.vpc_egress == "ALL_TRAFFIC" ? 1 : 0

  name               = "${local.prefix}-allow-back"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["35.199.224.0/19"]

  allow {
    protocol = "tcp"
    ports    = ["667"]
  }

  allow {
    protocol = "udp"
    ports    = ["665-666"]
  }

  allow {
    protocol = "icmp"
  }
}

resource "google_compute_firewall" "deny_out" {
  count = var.vpc_egress == "ALL_TRAFFIC" ? 1 : 0

  name               = "${local.prefix}-deny-out"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}
