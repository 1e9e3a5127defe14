"""Progress: what a couple, a partner or the counselor may look back on, frozen before it is shown."""
