"""Commands about frames: page, buddy, slab."""
from .command import Command, number, process_number, table, where
from .kernel import counter, integer, page_flags, page_test
from .memory import (DIRECT_MAP_BASE, DIRECT_MAP_END, KERNEL_BASE, PAGE_SHIFT, fail, has_symbol,
                     lookup_type)
from .space import digits, leaves
from .spaces import user_end
from .walk import Walk, frame_kind, letters

MAX_ORDER = 10


class Page(Command):
    """One frame: counts, flags, who allocated it, and who maps it.

page PFN | ADDRESS [PID]

A number below the number of frames is a frame; any other is an address: the kernel's, or with PID
(or in the process that the selected CPU runs) a program's. With PID it is always an address. Who
allocated it is known in debug builds."""
    name, usage = 'page', 'PFN | ADDRESS [PID]'

    def parse(self, words):
        if not 1 <= len(words) <= 2:
            self.wrong_usage()
        return number(words[0]), process_number(words[1]) if len(words) == 2 else None

    def run(self, kernel, what, pid):
        kernel.need_memory()
        pfn, entry = self.find(kernel, what, pid)
        lines = ['frame %x, physical %x: %s' % (pfn, pfn << PAGE_SHIFT,
                                                frame_kind(kernel, entry, pfn))]
        if not kernel.frame_valid(pfn):
            return lines
        page = kernel.page(pfn)
        head_pfn, head = kernel.head(pfn)
        if head_pfn != pfn:
            lines.append('  page %d of the folio of frame %x:' % (pfn - head_pfn, head_pfn))
        lines += self.counts(head) + self.checker(kernel, pfn)
        lines += self.use(kernel, head) + self.owner(kernel, pfn)
        return lines + self.mappers(kernel, pfn, page)

    @staticmethod
    def find(kernel, what, pid):
        """(frame, the entry that led there or 0)"""
        if pid is None and kernel.frame_valid(what):
            return what, 0
        if what >= KERNEL_BASE or DIRECT_MAP_BASE <= what < DIRECT_MAP_END:
            return kernel.kernel_to_physical(what) >> PAGE_SHIFT, 0
        if what >> 63:
            walk = Walk(kernel, kernel.kernel_root(), what)
            title = 'the kernel'
        else:
            space = kernel.space(pid)
            walk, title = Walk(kernel, space.root, what), space.title
        if walk.leaf is None:
            fail('No page is present at %#x in %s: `pgwalk %#x` says why.', what, title, what)
        return walk.frame, walk.leaf

    @staticmethod
    def counts(page):
        flags = [name for name in page_flags() if page_test(page, name)]
        return ['  references %d, mapped %d, pins %d, order %d' % (
                    counter(page['_refcount']), counter(page['_mapcount']),
                    counter(page['pincount']), int(page['order'])),
                '  flags %s' % (' '.join(flags) or '(none)')]

    @staticmethod
    def checker(kernel, pfn):
        if not has_symbol('frame_checks'):
            return []
        base = integer(kernel.variable('frame_checks'))
        check = kernel.value(base + pfn * lookup_type('struct frame_check').sizeof,
                             'struct frame_check')
        return ['  the checker counts %d anonymous and %d file entries, %d stale translations' % (
            int(check['anon_maps']), int(check['file_maps']), int(check['pending']))]

    @staticmethod
    def use(kernel, page):
        """What the union in struct page says."""
        if page_test(page, 'slab'):
            cache = kernel.value(integer(page['slab_cache']), 'struct kmem_cache')
            return ['  slab of %s: %d of %d objects out' % (
                kernel.string(integer(cache['name'])), int(page['slab_inuse']),
                int(cache['per_slab']))]
        if page_test(page, 'table'):
            return ['  page table of %s' % kernel.owner(integer(page['table_mm']))]
        mapping = integer(page['mapping'])
        if page_test(page, 'anon') or page_test(page, 'buddy') or page_test(page, 'pcp') or \
                page_test(page, 'reserved') or not mapping:
            return []
        host = integer(kernel.value(mapping, 'struct address_space')['host'])
        name = kernel.path(host) if host else None
        return ['  page %d of %s' % (integer(page['index']), name or 'shared memory')]

    @staticmethod
    def owner(kernel, pfn):
        if not has_symbol('owners', 'mm/page_owner.c'):
            return ['  who allocated it: only debug builds know']
        owners = kernel.variable('owners', 'mm/page_owner.c')
        kind = owners.type.target()
        owner = kernel.value(integer(owners) + pfn * kind.sizeof, kind)
        stack = integer(owner['stack'])
        if not stack:
            return ['  who allocated it: not recorded (at boot, or before the record began)']
        depot = kernel.variable('depot', 'mm/stackdepot.c')
        kind = depot.type.target()
        record = kernel.value(integer(depot) + (stack - 1) * kind.sizeof, kind)
        how = 'allocated by' if bool(owner['used']) else 'free; last allocated by'
        return ['  %s:' % how] + ['    ' + where(integer(record['trace'][i]))
                                  for i in range(int(record['nr']))]

    @staticmethod
    def mappers(kernel, pfn, page):
        lines = []
        for space in kernel.spaces().values():
            for leaf in leaves(kernel, space.root, 0, user_end(space.root & 7)):
                if leaf.frame <= pfn < leaf.frame + (leaf.size >> PAGE_SHIFT):
                    address = leaf.start + (pfn - leaf.frame << PAGE_SHIFT)
                    lines.append('    %s at %0*x  %s' % (space.title, digits(space.root & 7),
                                                         address, letters(leaf.entry)))
        return ['  mapped by:'] + lines if lines else ['  mapped by no process']


