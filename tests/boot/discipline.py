"""The same program at a terminal of Linux and at Pleat's: both show the same, case by case.
tests/boot/discipline.t runs it with the program and its arguments."""
import os
import pty
import re
import select
import subprocess
import sys
import time
import tty

sys.path.insert(0, 'tests/harness')
from terminal import plan, result  # noqa: E402

LIMIT = 290  # seconds for the whole: a backstop
REQUEST = re.compile(rb'<type ([0-9a-f]+) (\d+)>', re.I)
END = re.compile(rb'== end\r\n')


def converse(source, keys):
    """What the terminal shows until the end; types what it is asked for."""
    text, seen = b'', 0
    end = time.monotonic() + LIMIT
    while not END.search(text, seen):
        request = REQUEST.search(text, seen)
        if request:
            seen = request.end()
            send(keys, bytes.fromhex(request[1].decode()) * int(request[2]))
        elif select.select([source], [], [], max(0, end - time.monotonic()))[0]:
            new = os.read(source, 65536)
            text += new
            if not new:
                break
        else:
            break
    return text[:END.search(text).end()] if END.search(text) else text


def send(keys, data):
    """A terminal takes no more than its program has read: what it shows meanwhile is
    not for us to read."""
    while data:
        select.select([], [keys], [], LIMIT)
        data = data[os.write(keys, data[:1024]):]


def on_linux(arguments):
    master, slave = pty.openpty()
    tty.setraw(slave)
    program = subprocess.Popen([arguments[0], os.ttyname(slave), *arguments[1:]],
                               stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    text = converse(master, master)
    program.kill()
    return text, program.wait()


def on_pleat(arguments):
    name = os.path.basename(arguments[0])
    machine = subprocess.Popen(['tools/pleat-run', '--cpus', os.environ.get("CPUS", "1"),
                                '--img', os.path.dirname(arguments[0]), '--timeout', '300',
                                '--', '/' + name, '/dev/ttyS0', *arguments[1:]],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    text = converse(machine.stdout.fileno(), machine.stdin.fileno())
    machine.stdin.close()
    return text, machine.wait()


def cases(text):
    parts = re.split(rb'== (.*)\r\n', text)
    return dict(zip(parts[1::2], parts[2::2]))


def compare(arguments):
    expected, status = on_linux(arguments)
    if b'no TIOCSTI' in expected:
        print('1..0 # SKIP nobody may type by TIOCSTI here')
        sys.exit(0)
    expected, got = cases(expected), cases(on_pleat(arguments)[0])
    for name in expected:
        same = expected[name] == got.get(name)
        result(name.decode().replace(' ', '-'), same,
               f'\n---- linux\n{expected[name]}\n---- pleat\n{got.get(name)}')
    result('each-case-has-come', list(expected) == list(got) and b'end' in expected)


compare(sys.argv[1:])
plan()
