"""A person at a terminal: types, and waits for what appears. Tests that use it print TAP."""
import atexit
import contextlib
import os
import pty
import re
import select
import signal
import sys
import time

try:
    for end in pty.openpty():
        os.close(end)
except OSError:
    print('1..0 # SKIP this machine has no pseudo-terminals (is /dev/pts mounted?)')
    sys.exit(0)

LIMIT = 300  # seconds without the text: a backstop


class Terminal:
    def __init__(self, *command):
        self.text = self.all = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        atexit.register(self.kill)

    def processes(self):
        """(pid, name) of each process of the terminal's session."""
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/stat') as stat:
                    name, fields = stat.read().split('(', 1)[1].rsplit(')', 1)
            except OSError:
                continue  # it has ended meanwhile
            if int(fields.split()[3]) == self.pid:
                yield int(pid), name

    def kill(self, name=''):
        """Whatever runs there and begins with the name."""
        for pid, its_name in list(self.processes()):
            if its_name.startswith(name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def type(self, keys):
        self.text = ''
        os.write(self.fd, keys.encode())

    def shows(self, pattern):
        """Without the line ends' carriage returns, and what the shell asks of the terminal."""
        plain = re.sub(r'\r+\n', '\n', re.sub(r'\x1b\[[0-9]*[a-zA-Z]', '', self.text))
        return re.search(pattern, plain, re.S) is not None

    def wait_for(self, pattern, limit=LIMIT):
        """Until what has appeared since the last typing matches; False: it did not,
        in so many seconds."""
        end = time.monotonic() + limit
        while not self.shows(pattern):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                return False
            try:
                new = os.read(self.fd, 4096).decode(errors='replace')
            except OSError:
                return self.shows(pattern)
            self.text += new
            self.all += new
        return True

    def case(self, name, keys, pattern):
        self.type(keys)
        result(name, self.wait_for(pattern), self.text)

    def end(self):
        """The exit status of the command, once it has closed the terminal."""
        self.wait_for(r'\Z never')
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


PROMPT = r'pleat:/# $'
count = 0


def result(name, passed, text=''):
    global count
    count += 1
    print(f"{'ok' if passed else 'not ok'} {count} - {name}", flush=True)
    if not passed:
        print(f'# {text!r}', file=sys.stderr)


def plan():
    print(f'1..{count}')
