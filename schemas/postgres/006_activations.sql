-- When a playbook version went into the log; NULL: not yet.
ALTER TABLE playbooks ADD COLUMN activated_at timestamptz;
