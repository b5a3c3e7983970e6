"""The game: boards, series, goals, rivalries, challenges and seasons, read from activities."""
