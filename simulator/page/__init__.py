"""The page that shows the phones."""
