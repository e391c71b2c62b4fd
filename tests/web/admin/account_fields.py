"""What every account form sends in addition to address and credentials."""

USE = {"enabled": "on", "priority": 10, "weight": 1}
LIMITS = {"max_in_flight": 5, "submits_per_minute": 60, "polls_per_second": 20, "connect_timeout_s": 5, "read_timeout_s": 30}
