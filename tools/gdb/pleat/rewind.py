"""Going back in time: a recording is run again from its start, up to an earlier instruction.

QEMU's own reverse execution hangs under load; starting again and stopping at an instruction's
number (`replay_break`) does not, and costs what the recording took at most.
"""
import atexit
import os
import re
import subprocess
import threading

import gdb

from .command import number
from .kernel import Kernel
from .memory import DIRECT_MAP_BASE, fail
from .programs import TOP
from .walk import Walk

READY_SECONDS = 60
MOST_WRITES = 1000000


class Machine:
    """The QEMU that runs the recording now; the one before is gone."""

    def __init__(self):
        self.process = None

    def start(self, directory, show):
        self.stop()
        self.process = subprocess.Popen(
            [os.path.join(TOP, 'tools', 'pleat-run'), '--replay', directory, '--gdb', 'free'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        port = self.wait_ready()
        threading.Thread(target=self.drain, args=(self.process.stdout, show), daemon=True).start()
        return port

    def wait_ready(self):
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        text = ''
        try:
            for line in self.process.stdout:
                text += line.decode(errors='replace')
                match = re.match(r'READY gdb :(\d+)', line.decode(errors='replace'))
                if match:
                    return int(match.group(1))
        finally:
            timer.cancel()
        self.process.wait()
        fail('The recording does not start: %s', text.strip().replace('\n', ' '))

    @staticmethod
    def drain(pipe, show):
        """The console; of a run that only goes back again, nobody wants to see it twice."""
        for line in pipe:
            if show and not line.startswith(b'pleat-run: the machine was switched off'):
                os.write(1, line)

    def stop(self):
        if self.process:
            try:
                os.killpg(self.process.pid, 15)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None


machine = Machine()
atexit.register(machine.stop)
recording = None


def quietly(command):
    return gdb.execute(command, to_string=True)


class Silence:
    """Of the stops on the way gdb says no more than it must (the signal that QEMU reports)."""

    def __enter__(self):
        self.set('on')

    def __exit__(self, *unused):
        self.set('off')
        return False

    @staticmethod
    def set(how):
        try:
            quietly('set suppress-cli-notifications ' + how)
        except gdb.error:
            pass        # gdb before 13


def position():
    """The number of the instruction that comes next; fails if this is no recording."""
    try:
        text = quietly('monitor info replay')
    except gdb.error:
        text = ''
    match = re.search(r'Replaying execution .*instruction count = (\d+)', text)
    if not match:
        fail('This is no recording: `make record CMD="..."` makes one, `make replay` runs it.')
    return int(match.group(1))


def connect(show):
    if gdb.selected_inferior().pid:
        quietly('kill')
    port = machine.start(recording, show)
    quietly('set architecture i386:x86-64')
    quietly('target remote 127.0.0.1:%d' % port)


class NoBreakpoints:
    """The breakpoints that a person set are off while this lasts."""

    def __enter__(self):
        self.mine = [point for point in gdb.breakpoints() or () if point.enabled]
        for point in self.mine:
            point.enabled = False

    def __exit__(self, *unused):
        for point in self.mine:
            if point.is_valid():
                point.enabled = True
        return False


def go_to(count):
    """Starts again and stops before instruction number `count`."""
    with NoBreakpoints(), Silence():
        connect(False)
        if count > 0:
            quietly('monitor replay_break %d' % count)
            quietly('continue')
        now = position()
    if now != count:
        fail('The recording went to instruction %d instead of %d.', now, count)


def show_place():
    gdb.execute('frame')


class Replay(gdb.Command):
    """Runs a recording from its start, stopped before the first instruction.

replay [DIRECTORY]

DIRECTORY is what `make record` wrote (build/record). Without it: the one that is open, again."""

    def __init__(self):
        super().__init__('replay', gdb.COMMAND_RUNNING, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        global recording
        self.dont_repeat()
        words = gdb.string_to_argv(argument)
        if len(words) > 1:
            fail('Usage: replay [DIRECTORY]')
        directory = os.path.abspath(words[0]) if words else recording
        if not directory or not os.path.isfile(os.path.join(directory, 'machine')):
            fail('There is no recording in %s: `make record CMD="..."` makes one.',
                 directory or 'sight')
        recording = directory
        quietly('file "%s"' % os.path.join(directory, 'pleat.elf'))
        with Silence():
            connect(True)
        show_place()


class Rewind(gdb.Command):
    """Goes back by N instructions in a recording (`make replay`).

rewind N
rewind to COUNT
rewind

`rewind to` goes to the instruction of that number, forward too; `rewind` alone says which one
comes next. Breakpoints stay as they are."""

    def __init__(self):
        super().__init__('rewind', gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        now, words = position(), gdb.string_to_argv(argument)
        if not words:
            print('instruction %d comes next' % now)
            return
        if len(words) != (2 if words[0] == 'to' else 1):
            fail('Usage: rewind [N | to COUNT]')
        target = number(words[-1])
        if words[0] != 'to':
            target = now - target
        if target < 0:
            fail('The recording starts %d instructions back: `rewind to 0`.', now)
        go_to(target)
        print('instruction %d comes next' % target)
        show_place()


class LastWrite(gdb.Command):
    """Goes back to the last write that changed EXPR, in a recording (`make replay`).

last-write EXPR

EXPR is a variable, a member, *POINTER: something with an address. gdb is left right behind the
instruction that wrote, so that the same again goes further back; a write of the value that was
there already is not seen. Memory of a program is watched at its own address, in that process, and
where the kernel sees its frame."""

    def __init__(self):
        super().__init__('last-write', gdb.COMMAND_RUNNING, gdb.COMPLETE_EXPRESSION)
        self.stands_behind = None       # what was found the last time: not found again

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        now = position()
        if not recording:
            fail('gdb did not start this recording: use `make replay`, or `replay DIRECTORY`.')
        address, size = self.find(argument)
        watched, pid = self.places(address)
        last = now - 1 if self.stands_behind == (now, argument) else now
        with NoBreakpoints(), Silence():
            hit = self.search(watched, size, pid, last)
        if hit is None:
            go_to(now)
            fail('Nothing changed %s before instruction %d.', argument, now)
        go_to(hit)
        self.stands_behind = hit, argument
        ago = now - hit + 1
        print('%s was last changed %d instruction%s ago; instruction %d comes next' % (
            argument, ago, '' if ago == 1 else 's', hit))
        show_place()

    @staticmethod
    def find(expression):
        if not expression:
            fail('Usage: last-write EXPR')
        try:
            value = gdb.parse_and_eval(expression)
        except gdb.error as error:
            fail('%s: %s', expression, error)
        if value.address is None:
            fail('%s has no address: it is a value, or lives in a register.', expression)
        size = value.type.strip_typedefs().sizeof
        if not 1 <= size <= 64:
            fail('%s has %d bytes: choose a part of at most 64.', expression, size)
        return int(value.address) & (1 << 64) - 1, size

    @staticmethod
    def places(address):
        """Addresses to watch, and the process whose own the first is (None: the kernel's)."""
        if address >> 63:
            return [address], None
        with Kernel() as kernel:
            space = kernel.space()
            walk = Walk(kernel, space.root, address)
            places = [address]
            if walk.leaf is not None:
                places.append(DIRECT_MAP_BASE + (walk.frame << 12) + (address & 0xfff))
            return places, space.pid

    @staticmethod
    def search(places, size, pid, last):
        """The number of the instruction behind the last change, `last` at most; None."""
        connect(False)
        points = [gdb.Breakpoint('*(char(*)[%d])%#x' % (size, place), gdb.BP_WATCHPOINT,
                                 gdb.WP_WRITE, internal=True) for place in places]
        for point in points:
            point.silent = True
        hit, writes = None, 0
        try:
            quietly('monitor replay_break %d' % (last + 1))
            while gdb.selected_inferior().pid:
                quietly('continue')
                here, point = position(), hit_point(points)
                if here > last:
                    break
                writes += 1
                if writes > MOST_WRITES:
                    fail('It was changed more than %d times: that is too much.', MOST_WRITES)
                if point and (point is not points[0] or pid in (None, current_pid())):
                    hit = here
        finally:
            for point in points:
                point.delete()
        return hit


def hit_point(points):
    """The watchpoint that stopped the machine; None if it was something else."""
    found = None
    for point in points:
        if point.hit_count:
            point.hit_count, found = 0, point
    return found


def current_pid():
    try:
        return int(gdb.parse_and_eval('percpus[0].current->process->pid'))
    except gdb.error:
        return 0


COMMANDS = (Replay, Rewind, LastWrite)
