"""The terminal under a person's hands. tests/boot/terminal.t runs it."""
import os
import sys

sys.path.insert(0, 'tests/harness')
from terminal import PROMPT, Terminal, plan, result  # noqa: E402

terminal = Terminal('tools/pleat-run', '--cpus', '1')
case = terminal.case

result('the-shell-welcomes', terminal.wait_for('This is Pleat.*' + PROMPT), terminal.text)
case('what-is-typed-is-echoed-and-run', 'echo one two\r', r'echo one two\none two\n' + PROMPT)
case('erase-takes-a-character-back', 'echo abX\x7fc\r', r'\nabc\n' + PROMPT)
case('a-line-can-be-thrown-away', 'garbage\x15echo clean\r', r'\nclean\n' + PROMPT)
case('the-terminal-has-a-name', 'tty\r', r'\n/dev/ttyS0\n')
case('a-program-in-the-foreground', "sh -c 'echo r-1; exec sleep 1000'\r", r'\nr-1\n')
case('is-interrupted-by-ctrl-c', '\x03', r'\^C.*' + PROMPT)
case('its-status-is-128-and-the-signal', 'echo $?\r', r'\n130\n')
case('another-one', "sh -c 'echo r-2; exec sleep 1001'\r", r'\nr-2\n')
case('is-stopped-by-ctrl-z', '\x1a', r'Stopped.*' + PROMPT)
case('jobs-lists-it', 'jobs\r', r'Stopped +sh -c.*' + PROMPT)
case('bg-lets-it-go-on', 'bg; jobs\r', r'Running +sh -c.*' + PROMPT)
case('fg-takes-it-back', 'fg\r', r'\nsh -c "echo r-2; exec sleep 1001"\n')
case('and-ctrl-c-ends-it', '\x03', r'\^C.*' + PROMPT)
case('a-background-reader-is-stopped', 'cat &\r', PROMPT)
case('by-SIGTTIN', "until ps -o stat,args | grep -q '^ *T.* cat$'; do sleep 0.1; done; jobs\r",
     r'Stopped \(tty input\) +cat')
case('it-can-be-killed', 'kill -9 %1; wait; echo gone\r', r'\ngone\n.*' + PROMPT)
case('cat-waits-for-lines', 'echo r-3; cat; echo done\r', r'\nr-3\n')
case('a-line-is-read-whole', 'line\r', r'line\nline\n')
case('ctrl-d-ends-input', '\x04', r'done\n.*' + PROMPT)
case('raw-mode', 'stty raw -echo; echo r-4; head -c 2 | od -c | head -n 1; stty sane\r',
     r'\nr-4\n')
case('gives-single-bytes', 'ab', r'0000000 +a +b.*' + PROMPT)
case('echo-is-back', 'echo visible\r', r'echo visible\nvisible\n' + PROMPT)
case('the-debug-key-asks-for-a-line', '\x1d', r'\ndebug> $')
case('shows-what-is-typed-and-answers', 'vmmap 2x\x7f\r',
     r'vmmap 2x\x08 \x08\n.*vmmap of process 2 \(sh\)')
case('names-what-it-knows', '\x1dhelp\r', r'debug> help\n.*type `vmmap \[PID\]` or `pgwalk')
case('and-leaves-the-shell-alone', 'echo quiet\r', r'\nquiet\n' + PROMPT)
case('exit-leaves', 'exit\r', r'logout|exit')
_, status = os.waitpid(terminal.pid, 0)
result('and-the-machine-ends-well', status == 0)
plan()
