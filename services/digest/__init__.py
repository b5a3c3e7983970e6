"""What a group hears of itself: the weekly digest, its pictures, and the pages that show them."""
