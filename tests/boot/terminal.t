#!/bin/bash
# job: 1 slow
# The terminal under a person's hands: line editing, signals from the keyboard, job
# control, raw mode.
exec python3 tests/boot/terminal.py
