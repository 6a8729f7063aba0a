"""Services of vendors over HTTP: retries, timeouts and cancellation, and their errors as ours."""
