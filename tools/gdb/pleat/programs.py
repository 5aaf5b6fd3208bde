"""Programs: their symbols at the address where they run, breakpoints in them
alone, their input."""
import os

import gdb

from .elf import ET_DYN, Elf
from .kernel import Kernel, integer
from .memory import fail

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
COMM_SIZE = 16


def build_directory():
    return os.environ.get('PLEAT_OUT') or os.path.join(TOP, 'build')


def find_program(name):
    """The ELF file of a program, named by its path here or on Pleat, or by its name alone."""
    user = os.path.join(build_directory(), 'user')
    places = [name] if '/' in name else []
    places += [os.path.join(user, name.lstrip('/'))]
    places += [os.path.join(user, room, os.path.basename(name))
               for room in ('bin', 'tests', 'gdb')]
    for place in places:
        if os.path.isfile(place):
            return place
    fail('There is no program %s in %s (bin, tests): `make all` builds them.', name, user)


def current_comm():
    """The name of what the selected CPU runs, read through its own page tables."""
    try:
        cpu = gdb.selected_thread().ptid[1] - 1
        return gdb.parse_and_eval('percpus[%d].current->comm' % cpu).string()
    except (gdb.error, UnicodeDecodeError, AttributeError):
        return ''


def current_mm():
    """The address space of what the selected CPU runs; 0: a kernel thread."""
    return int(gdb.parse_and_eval('percpus[%d].current->mm' % (gdb.selected_thread().ptid[1] - 1)))


class Loaded:
    """The program whose symbols gdb has now; one at a time, since all lie at the
    same addresses."""
    path = None

    @classmethod
    def name(cls):
        return os.path.basename(cls.path)[:COMM_SIZE - 1]


class User(gdb.Command):
    """Loads the symbols of a program at the address where it runs.

user PROGRAM

PROGRAM is a name in user/bin or tests/abi (`user cow`), or a path. The symbols of the program
loaded before go. A position-independent program must be running, since its address is chosen when
it is started. Then `ubreak LOCATION` stops in it, and `bt`, `step`, `next` and `finish` cross the
edge between program and kernel."""

    def __init__(self):
        super().__init__('user', gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            fail('Usage: user PROGRAM%s', '; loaded is ' + Loaded.path if Loaded.path else '')
        path = find_program(words[0])
        try:
            elf = Elf(path)
        except (OSError, ValueError) as error:
            fail('%s cannot be used: %s.', path, error)
        bias = self.bias(path, elf) if elf.type == ET_DYN else 0
        self.unload()
        gdb.execute('add-symbol-file "%s" -o %#x' % (path, bias), to_string=True)
        Loaded.path = path
        print('symbols of %s, entry %#x' % (os.path.relpath(path), elf.entry + bias))

    @staticmethod
    def bias(path, elf):
        """By how much a running position-independent program was moved."""
        name = os.path.basename(path)[:COMM_SIZE - 1]
        with Kernel() as kernel:
            kernel.need_memory()
            for space in kernel.spaces().values():
                if space.comm == name:
                    return integer(space.value['start_code']) - elf.code_start()
        fail('%s is position-independent and not running: its address is not known yet.', name)

    @staticmethod
    def unload():
        if Loaded.path:
            try:
                gdb.execute('remove-symbol-file "%s"' % Loaded.path, to_string=True)
            except gdb.error:
                pass
            Loaded.path = None


class Ubreak(gdb.Command):
    """Sets a breakpoint in the program that `user` has loaded, and in no other.

ubreak LOCATION [if CONDITION]

LOCATION as for `break`: a function, FILE:LINE, *ADDRESS. Other programs have code at the same
addresses: it is an ordinary breakpoint with a condition that compares the name of
the running task."""

    def __init__(self):
        super().__init__('ubreak', gdb.COMMAND_BREAKPOINTS, gdb.COMPLETE_LOCATION)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        location, unused, condition = (part.strip() for part in argument.partition(' if '))
        if not location:
            fail('Usage: ubreak LOCATION [if CONDITION]')
        if not Loaded.path:
            fail('Which program? `user PROGRAM` loads its symbols first.')
        try:
            gdb.decode_line(location)
        except gdb.error as error:
            fail('%s has no %s: %s.', os.path.basename(Loaded.path), location,
                 str(error).rstrip('.'))
        mine = '$_streq(percpus[$_thread - 1].current->comm, "%s")' % Loaded.name()
        point = gdb.Breakpoint(location)
        try:
            point.condition = '%s && (%s)' % (mine, condition) if condition else mine
        except gdb.error as error:
            point.delete()
            fail('%s: %s', condition, error)


class UserBacktrace(gdb.Command):
    """The backtrace of the program that entered the kernel here.

ubt

gdb does not go on from a kernel stack to a program's stack, which lies lower, beyond the first
frame. This gives it the program's registers for a moment."""

    def __init__(self):
        super().__init__('ubt', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        if not current_comm():
            fail('There is no machine, or no task runs on this CPU yet.')
        newest = gdb.newest_frame()
        frame = newest
        while frame and int(frame.pc()) >> 63:
            frame = frame.older()
        if not frame or not current_mm():
            fail('No program entered the kernel here: this is the kernel\'s own work.')
        wanted = {name: int(frame.read_register(name)) for name in self.REGISTERS}
        before = {name: int(newest.read_register(name)) for name in self.REGISTERS}
        try:
            self.put(wanted)
            gdb.execute('backtrace')
        finally:
            self.put(before)

    REGISTERS = 'rip rsp rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15'.split()

    @staticmethod
    def put(values):
        for name, value in values.items():
            gdb.execute('set $%s = %#x' % (name, value & (1 << 64) - 1), to_string=True)


class Type(gdb.Command):
    """Types a line on the machine's console (when `make gdb` started it).

type TEXT

The line ends with Enter; ^X stands for Ctrl-X, as in `type ^\\vmmap 2` and `type ^D`."""

    def __init__(self):
        super().__init__('type', gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        console = os.environ.get('PLEAT_CONSOLE')
        if not console:
            fail('gdb does not know the console: it was not started by `make gdb`.')
        with open(console, 'wb', buffering=0) as pipe:
            pipe.write(self.bytes(argument))

    @staticmethod
    def bytes(text):
        out, i = b'', 0
        while i < len(text):
            if text[i] == '^' and i + 1 < len(text) and '@' <= text[i + 1].upper() <= '_':
                out += bytes([ord(text[i + 1].upper()) & 0x1f])
                i += 2
            else:
                out += text[i].encode()
                i += 1
        return out if out == b'\x04' else out + b'\n'


COMMANDS = (User, Ubreak, UserBacktrace, Type)
