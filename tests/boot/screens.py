"""The same keys for the same programs on Pleat and on Linux: the screens are the same.
tests/boot/screens.t runs it."""
import re
import sys
import tempfile
import time

sys.path.insert(0, 'tests/harness')
from terminal import LIMIT, Terminal, plan, result  # noqa: E402

ROWS, COLUMNS = 12, 50
TOKEN = re.compile(r'\x1b\[([?0-9;]*)([a-zA-Z])|\x1b.|(.)', re.S)


class Screen:
    """As much of a VT100 as these programs use."""

    def __init__(self, text):
        self.lines = [[' '] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        for match in TOKEN.finditer(text):
            arguments, command, character = match.groups()
            if command:
                self.control(arguments, command)
            elif character:
                self.put(character)

    def put(self, character):
        if character == '\r':
            self.column = 0
        elif character == '\n':
            self.down()
        elif character == '\b':
            self.column = max(0, self.column - 1)
        elif character >= ' ':
            if self.column == COLUMNS:
                self.column = 0
                self.down()
            self.lines[self.row][self.column] = character
            self.column += 1

    def down(self):
        self.row += 1
        if self.row == ROWS:
            self.row -= 1
            self.lines = self.lines[1:] + [[' '] * COLUMNS]

    def control(self, arguments, command):
        numbers = [int(n or 0) for n in arguments.strip('?').split(';')]
        if command == 'H':
            self.row = min(max(numbers[0], 1), ROWS) - 1
            self.column = min(max(numbers[1] if len(numbers) > 1 else 1, 1), COLUMNS) - 1
        elif command in 'JK':
            self.clear(numbers[0], whole=command == 'J')
        elif command == 'C':
            self.column = min(self.column + max(numbers[0], 1), COLUMNS - 1)
        elif command == 'A':
            self.row = max(self.row - max(numbers[0], 1), 0)

    def clear(self, what, whole):
        if what == 0:
            self.lines[self.row][self.column:] = [' '] * (COLUMNS - self.column)
            rest = range(self.row + 1, ROWS) if whole else ()
        else:
            rest = range(ROWS) if whole else (self.row,)
        for row in rest:
            self.lines[row] = [' '] * COLUMNS

    def __str__(self):
        return '\n'.join(''.join(line).rstrip() for line in self.lines)


class Player:
    """A shell with that prompt, in an empty directory, on a terminal of ROWS and COLUMNS."""

    def __init__(self, name, *command):
        self.name = name
        self.terminal = Terminal(*command)
        self.start = 0

    def set_up(self, ready):
        self.terminal.wait_for(ready)
        self.do(f"stty rows {ROWS} cols {COLUMNS}; export PS1='=> ' TERM=linux; mkdir -p /tmp/screens; "
                "cd /tmp/screens; rm -f *; seq 1 100 >numbers; echo set up\r", r'\nset up\n=> $')

    def do(self, keys, pattern):
        self.terminal.type(keys)
        return self.terminal.wait_for(pattern)

    def settle(self):
        """Until nothing more has come for a while."""
        length = -1
        while length != len(self.terminal.text):
            length = len(self.terminal.text)
            self.terminal.wait_for(r'\Z never', 0.3)

    def screen(self):
        return str(Screen(self.terminal.all[self.start:]))


directory = tempfile.mkdtemp()
players = [
    Player('pleat', 'tools/pleat-run', '--cpus', '1', '--append', 'quiet'),
    Player('linux', 'env', '-i', 'PATH=/nonexistent', '/bin/busybox', 'sh'),
]
pleat, linux = players
pleat.set_up('Leave with.*pleat:/# $')
# BusyBox's shell runs its applets by itself only under some options: links, as on Pleat.
linux.do(f'/bin/busybox mkdir {directory}/bin; for a in $(/bin/busybox --list); do '
              f'/bin/busybox ln -s /bin/busybox {directory}/bin/$a; done; export PATH={directory}/bin; '
              'echo linked\r', r'\nlinked\r?\n')
linux.set_up('# $')


def come_to_agree():
    """Linux is slow, too, on a busy host: what it shows counts once both show the same."""
    end = time.monotonic() + LIMIT
    while True:
        linux.settle()
        same = linux.terminal.text and pleat.screen() == linux.screen()
        if same or time.monotonic() > end:
            return same and linux.screen().strip() != ''
        pleat.terminal.wait_for(r'\Z never', 0.1)


def compare(name, keys):
    """Types the keys on Linux, and on Pleat, which must come to show the same.

    Programs change the terminal's modes between keys, and what is typed ahead of that is echoed:
    so each part in the list waits for the one before."""
    same = True
    for part in keys if isinstance(keys, tuple) else (keys,):
        for player in players:
            player.terminal.type(part)
        same = come_to_agree() and same
    result(name, same, f'\n---- pleat\n{pleat.screen()}\n---- linux\n{linux.screen()}')


def fresh():
    for player in players:
        player.start = len(player.terminal.all)


fresh()
compare('vi-shows-an-empty-file', 'vi new\r')
compare('text-is-typed', ('ihello, world\rsecond line', '\x1b'))
compare('a-line-is-copied-and-one-deleted', 'yyp1Gdd')
compare('a-pattern-is-replaced', ':%s/line/LINE/\r')
compare('writing-leaves-it', ':wq\r')
compare('the-file-holds-it', 'clear; cat new\r')
fresh()
compare('vi-scrolls', ('vi numbers\r', '\x06', '\x06'))
compare('and-searches', ('/55', '\r'))
compare('and-is-left-without-writing', ':q!\r')
fresh()
compare('less-shows-the-first-lines', 'less numbers\r')
compare('the-next-page', ' ')
compare('the-end', 'G')
compare('what-is-searched', ('g', '/', '4', '2', '\r'))
compare('less-is-left', 'q')
fresh()
compare('less-reads-a-pipe-and-keys', 'seq 200 300 | less\r')
compare('and-pages', (' ', ' ', 'b'))
compare('and-ends', 'q')
fresh()
compare('the-size-is-told', 'clear; stty size\r')
compare('its-change-is-signalled',
        "clear; sh -c 'trap \"echo changed\" WINCH; stty rows 12 cols 50; stty cols 49; stty cols 50; sleep 0.2'\r")
compare('vi-is-stopped', ('clear; vi numbers\r', '\x1a'))
compare('and-goes-on-where-it-was', 'fg\r')
compare('and-is-left', ':q\r')

result('top-shows-memory-and-processes',
       pleat.do('top -d 1\r',
                r'Mem: \d+K used, \d+K free.*Load average: \d.*PID +PPID.*top'),
       pleat.terminal.text)
result('and-ends-by-q', pleat.do('q', r'=> $'), pleat.terminal.text)
plan()
for player in players:
    player.terminal.type('exit\r')
    player.terminal.end()
