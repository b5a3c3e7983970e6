"""All jobs, named once: importing this lets the bells find who answers them, and loads what a worker needs."""

from jobs import delivery, digests, garmin, tick

WORK = (delivery.drain, garmin.drain, digests.make, tick.tick)
