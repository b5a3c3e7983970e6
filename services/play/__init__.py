"""The game: sums, boards, records, goals, rivalries and challenges, read from activities."""
