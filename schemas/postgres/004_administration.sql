-- Playbooks, keys and imports: what administrators bring in.

CREATE TABLE playbooks (
  tenant text COLLATE "C" NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  files jsonb NOT NULL, -- [{"name": …, "text": …}] in order
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by text NOT NULL,
  PRIMARY KEY (tenant, version)
);

-- Only a digest of the secret is kept.
CREATE TABLE api_keys (
  id text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  scope text NOT NULL CHECK (scope IN ('write', 'read', 'admin')),
  secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant);

-- An import is known by its file and mapping: the same one resumes, or has been done.
CREATE TABLE imports (
  tenant text COLLATE "C" NOT NULL,
  import_id text COLLATE "C" NOT NULL,
  file_sha256 bytea NOT NULL CHECK (length(file_sha256) = 32),
  mapping_sha256 bytea NOT NULL CHECK (length(mapping_sha256) = 32),
  total_rows bigint NOT NULL CHECK (total_rows >= 0),
  done_rows bigint NOT NULL DEFAULT 0 CHECK (done_rows BETWEEN 0 AND total_rows),
  first_time timestamptz,
  last_time timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (tenant, import_id),
  UNIQUE (tenant, file_sha256, mapping_sha256)
);