class Buddy(Command):
    """Free frames: blocks of each order, and the lists of single frames of each CPU.

buddy"""
    name = 'buddy'

    def run(self, kernel):
        kernel.need_memory()
        zone = kernel.variable('zone', 'mm/buddy.c')
        pcps = kernel.variable('pcps', 'mm/buddy.c')
        rows = [('order', 'block', 'free blocks', 'frames')]
        for order in range(MAX_ORDER + 1):
            blocks = integer(zone['blocks'][order])
            rows.append((str(order), '%dK' % (4 << order), str(blocks), str(blocks << order)))
        counts = [int(pcps[cpu]['count']) for cpu in range(pcps.type.range()[1] + 1)]
        total, free = integer(zone['total']), integer(zone['free'])
        lines = table(rows, '>>>>')
        lines += ['CPU %d keeps %d single frames' % (cpu, n) for cpu, n in enumerate(counts) if n]
        lines.append('%d of %d frames are free (%d in blocks, %d with CPUs); the last %d are a reserve'
                     % (free + sum(counts), total, free, sum(counts), integer(zone['reserve'])))
        return lines + self.check(kernel, zone)

    @staticmethod
    def check(kernel, zone):
        """The lists themselves, against the counts."""
        bad = []
        for order in range(MAX_ORDER + 1):
            found = 0
            for pointer in kernel.tailq(zone['list'][order], 'lru'):
                page = kernel.value(integer(pointer), 'struct page')
                found += 1
                if not page_test(page, 'buddy') or int(page['order']) != order:
                    bad.append('DAMAGED: frame %x is on the list of order %d and is no such block'
                               % (kernel.page_to_pfn(integer(pointer)), order))
            if found != integer(zone['blocks'][order]):
                bad.append('DAMAGED: the list of order %d has %d blocks, counted are %d (or it is '
                           'being changed right now)' % (order, found,
                                                         integer(zone['blocks'][order])))
        return bad or ['every list agrees with its count']


class Slab(Command):
    """The kernel's caches of objects: how many objects are out, how many slabs there are.

slab [NAME]

With NAME: the slabs of that cache, one a line."""
    name, usage = 'slab', '[NAME]'

    def parse(self, words):
        if len(words) > 1:
            self.wrong_usage()
        return (words[0] if words else None,)

    def run(self, kernel, name):
        kernel.need_memory()
        rows = [('cache', 'size', 'stride', 'in use', 'in magazines', 'slabs', 'per slab')]
        for pointer in kernel.tailq(kernel.variable('caches', 'mm/slab.c'), 'list'):
            cache = kernel.value(integer(pointer), 'struct kmem_cache')
            title = kernel.string(integer(cache['name']))
            if name == title:
                return self.slabs(kernel, title, cache)
            magazines = cache['magazines']
            waiting = sum(int(magazines[cpu]['count'])
                          for cpu in range(magazines.type.range()[1] + 1))
            rows.append((title, str(int(cache['object_size'])), str(int(cache['stride'])),
                         str(integer(cache['taken']) - waiting), str(waiting),
                         str(integer(cache['slabs'])), str(int(cache['per_slab']))))
        if name:
            fail('There is no cache %s; there are %s.', name,
                 ', '.join(row[0] for row in rows[1:]))
        return table(rows, '<>>>>>>')

    @staticmethod
    def slabs(kernel, title, cache):
        rows = [('frame', 'objects out', 'list')]
        for which in ('partial', 'full'):
            for pointer in kernel.tailq(cache[which], 'lru'):
                page = kernel.value(integer(pointer), 'struct page')
                rows.append(('%x' % kernel.page_to_pfn(integer(pointer)),
                             '%d of %d' % (int(page['slab_inuse']), int(cache['per_slab'])),
                             which))
        return ['slabs of %s, %d bytes an object:' % (title, int(cache['object_size']))] + \
            table(rows, '<<<')


COMMANDS = (Page, Buddy, Slab)
