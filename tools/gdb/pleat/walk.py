"""pgwalk: the walk of one address, and what an access would meet. README.md specifies the text;
kernel/debug/debug_walk.c prints the same."""
import struct

from .kernel import (STACK_GUARD_GAP, VM_EXEC, VM_GROWSDOWN, VM_READ, VM_SHARED, VM_WRITE, counter,
                     integer, page_test)
from .memory import (ACCESSED, DIRTY, FRAME_MASK, GLOBAL, HUGE, HWPOISON, NX, PAGE_SHIFT,
                     PAGE_SIZE, PRESENT, PROTNONE, SOFT_DIRTY, SOFTWARE, SPECIAL, UFFD_WP, USER,
                     WRITE)

LEVEL_NAMES = ('', 'pte', 'pmd', 'pud', 'p4d', 'pgd')
LEAF_NAMES = ('', 'page in frame', '2 MiB page from frame', '1 GiB page from frame')


# ---- entries ----

def level_shift(level):
    return 12 + 9 * (level - 1)


def level_index(address, level):
    return address >> level_shift(level) & 511


def reach(levels):
    return 1 << {3: 39, 4: 47, 5: 56}[levels]


def entry_frame(entry):
    return (entry & FRAME_MASK) >> PAGE_SHIFT


def entry_present(entry):
    return bool(entry & (PRESENT | PROTNONE))


def entry_hwpoison(entry):
    return not entry_present(entry) and entry & SOFTWARE == HWPOISON


def entry_table(entry):
    return entry & (PRESENT | HUGE) == PRESENT


def entry_leaf(entry, level):
    return entry_present(entry) and (level == 1 or bool(entry & HUGE))


def letters(entry):
    """The flags of an entry, a letter each."""
    out = [letter if entry & bit else '-'
           for bit, letter in ((PRESENT, 'P'), (WRITE, 'W'), (USER, 'U'), (NX, 'X'),
                               (ACCESSED, 'A'), (DIRTY, 'D'), (GLOBAL, 'G'), (SPECIAL, 'S'),
                               (SOFT_DIRTY, 'M'), (UFFD_WP, 'w'))]
    out[3] = 'X' if entry and not entry & NX else '-'
    if entry & (PRESENT | PROTNONE) == PROTNONE:
        out[0], out[6] = 'N', '-'
    if entry_hwpoison(entry):
        return 'B---------'
    return ''.join(out)


class Walk:
    """What a walk found: entry[level] of each real level, from the top to `lowest` (0: the address
    is beyond the reach). As table_walk() in mm/pgtable.c."""

    def __init__(self, kernel, root, address):
        self.kernel, self.address = kernel, address
        self.levels, table = root & 7, root >> PAGE_SHIFT
        self.root_frame, self.lowest, self.entry = table, 0, [0] * 6
        if address >= reach(self.levels) and not address >> 63:
            return
        for level in range(self.levels, 0, -1):
            entry, = struct.unpack_from('<Q', kernel.frame(table), level_index(address, level) * 8)
            self.entry[level], self.lowest = entry, level
            table = entry_frame(entry)
            if not entry_table(entry) or not kernel.frame_valid(table):
                return

    @property
    def leaf(self):
        """The entry that maps the address; None."""
        entry = self.entry[self.lowest]
        return entry if 1 <= self.lowest <= 3 and entry_leaf(entry, self.lowest) else None

    @property
    def frame(self):
        """The frame that the address lies in; only with a leaf."""
        inside = self.address & (1 << level_shift(self.lowest)) - 1
        return entry_frame(self.leaf) + (inside >> PAGE_SHIFT)

    @property
    def entry_end(self):
        """Where what the last entry maps ends."""
        return (self.address | (1 << level_shift(self.lowest)) - 1) + 1


def frame_kind(kernel, entry, pfn):
    """What a frame is used for, in one word. `entry` maps it."""
    if not kernel.frame_valid(pfn):
        return 'device'
    if entry & SPECIAL:
        return 'zero'
    page = kernel.head(pfn)[1]
    for flags, word in ((('reserved',), 'reserved'), (('buddy', 'pcp'), 'free'),
                        (('slab',), 'slab'), (('table',), 'table')):
        if any(page_test(page, flag) for flag in flags):
            return word
    if page_test(page, 'anon'):
        return 'anon' if page_test(page, 'exclusive') else 'cow'
    mapping = integer(page['mapping'])
    if not mapping:
        return 'kernel'
    return 'shared' if bool(kernel.value(mapping, 'struct address_space')['shmem']) else 'file'


