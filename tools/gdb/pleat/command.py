"""What all commands share: arguments, errors, and the opened kernel."""
import gdb

from .kernel import Kernel
from .memory import fail, integer

MASK = (1 << 64) - 1


class Command(gdb.Command):
    """A command whose class has `name`, a docstring as its help, and run(kernel, args), which
    returns lines. Arguments are evaluated by parse(words) before memory is
    switched to physical."""

    name = None
    usage = ''

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        try:
            args = self.parse(gdb.string_to_argv(argument))
            with Kernel() as kernel:
                lines = self.run(kernel, *args)
        except gdb.MemoryError as error:
            raise gdb.GdbError('Memory cannot be read: %s.' % error)
        print('\n'.join(lines))

    def parse(self, words):
        if words:
            self.wrong_usage()
        return ()

    def wrong_usage(self):
        fail('Usage: %s %s', self.name, self.usage)


def number(text):
    """A number or expression; arrays and functions stand for their address."""
    try:
        value = gdb.parse_and_eval(text)
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT,
                                                gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_FUNC):
            value = value.address
        return integer(value)
    except (gdb.error, TypeError, ValueError) as error:
        fail('%s is no address: %s (hexadecimal numbers begin with 0x).', text,
             str(error).rstrip('.'))


def process_number(text):
    try:
        pid = int(text, 10)
    except ValueError:
        pid = 0
    if pid < 1:
        fail('%s is no process number: see `ps`.', text)
    return pid


def loaded_root_table():
    """The table that the selected CPU's CR3 points to; asked of gdb before memory is physical."""
    try:
        return integer(gdb.parse_and_eval('$cr3')) & ~0xfff & MASK
    except gdb.error:
        return 0


def table(rows, alignments):
    """Rows of text, the first being the header, as lines in columns. alignments: < or > each."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(alignments))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) if how == '<' else cell.rjust(width)
                 for cell, width, how in zip(row, widths, alignments)]
        lines.append('  '.join(cells).rstrip())
    return lines


def where(address):
    """A code address as function+offset (file:line); reads no memory."""
    symbol = gdb.execute('info symbol %#x' % address, to_string=True).split(' in section')[0]
    name = symbol.replace(' + ', '+') if not symbol.startswith('No symbol') else '?'
    place = gdb.find_pc_line(address - 1 if address else 0)
    if place.symtab:
        return '%#x %s (%s:%d)' % (address, name.strip(), place.symtab.filename, place.line)
    return '%#x %s' % (address, name.strip())
