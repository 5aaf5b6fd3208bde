"""The kernel's own data: processors, tasks, address spaces, mappings, files, frames."""
import gdb

from .memory import (DIRECT_MAP_BASE, KERNEL_BASE, PAGE_SHIFT, Memory, fail, integer, lookup_type,
                     symbol_address)

VM_READ, VM_WRITE, VM_EXEC, VM_SHARED, VM_GROWSDOWN = 1, 2, 4, 8, 0x100
STACK_GUARD_GAP = 256 << PAGE_SHIFT
LIMIT = 1000000     # links of one list: beyond it something is damaged


class Space:
    """An address space and whose it is, as it stands now."""

    def __init__(self, mm, pid, comm, value):
        self.mm, self.pid, self.comm, self.value = mm, pid, comm, value
        self.root = integer(value['root'])

    @property
    def title(self):
        return 'process %d (%s)' % (self.pid, self.comm)


class Vma:
    def __init__(self, kernel, value):
        self.value = value
        self.start, self.end = integer(value['vm_start']), integer(value['vm_end'])
        self.flags, self.pgoff = integer(value['vm_flags']), integer(value['vm_pgoff'])
        self.mapping = integer(value['mapping'])
        self.file = integer(value['vm_file'])
        self.kernel = kernel

    @property
    def pages(self):
        return self.end - self.start >> PAGE_SHIFT

    @property
    def permissions(self):
        return ''.join(letter if self.flags & bit else '-'
                       for bit, letter in ((VM_READ, 'r'), (VM_WRITE, 'w'), (VM_EXEC, 'x'))) \
            + ('s' if self.flags & VM_SHARED else 'p')

    def file_page(self, address):
        return (address - self.start >> PAGE_SHIFT) + self.pgoff


