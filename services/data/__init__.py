"""What concerns everything that we keep: copies, erasing, keeping times, keys, and taking back."""
