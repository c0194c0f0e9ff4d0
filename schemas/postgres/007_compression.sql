-- States past 2 kB are compressed at every flush: lz4 costs a fraction of pglz. A server built without lz4 keeps pglz.
DO $$
BEGIN
  ALTER TABLE subject_states ALTER COLUMN state SET COMPRESSION lz4;
  ALTER TABLE subject_states ALTER COLUMN projection SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  RAISE NOTICE 'lz4 is not built in: states stay with pglz';
END
$$;
