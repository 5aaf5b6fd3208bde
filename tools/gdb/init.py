"""Pleat's commands for gdb: `source tools/gdb/init.py`, or `make gdb`. README.md lists them."""
import os
import sys

import gdb

# Not __file__: in a script that another script sources, gdb leaves that to the outer one.
HERE = os.path.dirname(os.path.abspath(os.path.expanduser((lambda: 0).__code__.co_filename)))

if sys.version_info < (3, 6):
    raise gdb.GdbError('Pleat needs a gdb with Python 3.6 or newer.')
for name in [name for name in sys.modules if name.split('.')[0] == 'pleat']:
    del sys.modules[name]
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from pleat import frames, machine, programs, rewind, spaces, unwind  # noqa: E402


class Connect(gdb.Command):
    """Connects to a machine that waits for gdb.

connect [PORT]

Without PORT: the one that was started last (build/gdb-port, or where PLEAT_GDB_PORT says)."""

    def __init__(self):
        super().__init__('connect', gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        port = argument.strip()
        if not port:
            try:
                path = os.path.join(programs.TOP, 'build', 'gdb-port')
                with open(os.environ.get('PLEAT_GDB_PORT', path)) as file:
                    port = file.read().strip()
            except OSError:
                raise gdb.GdbError('No machine waits for gdb: `make gdb GDB=none` starts one.')
        if not port.isdigit():
            raise gdb.GdbError('Usage: connect [PORT]')
        if gdb.selected_inferior().pid:
            raise gdb.GdbError('gdb has a machine already: `kill` ends it.')
        gdb.execute('set architecture i386:x86-64', to_string=True)
        gdb.execute('target remote 127.0.0.1:' + port)


Connect()
for room in (spaces, frames, machine, programs, rewind):
    for command in room.COMMANDS:
        command()
unwind.install()
gdb.execute('set architecture i386:x86-64', to_string=True)
gdb.execute('set max-value-size unlimited')     # the TLB ledger is one variable
