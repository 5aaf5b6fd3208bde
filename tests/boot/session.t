#!/bin/bash
# job: 1 slow
# A session from its welcome to its end: init and its orders, orphans, the log, the
# terminal afterwards.
exec python3 tests/boot/session.py
