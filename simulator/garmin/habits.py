"""Six ready-made training weeks."""

from simulator.garmin.weeks import FRI, MON, SAT, SUN, THU, TUE, WED, Habits, Outing

CYCLIST = Habits(
    "cyclist",
    (
        Outing(WED, 0.90, "road_biking", 85, 138, 7.4, 9.0),
        Outing(FRI, 0.20, "indoor_cycling", 45, 142, 8.3, 0.0, 7),
        Outing(SAT, 0.85, "gravel_cycling", 100, 134, 6.1, 12.0, 9),
        Outing(SUN, 0.90, "road_biking", 195, 132, 7.2, 11.0, 9),
    ),
)
WALKER = Habits(
    "walker",
    (
        Outing(MON, 0.85, "walking", 70, 106, 1.5, 6.0),
        Outing(TUE, 0.85, "walking", 70, 106, 1.5, 6.0),
        Outing(WED, 0.85, "walking", 70, 104, 1.5, 6.0, 12),
        Outing(THU, 0.85, "walking", 70, 106, 1.5, 6.0),
        Outing(SAT, 0.90, "hiking", 220, 120, 1.15, 45.0, 9),
        Outing(SUN, 0.85, "walking", 70, 102, 1.4, 6.0, 15),
    ),
)
RUNNER = Habits(
    "runner",
    (
        Outing(TUE, 0.90, "running", 50, 148, 3.1, 7.0),
        Outing(THU, 0.85, "running", 55, 154, 3.2, 5.0),
        Outing(FRI, 0.80, "strength_training", 55, 112, hour=7),
        Outing(SAT, 0.30, "running", 28, 164, 3.5, 4.0, 9),
        Outing(SUN, 0.90, "running", 95, 144, 2.9, 11.0, 9),
    ),
)
SWIMMER = Habits(
    "swimmer",
    (
        Outing(MON, 0.90, "lap_swimming", 50, 132, 0.68, hour=7),
        Outing(WED, 0.85, "lap_swimming", 55, 134, 0.70, hour=7),
        Outing(THU, 0.30, "yoga", 45, 88, hour=19),
        Outing(FRI, 0.30, "lap_swimming", 45, 130, 0.66, hour=7),
        Outing(SAT, 0.90, "lap_swimming", 65, 130, 0.69, hour=10),
        Outing(SUN, 0.85, "yoga", 60, 90, hour=18),
    ),
)
LIFTER = Habits(
    "lifter",
    (
        Outing(MON, 0.90, "strength_training", 50, 114),
        Outing(WED, 0.85, "hiit", 30, 144),
        Outing(FRI, 0.50, "strength_training", 50, 114),
        Outing(SAT, 0.85, "running", 32, 150, 2.8, 5.0, 10),
    ),
)
ALL_ROUNDER = Habits(
    "all-rounder",
    (
        Outing(TUE, 0.90, "running", 45, 146, 2.9, 7.0),
        Outing(THU, 0.85, "lap_swimming", 40, 130, 0.62, hour=7),
        Outing(FRI, 0.25, "yoga", 40, 88, hour=19),
        Outing(SAT, 0.20, "hiking", 90, 118, 1.2, 40.0, 14),
        Outing(SUN, 0.90, "cycling", 110, 130, 6.6, 9.0, 10),
    ),
)
