"""Published tables: Apache Iceberg, one audited branch per batch."""
