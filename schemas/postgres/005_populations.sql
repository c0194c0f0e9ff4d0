-- Population segments: what each partition reports of its members at one instant, and where the cut fell.

CREATE TABLE population_snapshots (
  tenant text COLLATE "C" NOT NULL,
  segment text COLLATE "C" NOT NULL,
  as_of timestamptz NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  snapshot bytea NOT NULL, -- the segmenter's own form: members with their values
  PRIMARY KEY (tenant, segment, as_of, topic, partition)
);

CREATE TABLE population_results (
  tenant text COLLATE "C" NOT NULL,
  segment text COLLATE "C" NOT NULL,
  as_of timestamptz NOT NULL,
  record jsonb NOT NULL, -- the control record that carries the cut
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, segment, as_of)
);
