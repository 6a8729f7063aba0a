"""How Celery runs: JSON messages, acknowledged late, one at a time per process.

A message may come twice or never; jobs are claimed by lease and swept, so neither matters.
"""

# Above the longest job, so that Redis does not hand a running task to a second worker. All three
# places that Celery's documentation names.
_longest_job = 24 * 3600
broker_transport_options = {
    "visibility_timeout": _longest_job,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
}
result_backend_transport_options = {"visibility_timeout": _longest_job}
visibility_timeout = _longest_job

broker_connection_retry_on_startup = True
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = False
worker_prefetch_multiplier = 1
worker_cancel_long_running_tasks_on_connection_loss = False
worker_hijack_root_logger = False
worker_send_task_events = True
task_send_sent_event = True
# Stopping: tasks get this long to end by themselves; a job cut short goes on from its checkpoint.
worker_soft_shutdown_timeout = 0.5

task_serializer = "json"
accept_content = ["json"]
timezone = "UTC"
task_default_queue = "maintenance"
