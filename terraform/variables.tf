variable "alert_emails" {
  description = "Addresses that alerts are sent to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "Each of alert_emails must be an e-mail address."
  }
}

variable "audit_logs" {
  description = "Whether reads and writes of secrets, database and objects are logged (Data Access audit logs). A project has one such setting: where environments share a project, one of them makes it."
  type        = bool
  default     = true
}

variable "billing_account" {
  description = "Billing account of the budget, such as 012345-567890-ABCDEF; empty for no budget."
  type        = string
  default     = ""

  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must be like 012345-567890-ABCDEF, or empty."
  }
}

variable "browser_origins" {
  description = "Origins of web pages that may play the lessons, such as https://lessons.example.org; the api's own is always allowed."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.browser_origins : can(regex("^https://[^/*]+$", origin))])
    error_message = "Each of browser_origins must be https:// and a host, without a path or a wildcard."
  }
}

variable "code_bucket" {
  description = "Bucket that holds the archives of the code; `terraform/bootstrap` makes it."
  type        = string
}

variable "commit" {
  description = "The commit that the serving archive was made from, shown in /v1/health."
  type        = string
  default     = "unknown"
}

variable "database" {
  description = "Size and safety of the database. `connections` is PostgreSQL's max_connections. The disk begins with `disk_gigabytes` and grows by itself, up to ten times that. With `public_address`, migrations go from the deployer's machine through the connector."
  type = object({
    tier               = string
    connections        = number
    regional           = optional(bool, false)
    disk_gigabytes     = optional(number, 20)
    backups            = optional(number, 7)
    log_days           = optional(number, 7)
    deletion_protected = optional(bool, true)
    public_address     = optional(bool, false)
  })

  validation {
    condition     = var.database.connections >= 25 && var.database.connections <= 1000
    error_message = "database.connections must be between 25 and 1000."
  }

  validation {
    condition     = var.database.log_days >= 1 && var.database.log_days <= 7 && var.database.backups >= var.database.log_days
    error_message = "database.log_days must be 1 to 7, and there must be at least as many daily backups."
  }

  validation {
    condition     = var.environment != "prod" || (var.database.deletion_protected && !var.database.public_address)
    error_message = "In prod the database must be protected from deletion and have no public address."
  }
}

variable "deployer" {
  description = "Who is deploying, as IAM names members; deploy.sh says so. Calls `maintain` (migrations), unless deployers names others."
  type        = string

  validation {
    condition     = can(regex("^(user|serviceAccount):[^@\\s]+@[^@\\s]+$", var.deployer))
    error_message = "deployer must be a user: or a serviceAccount:; nobody else can run the migrations."
  }
}

variable "deployers" {
  description = "Who may call `maintain` (migrations), where several people or machines deploy: user:…, group:… or serviceAccount:…."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.deployers : can(regex("^(user|group|serviceAccount):[^@\\s]+@[^@\\s]+$", member))])
    error_message = "Each of deployers must be a user:, group: or serviceAccount:."
  }
}

variable "encryption_key" {
  description = "Cloud KMS key of our own for database, buckets, topics and secrets (projects/…/cryptoKeys/…); empty for Google's keys."
  type        = string
  default     = ""

  validation {
    condition     = var.encryption_key == "" || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.encryption_key))
    error_message = "encryption_key must be projects/…/locations/…/keyRings/…/cryptoKeys/…, or empty."
  }

  validation {
    condition     = var.encryption_key == "" || try(split("/", var.encryption_key)[3], "") == var.region
    error_message = "encryption_key must lie in the region of what it encrypts: ${var.region}."
  }
}

variable "environment" {
  description = "Which of the environments this is."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "migration_archive" {
  description = "Archive in code_bucket that `maintain` runs: the newest, before anything else serves it. Empty before the first."
  type        = string
  default     = ""

  validation {
    condition     = var.migration_archive == "" || can(regex("^functions-[0-9a-f]{64}\\.zip$", var.migration_archive))
    error_message = "migration_archive must be functions-<SHA-256>.zip, or empty."
  }
}

variable "monthly_budget" {
  description = "Budget in whole units of the billing account's currency; alerts at 50, 90 and 100 %."
  type        = number
  default     = 200

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "monthly_budget must be a whole number from 1."
  }
}

