"""Commands about address spaces: vmmap, pgwalk, vma, pt, pt-save, diff-pt."""
from . import space as space_report
from . import walk as walk_report
from .command import Command, loaded_root_table, number, process_number, table
from .kernel import integer
from .memory import ACCESSED, DIRTY, PAGE_SHIFT, SOFT_DIRTY, fail
from .space import digits, leaves, runs
from .walk import entry_frame, frame_kind, letters, reach

SIZES = {1: '4K', 2: '2M', 3: '1G'}


class Vmmap(Command):
    """The mappings of a process, and beside each the pages that are present.

vmmap [PID]

Without PID: of the process that the selected CPU runs. A line on the right is a run of
neighbouring pages that look alike: P present (N: PROT_NONE), W writable entry, X executable; and
what they are: anon (anonymous and exclusive), cow (anonymous, not exclusive: shared after fork, or
was), file, shared, zero (the zero page). The kernel's console prints the same (Ctrl-] vmmap)."""
    name, usage = 'vmmap', '[PID]'

    def parse(self, words):
        if len(words) > 1:
            self.wrong_usage()
        return (process_number(words[0]) if words else None,)

    def run(self, kernel, pid):
        return space_report.report(kernel, kernel.space(pid))


class Pgwalk(Command):
    """Every level of the walk of an address, and what a read, a write and an execution would meet.

pgwalk ADDRESS [PID]

ADDRESS is an expression: 0x403000, $rsp, &variable. Without PID: in the process that the selected
CPU runs, or in the tables that it has loaded. Flags: P present (N: PROT_NONE), W writable, U user,
X executable, A accessed, D dirty, G global, S special (the zero page), M soft-dirty, w
userfaultfd. The kernel's console prints the same (Ctrl-] pgwalk), and so does a panic."""
    name, usage = 'pgwalk', 'ADDRESS [PID]'

    def parse(self, words):
        if not 1 <= len(words) <= 2:
            self.wrong_usage()
        pid = process_number(words[1]) if len(words) == 2 else None
        return number(words[0]), pid, loaded_root_table()

    def run(self, kernel, address, pid, table_address):
        kernel.need_memory()
        space = None
        if not address >> 63:
            space = self.find_space(kernel, pid)
        return walk_report.report(kernel, address, space, table_address | kernel.hw_levels())

    @staticmethod
    def find_space(kernel, pid):
        current = kernel.current()
        if pid is None and not (current and integer(current[1]['mm'])):
            return None
        return kernel.space(pid)


class VmaCommand(Command):
    """All that the kernel knows of one mapping, or of all mappings of a process.

vma [ADDRESS [PID]]

Without ADDRESS: one line for each mapping. With it: the mapping that holds the address."""
    name, usage = 'vma', '[ADDRESS [PID]]'

    def parse(self, words):
        if len(words) > 2:
            self.wrong_usage()
        return (number(words[0]) if words else None,
                process_number(words[1]) if len(words) == 2 else None)

    def run(self, kernel, address, pid):
        space = kernel.space(pid)
        if address is None:
            rows = [('mapping', 'perm', 'pages', 'struct', 'what')]
            width = digits(space.root & 7)
            for vma in kernel.vmas(space):
                rows.append(('%0*x-%0*x' % (width, vma.start, width, vma.end), vma.permissions,
                             str(vma.pages), self.structure(kernel, vma),
                             kernel.vma_name(space, vma)))
            return table(rows, '<<><<')
        vma = kernel.vma_at(space, address)
        if not vma or vma.start > address:
            fail('Nothing is mapped at %#x in %s%s.', address, space.title,
                 '; the next mapping starts at %#x' % vma.start if vma else '')
        return self.details(kernel, space, vma)

    @staticmethod
    def structure(kernel, vma):
        return '%d of file' % vma.pgoff if vma.mapping else 'anonymous'

    @staticmethod
    def details(kernel, space, vma):
        flags = integer(vma.value['vm_flags'])
        names = [name for bit, name in (
            (1, 'read'), (2, 'write'), (4, 'exec'), (8, 'shared'), (0x10, 'mayread'),
            (0x20, 'maywrite'), (0x40, 'mayexec'), (0x80, 'mayshare'), (0x100, 'growsdown'),
            (0x2000, 'locked'), (0x80000, 'lockonfault'), (0x100000, 'account'),
            (0x200000, 'noreserve'), (0x8000000, 'softdirty')) if flags & bit]
        lines = ['mapping %x-%x %s %s, %d pages, of %s' % (
                     vma.start, vma.end, vma.permissions, kernel.vma_name(space, vma), vma.pages,
                     space.title),
                 '  flags %#x: %s' % (flags, ' '.join(names)),
                 '  entries start as %s' % letters(integer(vma.value['vm_page_prot']['val'])),
                 '  first page is number %#x of %s' % (
                     vma.pgoff, 'its file' if vma.mapping else 'its anonymous area')]
        gap = integer(vma.value['gap'])
        lines.append('  before it %#x bytes are free for others' % gap)
        if vma.mapping:
            mapping = kernel.value(vma.mapping, 'struct address_space')
            lines.append('  struct address_space %#x: %d bytes, %d pages in the cache' % (
                vma.mapping, integer(mapping['size']), integer(mapping['nr_pages'])))
        return lines


# ---- page tables as ranges ----

VOLATILE = ACCESSED | DIRTY | SOFT_DIRTY


def _stable(entry):
    """What of an entry does not change by mere use."""
    return entry & ~VOLATILE