class Kernel(Memory):
    """Memory, and what the kernel keeps in it."""

    def __enter__(self):
        self.cpu = self._selected_cpu()
        self.pc = self._pc()
        super().__enter__()
        try:
            self._check_image()
        except BaseException:
            self.__exit__()
            raise
        return self

    @staticmethod
    def _selected_cpu():
        thread = gdb.selected_thread()
        return thread.ptid[1] - 1 if thread and thread.ptid[1] > 0 else 0

    @staticmethod
    def _pc():
        try:
            return integer(gdb.parse_and_eval('(unsigned long)$pc'))
        except gdb.error:
            return 0

    # ---- is this Pleat, and how far has it come? ----

    def _check_image(self):
        """The kernel's constants in memory are those of the symbols."""
        start = symbol_address('trap_vectors')
        names = [objfile.filename for objfile in gdb.objfiles() if objfile.filename]
        wanted = self._from_file(names[0], start, 256) if names else None
        if wanted is None:
            fail('There are no symbols of Pleat: `file build/debug/pleat.elf`.')
        if self.physical(start - KERNEL_BASE, 256) != wanted:
            fail('This machine does not run %s (yet): the kernel is not loaded, or it is another '
                 'build.', names[0])

    @staticmethod
    def _from_file(name, address, size):
        """What the ELF file of the kernel has at an address; None: it is no such file."""
        from .elf import Elf
        try:
            return Elf(name).at(address, size)
        except (OSError, ValueError):
            return None

    def need_memory(self):
        if not integer(self.variable('mem_map')):
            fail('The kernel has not set up its memory yet: `hbreak start_init`, `continue`.')

    def hw_levels(self):
        levels = integer(self.variable('levels', 'arch/x86_64/root.c'))
        if levels not in (4, 5):
            fail('The kernel has not looked at the processor yet: '
                 '`hbreak start_init`, `continue`.')
        return levels

    def kernel_root(self):
        return symbol_address('kernel_pml4') - KERNEL_BASE | 4

    # ---- lists and trees of <sys/queue.h> and <sys/tree.h> ----

    def chain(self, first, *link):
        """Pointers of a list, from the first on; link: the members that lead to the next."""
        pointer, count = first, 0
        while integer(pointer):
            yield pointer
            count += 1
            if count > LIMIT:
                fail('A list of the kernel\'s does not end: it is damaged.')
            pointer = self.value(integer(pointer), pointer.type.target())
            for member in link:
                pointer = pointer[member]

    def tailq(self, head, link):
        return self.chain(head['tqh_first'], link, 'tqe_next')

    def list(self, head, link):
        return self.chain(head['lh_first'], link, 'le_next')

    def tree(self, pointer, link, depth=0):
        """Values of a red-black tree in order."""
        if not integer(pointer):
            return
        if depth > 128:
            fail('A tree of the kernel\'s is deeper than it can be: it is damaged.')
        value = self.value(integer(pointer), pointer.type.target())
        yield from self.tree(value[link]['rbe_left'], link, depth + 1)
        yield value
        yield from self.tree(value[link]['rbe_right'], link, depth + 1)

    # ---- processes and tasks ----

    def processes(self):
        """(address, value) of all, ordered by number."""
        heads = self.variable('processes', 'kernel/process/pid.c')
        found = []
        for i in range(heads.type.range()[1] + 1):
            for pointer in self.list(heads[i], 'hash_link'):
                found.append((integer(pointer), self.value(integer(pointer), 'struct process')))
        return sorted(found, key=lambda item: int(item[1]['pid']))

    def threads(self, process):
        """(address, value) of a process's tasks."""
        for pointer in self.tailq(process['threads'], 'thread_link'):
            yield integer(pointer), self.value(integer(pointer), 'struct task')

    def current(self, cpu=None):
        """(address, value) of the task that a CPU runs; None before there is one."""
        percpu = self.variable('percpus')[self.cpu if cpu is None else cpu]
        task = integer(percpu['current'])
        return (task, self.value(task, 'struct task')) if task else None

    def process_of(self, task):
        address = integer(task['process'])
        return self.value(address, 'struct process') if address else None

    def space_of(self, process):
        """As debug_space_of() in the kernel: by the first thread that has one; None."""
        for unused, task in self.threads(process):
            mm = integer(task['mm'])
            if mm:
                return Space(mm, int(process['pid']), self.text(task['comm']),
                             self.value(mm, 'struct mm_struct'))
        return None

    def space(self, pid=None):
        """The address space of process pid, or of what the selected CPU runs."""
        self.need_memory()
        if pid is None:
            return self._current_space()
        for unused, process in self.processes():
            if int(process['pid']) == pid:
                space = self.space_of(process)
                if not space:
                    fail('Process %d has ended and has no address space any more.', pid)
                return self._checked(space)
        fail('There is no process %d: see `ps`.', pid)

    def _current_space(self):
        current = self.current()
        process = self.process_of(current[1]) if current else None
        if not process or not integer(current[1]['mm']):
            name = self.text(current[1]['comm']) if current else 'the boot code'
            fail('CPU %d runs %s in the kernel, which has no address space: say which process '
                 '(see `ps`).', self.cpu, name)
        return self._checked(self.space_of(process))

    def _checked(self, space):
        if space.root & 7 not in (3, 4, 5) or not self.frame_valid(space.root >> PAGE_SHIFT):
            fail('The address space of %s has no page tables (root %#x).', space.title, space.root)
        return space

    def spaces(self):
        """All address spaces once, with their owner of the lowest number."""
        seen = {}
        for unused, process in self.processes():
            space = self.space_of(process)
            if space and space.mm not in seen:
                seen[space.mm] = space
        return seen

    def owner(self, mm):
        """Whose an address space is, in words."""
        spaces = self.spaces()
        return spaces[mm].title if mm in spaces else 'of no process (any more), mm %#x' % mm

    # ---- mappings and files ----

    def vmas(self, space):
        return [Vma(self, value) for value in self.tree(space.value['vmas']['rbh_root'], 'rb')]

    def vma_at(self, space, address):
        """The mapping that holds the address, or the first above it; None."""
        for vma in self.vmas(space):
            if vma.end > address:
                return vma
        return None

    def vma_name(self, space, vma):
        if vma.file:
            dentry = integer(self.value(vma.file, 'struct file')['dentry'])
            path = self.dentry_path(dentry) if dentry else 'file'
            return '%s +%x' % (path, vma.pgoff << PAGE_SHIFT) if vma.pgoff else path
        if vma.mapping:
            return 'shared'
        if vma.flags & VM_GROWSDOWN:
            return 'stack'
        if vma.start < integer(space.value['brk']) and vma.end > integer(space.value['start_brk']):
            return 'heap'
        return 'anonymous'

    def dentry_path(self, dentry):
        """From the root, across what is mounted."""
        names = []
        while True:
            value = self.value(dentry, 'struct dentry')
            parent = integer(value['parent'])
            if parent != dentry:
                names.append(self.read(integer(value['name']),
                                       int(value['name_len'])).decode('ascii', 'replace'))
                dentry = parent
                continue
            dentry = integer(self.value(integer(value['sb']), 'struct super_block')['mountpoint'])
            if not dentry:
                return '/' + '/'.join(reversed(names))

    def path(self, inode):
        """The first name that leads to an inode; None."""
        root = integer(self.variable('root_dentry'))
        return self._find_path(self.value(root, 'struct dentry'), inode, 0) if root else None

    def _find_path(self, directory, inode, depth):
        offset = next(field.bitpos // 8 for field in lookup_type('struct dentry').fields()
                      if field.name == 'name')
        for child in self._names(directory):
            address, value = child
            name = self.read(address + offset, int(value['name_len'])).decode('ascii', 'replace')
            if integer(value['inode']) == inode:
                return '/' + name
            if depth < 16 and integer(value['names']['rbh_root']):
                below = self._find_path(value, inode, depth + 1)
                if below:
                    return '/' + name + below
        return None

    def _names(self, directory):
        """(address, value) of a directory's entries in order."""
        def visit(pointer, depth):
            if not integer(pointer) or depth > 64:
                return
            value = self.value(integer(pointer), 'struct dentry')
            yield from visit(value['link']['rbe_left'], depth + 1)
            yield integer(pointer), value
            yield from visit(value['link']['rbe_right'], depth + 1)
        return visit(directory['names']['rbh_root'], 0)

    # ---- frames ----

    def frame_valid(self, pfn):
        return pfn < integer(self.variable('max_pfn'))

    def page(self, pfn):
        """Its struct page."""
        size = lookup_type('struct page').sizeof
        return self.value(integer(self.variable('mem_map')) + pfn * size, 'struct page')

    def page_address(self, pfn):
        return integer(self.variable('mem_map')) + pfn * lookup_type('struct page').sizeof

    def page_to_pfn(self, address):
        return (address - integer(self.variable('mem_map'))) // lookup_type('struct page').sizeof

    def head(self, pfn):
        """The first page of its folio: (pfn, struct page)."""
        page = self.page(pfn)
        if page_test(page, 'tail'):
            pfn = self.page_to_pfn(integer(page['compound_head']))
            page = self.page(pfn)
        return pfn, page

    def direct(self, pfn):
        return DIRECT_MAP_BASE + (pfn << PAGE_SHIFT)


_page_flags = {}


def page_flags():
    """name -> bit, in the order of enum page_flag."""
    if not _page_flags:
        for field in lookup_type('enum page_flag').fields():
            _page_flags[field.name[len('PG_'):]] = field.enumval
    return _page_flags


def page_test(page, flag):
    return bool(integer(page['flags']) >> page_flags()[flag] & 1)


def counter(atomic):
    return int(atomic['counter'])
