"""The consistency board, on which six easy days beat one enormous day. The idea comes from Freezing Saddles.

Of a day's points, those up to `FULL` count in full, those up to `HALF` count half, and those above a quarter. Each day
with at least `BONUS_FROM` points earns `BONUS` more, on at most `MOST_BONUS_DAYS` days of a week (Monday to Sunday). A
year of a thousand people has a third of a million days, so `services.play.series.score_consistency` sums them in SQL.
"""

FULL, HALF = 60.0, 120.0
BONUS, BONUS_FROM, MOST_BONUS_DAYS = 5.0, 10.0, 5