variable "parts" {
  description = "How ports are filled where there is a choice; shared/parts.py says what there is. Bus, objects and mirror are always Google's."
  type = object({
    writer      = optional(string, "gemini")
    speech      = optional(string, "google")
    embeddings  = optional(string, "minilm")
    illustrator = optional(string, "none")
    mailer      = optional(string, "smtp")
    webhook     = optional(string, "none")
  })
  default = {}

  validation {
    condition = alltrue([
      for setting, part in var.parts :
      contains(flatten([for port in values(jsondecode(file("${path.module}/settings.json")).ports) : keys(port.parts) if port.setting == setting]), part)
    ])
    error_message = "Each of parts must be one that shared/parts.py declares for its port (terraform/settings.json lists them)."
  }

  validation {
    condition     = !contains(["outbox"], var.parts.mailer) && !contains(["outbox"], var.parts.webhook) && var.parts.speech != "piper"
    error_message = "An outbox folder and the voice Piper are parts of one machine: choose smtp or none, http or none, and google."
  }
}

variable "prefix" {
  description = "First part of every resource's name; the environment is the second."
  type        = string
  default     = "vividly"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]+[a-z0-9]$", var.prefix)) && !startswith(var.prefix, "goog")
    error_message = "prefix must be 3 or more lower-case letters, digits and hyphens, beginning with a letter and not with goog."
  }

  # A VPC connector's name has 20 characters at most, of which each hyphen is two; "-staging" takes 9 of them.
  validation {
    condition     = length(replace(var.prefix, "-", "--")) <= 11
    error_message = "prefix must have 11 characters at most, each hyphen counted twice."
  }
}

variable "project_id" {
  description = "The Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a Google Cloud project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of everything that has one."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a Google Cloud region, such as europe-west1."
  }
}

variable "secret_versions" {
  description = "The version of each secret that the functions read; raised to roll a secret over."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : version >= 1 && floor(version) == version])
    error_message = "secret_versions are whole numbers from 1; \"latest\" is no version."
  }

  validation {
    condition = alltrue([
      for name in keys(var.secret_versions) :
      contains([for setting, about in jsondecode(file("${path.module}/settings.json")).settings : replace(setting, "_", "-") if about.secret], name)
    ])
    error_message = "secret_versions may name only secrets that shared/settings.py declares."
  }
}

variable "serving_archive" {
  description = "Archive in code_bucket that the functions run. Empty before the first deployment: then there are no functions but `maintain`."
  type        = string
  default     = ""

  validation {
    condition     = var.serving_archive == "" || can(regex("^functions-[0-9a-f]{64}\\.zip$", var.serving_archive))
    error_message = "serving_archive must be functions-<SHA-256>.zip, or empty."
  }
}

variable "settings" {
  description = "Values of settings that are no secrets and that no resource decides, by their names in shared/settings.py."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.settings) :
      !try(jsondecode(file("${path.module}/settings.json")).settings[name].secret, true)
    ])
    error_message = "settings may name only settings that shared/settings.py declares, and no secrets."
  }
}

variable "sizes" {
  description = "What differs from the functions' usual sizes, by function."
  type = map(object({
    cpu           = optional(string)
    memory        = optional(string)
    concurrency   = optional(number)
    min_instances = optional(number)
    max_instances = optional(number)
    pool          = optional(number)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.sizes) : contains(keys(jsondecode(file("${path.module}/pipeline.json")).functions), name)])
    error_message = "sizes may name only functions that shared/pipeline.py declares."
  }

  # To Cloud Run, 0 instances at most are as many as it likes; with a pool of 0 no function starts.
  validation {
    condition = alltrue(flatten([
      for size in values(var.sizes) : [
        for number in [size.concurrency, size.max_instances, size.pool] :
        number == null ? true : number >= 1 && floor(number) == number
      ]
    ]))
    error_message = "In sizes, concurrency, max_instances and pool must be whole numbers from 1."
  }
}

variable "vpc_egress" {
  description = "Which traffic of the functions goes through the network: PRIVATE_RANGES_ONLY, or ALL_TRAFFIC (through a NAT with a fixed address)."
  type        = string
  default     = "PRIVATE_RANGES_ONLY"

  validation {
    condition     = contains(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"], var.vpc_egress)
    error_message = "vpc_egress must be PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
  }
}
