-- Population segments: what each partition reports of its members at one instant, and where the cut fell.

CREATE TABLE population_snapshots (
  tenant text COLLATE "C" NOT NULL,
  segment text COLLATE "C" NOT NULL,
  as_of timestamptz NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  members jsonb NOT NULL, -- {"member id": value}
  PRIMARY KEY (tenant, segment, as_of, topic, partition)
);

CREATE TABLE population_results (
  tenant text COLLATE "C" NOT NULL,
  segment text COLLATE "C" NOT NULL,
  as_of timestamptz NOT NULL,
  cut jsonb NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, segment, as_of)
);
