"""Sessions from their welcome to their end. tests/boot/session.t runs it."""
import re
import subprocess
import sys

sys.path.insert(0, 'tests/harness')
from terminal import PROMPT, Terminal, plan, result  # noqa: E402


def session(*options):
    terminal = Terminal('tools/pleat-run', '--cpus', '1', *options)
    result('the-shell-welcomes', terminal.wait_for('This is Pleat.*' + PROMPT), terminal.text)
    return terminal


def ends(name, terminal, status=0):
    got = terminal.end()
    result(name, got == status, f'status {got}: {terminal.text}')


# ---- what init does besides ----
first = session()
first.case('an-orphan-goes-to-init', "sh -c '(sleep 0.3; exit 3) & echo child $!'; sleep 0.1; "
           "ps -o ppid,args | grep -c '^ *1 .*sleep'\r", r'child \d+\n\d+\n' + PROMPT)
first.case('and-is-reaped', "while ps -o stat,args | grep -qE '^ *Z|[s]leep 0.3'; do sleep 0.1; "
           'done; echo all gone\r', r'\nall gone\n' + PROMPT)
first.case('init-survives-what-it-does-not-know', 'kill -HUP 1; kill -9 1; echo alive\r',
           r'\nalive\n')
first.case('a-killed-shell-has-a-successor', 'kill -9 $$\r', r'killed by signal 9.*' + PROMPT)
first.case('at-a-terminal-in-order', "stty -echo -onlcr; kill -9 $$\r",
           r'killed by signal 9.*' + PROMPT)
first.case('as-it-was-at-first', "stty -a | grep -cE '(^| )(echo|onlcr)( |$)'\r",
           r'\n2\n' + PROMPT)
first.case('which-works-as-well', 'echo on; tty\r', r'\non\n/dev/ttyS0\n')
first.case('dmesg-shows-the-log', 'dmesg | grep loaded\r',
           r'\n\[ +\d+\.\d{6}\] Pleat \d.*loaded by.*' + PROMPT)
first.case('dmesg-c-shows-it', 'dmesg -c | grep -c "loaded by"\r', r'\n1\n')
first.case('and-takes-it-away', 'dmesg | wc -l\r', r'\n0\n')
first.case('an-unknown-option-of-dmesg-level', 'dmesg -n 0; echo $?\r', r'\n1\n')
first.case('its-level-can-be-set', 'dmesg -n 5; echo $?\r', r'\n0\n')
first.case('the-load-begins-at-nothing', 'cat /proc/loadavg\r', r'\n0\.\d\d 0\.\d\d 0\.\d\d \d')
first.case('the-load-grows-while-something-runs',
           "sh -c 'while :; do case $(cat /proc/loadavg) in 0.00*) ;; *) break;; esac; done'; cut -c1-2 /proc/loadavg\r",
           r'\n\d\.\n' + PROMPT)
first.type('halt\r')
ends('halt-ends-it', first)

# ---- orders ----
for order, name in (('USR2', 'sigusr2-powers-off'), ('USR1', 'sigusr1-halts'),
                    ('TERM', 'sigterm-reboots')):
    terminal = session('--append', 'quiet')
    terminal.case('a-program-that-cleans-up', "(trap 'echo cleaned; exit' TERM; echo r; "
                  "while :; do sleep 0.1; done) &\r", r'r\r?\n')
    terminal.type(f'kill -{order} 1\r')
    told = terminal.wait_for(r'cleaned')
    result('programs-are-asked-first', told, terminal.text)
    ends(name, terminal)

# ---- without a terminal ----
def piped(name, text, shows):
    """A shell whose commands come from a pipe: it ends with them."""
    run = subprocess.run(['tools/pleat-run', '--cpus', '1', '--append', 'quiet'], input=text,
                         capture_output=True, timeout=240, text=True, errors='replace')
    same = run.returncode == 0 and re.search(shows, run.stdout, re.S) and 'the shell' in run.stderr
    result(name, same, f'status {run.returncode}: {run.stdout} {run.stderr}')


piped('the-end-of-input-ends-the-shell', '', r'This is Pleat.*pleat:/# ')
piped('a-last-line-without-its-end-is-run', 'echo on$((1 + 1))e', r'\non2e')
piped('commands-from-a-pipe-are-run', 'echo on$((1 + 1))e\ncat\nto cat\n', r'\non2e.*\nto cat')

# ---- the terminal of the host ----
sized = Terminal('sh', '-c', 'stty rows 33 cols 101; exec tools/pleat-run --cpus 1 --append quiet')
sized.wait_for(PROMPT)
sized.case('its-size-is-that-of-the-host', 'stty size\r', r'\n33 101\n')
sized.type('exit\r')
ends('and-it-ends', sized)


def terminal_restored(name, how, shows='This is Pleat.*' + PROMPT, options='', says=''):
    """pleat-run under a shell that holds the terminal open: its modes are the same afterwards."""
    held = Terminal('sh', '-c',
                    f'stty -a | md5sum; tools/pleat-run --cpus 1 {options}; stty -a | md5sum; echo over')
    held.wait_for(shows)
    before = held.all.split()[0]
    how(held)
    result(name, held.wait_for(r'over\r?\n') and held.all.count(before) == 2 and says in held.all,
           held.all)


terminal_restored('the-terminal-is-restored-when-it-ends', lambda held: held.type('exit\r'))
terminal_restored('and-when-the-machine-is-killed', lambda held: held.kill('qemu-system'),
                  says='QEMU was ended by SIGKILL')
terminal_restored('and-when-it-is-reset', lambda held: held.type('reboot -f\r'))
terminal_restored('and-when-the-kernel-panics', lambda held: None, 'panic: read of address 0',
                  '--append crash=null')
plan()
