"""Boards, series, goals, rivalries, challenges and seasons, all computed from activities."""