def _target(kernel, entry, level):
    if level == 1 and entry_hwpoison(entry):
        return 'broken memory in frame'
    if not entry_present(entry):
        return 'not present:'
    if level > 1 and entry_table(entry):
        valid = kernel.frame_valid(entry_frame(entry))
        return 'table in frame' if valid else 'damaged: beyond memory is frame'
    return LEAF_NAMES[level] if level <= 3 else 'damaged: a leaf, frame'


def _entry_line(walk, level):
    if level > walk.levels:
        return '  %s  folded' % LEVEL_NAMES[level]
    entry = walk.entry[level]
    line = '  %s  [%3d]  %016x  %s  ' % (LEVEL_NAMES[level], level_index(walk.address, level),
                                        entry, letters(entry))
    if not entry:
        return line + 'empty'
    return line + '%s %x' % (_target(walk.kernel, entry, level), entry_frame(entry))


def _frame_line(walk):
    kernel, pfn = walk.kernel, walk.frame
    line = '  frame %x: %s' % (pfn, frame_kind(kernel, walk.leaf, pfn))
    if kernel.frame_valid(pfn):
        page = kernel.head(pfn)[1]
        line += ', references %d, mapped %d, pins %d' % (
            counter(page['_refcount']), counter(page['_mapcount']), counter(page['pincount']))
    return line


# ---- what an access would meet: the order of the questions is user_fault()'s ----

READ, MODIFY, EXECUTE = 'read', 'write', 'execute'
COW = 'fault: COW: mapping is writable, entry is not; '


def _refused_by_mapping(vma, access):
    if access == MODIFY:
        return None if vma.flags & VM_WRITE else 'SIGSEGV: mapping is not writable'
    if access == EXECUTE:
        return None if vma.flags & VM_EXEC else 'SIGSEGV: mapping is not executable'
    allowed = vma.flags & (VM_READ | VM_WRITE | VM_EXEC)
    return None if allowed else 'SIGSEGV: mapping allows no access'


def _entry_allows(entry, access):
    if not entry & PRESENT:
        return False
    if access == MODIFY:
        return bool(entry & WRITE)
    return access == READ or not entry & NX


def _on_empty_entry(kernel, vma, address, access):
    if not vma.mapping:
        return 'fault: no page yet; ' + (
            'a new page of zeroes comes' if access == MODIFY else 'the zero page comes')
    mapping = kernel.value(vma.mapping, 'struct address_space')
    if vma.file_page(address) >= integer(mapping['size']) + PAGE_SIZE - 1 >> PAGE_SHIFT:
        return 'SIGBUS: beyond the end of the file'
    if access == MODIFY and not vma.flags & VM_SHARED:
        return 'fault: no page yet; COW: a private copy of the file\'s page comes'
    return 'fault: no page yet; the %s page comes' % (
        'shared' if bool(mapping['shmem']) else 'file\'s')


def _on_write_protected(kernel, vma, entry):
    if entry & SPECIAL:
        return COW + 'the zero page gives way to a new page'
    if vma.flags & VM_SHARED:
        return 'fault: mapping is shared and writable; the entry becomes writable'
    page = kernel.head(entry_frame(entry))[1]
    refs, mapped = counter(page['_refcount']), counter(page['_mapcount'])
    if not page_test(page, 'anon'):
        return COW + 'the file\'s page is copied'
    if page_test(page, 'exclusive'):
        return COW + 'page is exclusive and becomes writable'
    if refs == 1:
        return COW + 'nobody else has the page: it becomes writable'
    if refs == mapped:
        return COW + 'page shared by %d' % mapped
    return COW + 'page shared by %d, %d references' % (mapped, refs)


