"""Pure arithmetic about sport and time: no database, no clock, nothing of ours is imported."""
