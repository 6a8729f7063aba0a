"""What every request passes: access rules, idempotency, paging, validation, logs."""