def _growing_stack(kernel, space, address):
    """(the stack that would grow to the address or None, why not)"""
    vmas = kernel.vmas(space)
    above = next((i for i, vma in enumerate(vmas) if vma.end > address), None)
    if above is None or not vmas[above].flags & VM_GROWSDOWN:
        return None, 'SIGSEGV: nothing is mapped there'
    vma, start = vmas[above], address & ~(PAGE_SIZE - 1)
    if vma.end - start > integer(space.value['limits']['stack']):
        return None, 'SIGSEGV: the stack may not grow that far'
    below = vmas[above - 1] if above else None
    blocks = (below and not below.flags & VM_GROWSDOWN
              and below.flags & (VM_READ | VM_WRITE | VM_EXEC))
    if start < STACK_GUARD_GAP or (blocks and start - below.end < STACK_GUARD_GAP):
        return None, 'SIGSEGV: the stack would come too near to what is below'
    return vma, None


def verdict(kernel, space, vma, walk, access):
    """What a program's access would meet."""
    address, entry = walk.address, walk.entry[1] if walk.lowest == 1 else 0
    if address >= reach(kernel.hw_levels()) - PAGE_SIZE:
        return 'SIGSEGV: not a user address'
    judge = vma
    if not vma:
        judge, why = _growing_stack(kernel, space, address)
        if not judge:
            return why
    refused = _refused_by_mapping(judge, access)
    if refused:
        return refused
    if not vma:
        return 'fault: the stack grows'
    if _entry_allows(entry, access):
        return 'allowed'
    if entry_hwpoison(entry):
        return 'SIGBUS: the memory is broken'
    if not entry:
        return _on_empty_entry(kernel, vma, address, access)
    if access == MODIFY and entry & PRESENT and kernel.frame_valid(entry_frame(entry)):
        return _on_write_protected(kernel, vma, entry)
    return 'fault: mapping allows it, entry does not yet'


def kernel_verdict(walk, access):
    if walk.leaf is None:
        return 'not allowed: nothing is mapped there'
    if _entry_allows(walk.leaf, access):
        return 'allowed to the kernel'
    return 'not allowed: the kernel\'s mapping denies it'


# ---- all of it ----

def canonical(address, levels):
    upper = address >> 12 + 9 * levels - 1
    return upper == 0 or upper == (1 << 64 - (12 + 9 * levels - 1)) - 1


def walk_lines(kernel, walk):
    lines = []
    if walk.lowest:
        lines = [_entry_line(walk, level) for level in range(5, walk.lowest - 1, -1)]
    else:
        lines = ['  beyond the reach of %d levels, %x' % (walk.levels, reach(walk.levels))]
    if walk.leaf is not None:
        lines.append(_frame_line(walk))
    return lines


def mapping_line(kernel, space, vma):
    if not vma:
        return '  no mapping'
    return '  mapping %x-%x %s %s' % (vma.start, vma.end, vma.permissions,
                                      kernel.vma_name(space, vma))


def report(kernel, address, space, loaded_root):
    """Lines of pgwalk. space may be None: the tables of loaded_root then."""
    in_kernel = bool(address >> 63)
    root = kernel.kernel_root() if in_kernel else space.root if space else loaded_root
    where = ' in the kernel' if in_kernel else ' in ' + space.title if space else ''
    lines = ['walk of %016x%s: %d levels, root frame %x' % (address, where, root & 7,
                                                            root >> PAGE_SHIFT)]
    if not canonical(address, kernel.hw_levels()):
        return lines + ['  not canonical on hardware of %d levels' % kernel.hw_levels(),
                        '  any      general protection fault']
    if root & 7 not in (3, 4, 5) or not kernel.frame_valid(root >> PAGE_SHIFT):
        return lines + ['  no page tables']
    walk = Walk(kernel, root, address)
    lines += walk_lines(kernel, walk)
    if in_kernel or not space:
        judge = lambda access: kernel_verdict(walk, access)
    else:
        vma = kernel.vma_at(space, address)
        vma = vma if vma and vma.start <= address else None
        lines.append(mapping_line(kernel, space, vma))
        judge = lambda access: verdict(kernel, space, vma, walk, access)
    return lines + ['  %-7s  %s' % (access, judge(access)) for access in (READ, MODIFY, EXECUTE)]