def _range_rows(kernel, found, width, kinds):
    def look(leaf):
        kind = frame_kind(kernel, leaf.entry, leaf.frame) if kinds else ''
        return leaf.level, letters(_stable(leaf.entry)), kind

    rows = [('range', 'pages', 'size', 'flags', 'frames', 'kind')]
    for run in runs(found, look):
        level, flags, kind = run.look
        count = (run.end - run.start) >> PAGE_SHIFT + 9 * (level - 1)
        frames = '%x' % run.first.frame
        if count > 1:
            frames += '...' if run.in_order else ' and others'
        rows.append(('%0*x-%0*x' % (width, run.start, width, run.end), str(count), SIZES[level],
                     flags, frames, kind))
    return rows


class Pt(Command):
    """The page tables of a process, or of the kernel, as ranges that look alike.

pt [PID | kernel]

Flags are those of pgwalk, without A, D and M, which change by mere use. `frames` is the first
frame; ... says that the others follow it in order."""
    name, usage = 'pt', '[PID | kernel]'

    def parse(self, words):
        if len(words) > 1:
            self.wrong_usage()
        if words == ['kernel']:
            return ('kernel',)
        return (process_number(words[0]) if words else None,)

    def run(self, kernel, which):
        if which == 'kernel':
            kernel.need_memory()
            found = leaves(kernel, kernel.kernel_root(), 0xffff800000000000, 1 << 64)
            lines = ['page tables of the kernel: 4 levels, root frame %x' % (
                kernel.kernel_root() >> PAGE_SHIFT)]
            return lines + table(_range_rows(kernel, found, 16, False), '<><<<<')
        space = kernel.space(which)
        levels = space.root & 7
        found = leaves(kernel, space.root, 0, user_end(levels))
        lines = ['page tables of %s: %d levels, root frame %x' % (space.title, levels,
                                                                  space.root >> PAGE_SHIFT)]
        return lines + table(_range_rows(kernel, found, digits(levels), True), '<><<<<')


def user_end(levels):
    return reach(levels)


# ---- comparing ----

class Snapshot:
    """The entries of an address space at one moment."""

    def __init__(self, kernel, space):
        self.title, self.levels = space.title, space.root & 7
        self.root = space.root
        self.entries = {leaf.start: leaf.entry
                        for leaf in leaves(kernel, space.root, 0, user_end(self.levels))}


saved = {}


class PtSave(Command):
    """Remembers the page tables of a process under a name, for diff-pt.

pt-save NAME [PID]"""
    name, usage = 'pt-save', 'NAME [PID]'

    def parse(self, words):
        if not 1 <= len(words) <= 2:
            self.wrong_usage()
        if words[0].isdigit():
            fail('%s looks like a process number: give the moment a name.', words[0])
        return words[0], process_number(words[1]) if len(words) == 2 else None

    def run(self, kernel, name, pid):
        saved[name] = Snapshot(kernel, kernel.space(pid))
        return ['saved %d entries of %s as %s' % (len(saved[name].entries),
                                                  saved[name].title, name)]


class DiffPt(Command):
    """How two sets of page tables differ: two processes, or moments saved with pt-save.

diff-pt A B

A and B are process numbers or names given to pt-save. Lines: - only in A, + only in B, ! in both,
with other flags (A, D and M do not count) or another frame."""
    name, usage = 'diff-pt', 'A B'

    def parse(self, words):
        if len(words) != 2:
            self.wrong_usage()
        return tuple(words)

    def run(self, kernel, *names):
        a, b = (self.snapshot(kernel, name) for name in names)
        lines = ['from %s (%s) to %s (%s)' % (names[0], a.title, names[1], b.title)]
        if a.levels != b.levels:
            lines.append('! %d levels become %d' % (a.levels, b.levels))
        lines += self.changes(a, b, digits(max(a.levels, b.levels)))
        return lines if len(lines) > 1 else lines + ['no difference']

    @staticmethod
    def snapshot(kernel, name):
        if name in saved:
            return saved[name]
        if not name.isdigit():
            fail('Nothing was saved as %s: `pt-save %s` does it; saved are: %s.', name, name,
                 ', '.join(sorted(saved)) or 'none')
        return Snapshot(kernel, kernel.space(int(name)))

    @classmethod
    def changes(cls, a, b, width):
        """Lines; neighbouring pages that changed alike are one."""
        lines, start, end, what = [], 0, 0, None
        for address in sorted(set(a.entries) | set(b.entries)):
            now = cls.change(a.entries.get(address, 0), b.entries.get(address, 0))
            if not now:
                continue
            if what == now and end == address:
                end = address + 0x1000
                continue
            lines += cls.line(start, end, what, width)
            start, end, what = address, address + 0x1000, now
        return lines + cls.line(start, end, what, width)

    @staticmethod
    def change(old, new):
        if _stable(old) == _stable(new):
            return None
        old_letters, new_letters = letters(_stable(old)), letters(_stable(new))
        if not old:
            return '+', new_letters
        if not new:
            return '-', old_letters
        frame = ', another frame' if entry_frame(old) != entry_frame(new) else ', the same frame'
        if old_letters == new_letters:
            return '!', old_letters + frame
        return '!', '%s -> %s%s' % (old_letters, new_letters, frame)

    @staticmethod
    def line(start, end, what, width):
        if not what:
            return []
        return ['%s %0*x-%0*x %5d  %s' % (what[0], width, start, width, end,
                                          end - start >> PAGE_SHIFT, what[1])]


COMMANDS = (Vmmap, Pgwalk, VmaCommand, Pt, PtSave, DiffPt)
