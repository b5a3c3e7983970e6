"""A board on which six easy days beat one enormous one, an idea of Freezing Saddles.

A day's points count whole up to `FULL`, half from there to `HALF`, and a quarter above. Each day of at least
`BONUS_FROM` points earns `BONUS` more, on `MOST_BONUS_DAYS` days of a week (Monday to Sunday) at most. A year of a
thousand people has a third of a million days: `services.play.series.consistency_of` adds them up where they are.
"""

FULL, HALF = 60.0, 120.0
BONUS, BONUS_FROM, MOST_BONUS_DAYS = 5.0, 10.0, 5
