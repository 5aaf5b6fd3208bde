"""vmmap, and what else goes through all present pages of an address space. README.md specifies
the text of vmmap; kernel/debug/debug_vmmap.c prints the same."""
from .kernel import counter, integer
from .memory import PAGE_SHIFT, PAGE_SIZE
from .walk import Walk, entry_frame, entry_present, frame_kind, letters, level_shift

NAME_WIDTH = 24


class Leaf:
    """An entry that maps something, and where it lies."""

    def __init__(self, start, level, entry):
        self.start, self.level, self.entry = start, level, entry

    @property
    def size(self):
        return 1 << level_shift(self.level)

    @property
    def end(self):
        return self.start + self.size

    @property
    def frame(self):
        return entry_frame(self.entry)

    @property
    def short_letters(self):
        """P or N, W, X: what does not change while a program only reads and writes."""
        all_letters = letters(self.entry)
        return all_letters[0] + all_letters[1] + all_letters[3]


def leaves(kernel, root, start, end):
    """All entries that map something in [start, end), in order."""
    address = start
    while address < end:
        walk = Walk(kernel, root, address)
        if not walk.lowest:
            return
        if walk.leaf is not None:
            yield Leaf(address & ~((1 << level_shift(walk.lowest)) - 1), walk.lowest, walk.leaf)
        address = walk.entry_end


class Run:
    """Neighbouring leaves that look alike."""

    def __init__(self, leaf, look):
        self.start, self.end, self.first, self.look = leaf.start, leaf.end, leaf, look
        self.in_order = True    # frames follow each other
        self.next_frame = leaf.frame + (leaf.size >> PAGE_SHIFT)

    @property
    def pages(self):
        return self.end - self.start >> PAGE_SHIFT

    def add(self, leaf):
        self.in_order &= leaf.frame == self.next_frame
        self.next_frame = leaf.frame + (leaf.size >> PAGE_SHIFT)
        self.end = leaf.end


def runs(found, look):
    """Leaves merged where they touch and look(leaf) is the same."""
    run = None
    for leaf in found:
        seen = look(leaf)
        if run and run.end == leaf.start and run.look == seen:
            run.add(leaf)
            continue
        if run:
            yield run
        run = Run(leaf, seen)
    if run:
        yield run


def digits(levels):
    return {3: 10, 4: 12, 5: 14}[levels]


def _span(start, end, width):
    return '%0*x-%0*x' % (width, start, width, end)


def report(kernel, space):
    """Lines of vmmap."""
    levels = space.root & 7
    width, present, vmas = digits(levels), 0, kernel.vmas(space)
    lines = ['vmmap of %s: %d levels, root frame %x' % (space.title, levels,
                                                        space.root >> PAGE_SHIFT),
             '%-*s perm %-*s | %-*s   pages     kind' % (2 * width + 1, 'mapping', NAME_WIDTH, '',
                                                        2 * width + 1, 'present')]

    def look(leaf):
        return leaf.short_letters, frame_kind(kernel, leaf.entry, leaf.frame)

    for vma in vmas:
        left = '%s %s %-*s' % (_span(vma.start, vma.end, width), vma.permissions, NAME_WIDTH,
                               kernel.vma_name(space, vma))
        found = (leaf for leaf in leaves(kernel, space.root, vma.start, vma.end)
                 if leaf.level == 1)
        beside = list(runs(found, look))
        if not beside:
            lines.append(left + ' | -')
        for run in beside:
            lines.append('%s | %s %7d %s %s' % (left, _span(run.start, run.end, width), run.pages,
                                                run.look[0], run.look[1]))
            present += run.pages
            left = ' ' * (2 * width + 7 + NAME_WIDTH)
    lines.append('%d mappings of %d pages, %d present; %d frames of page tables' % (
        int(space.value['map_count']), integer(space.value['total_vm']), present,
        counter(space.value['table_frames'])))
    return lines
