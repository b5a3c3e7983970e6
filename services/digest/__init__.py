"""The weekly digest of a group, its pictures, and the pages that show it."""
