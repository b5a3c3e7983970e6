"""The adapter for buckets that speak the protocol of Amazon S3."""
