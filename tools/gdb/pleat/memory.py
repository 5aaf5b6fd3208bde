"""The machine's memory, read by physical address, and the kernel's variables in it.

Nothing here depends on what the stopped processor has loaded: kernel addresses are translated by
what is known of the kernel's half (machine/layout.h), so that commands work in user mode, between
two page tables, and before the kernel's own are in use.
"""
import struct

import gdb

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT

# arch/x86_64/machine/layout.h
DIRECT_MAP_BASE = 0xffff800000000000
DIRECT_MAP_END = DIRECT_MAP_BASE + (64 << 40)
VMALLOC_START = 0xffffc90000000000
VMALLOC_END = 0xffffc98000000000
KERNEL_BASE = 0xffffffff80000000

PRESENT, WRITE, USER, ACCESSED, DIRTY, HUGE, GLOBAL = (1 << bit for bit in (0, 1, 2, 5, 6, 7, 8))
PROTNONE = GLOBAL           # without PRESENT
SPECIAL, UFFD_WP, SOFT_DIRTY = 1 << 9, 1 << 10, 1 << 11
NX = 1 << 63
SOFTWARE, HWPOISON = 3 << 61, 1 << 61   # without PRESENT and PROTNONE: an entry of software's own
FRAME_MASK = 0x000ffffffffff000


def fail(text, *args):
    """What a person did, or asked for, does not work: one sentence."""
    raise gdb.GdbError(text % args if args else text)


def integer(value):
    """A gdb.Value as a number without sign."""
    return int(value) & (1 << 64) - 1


def _packet(text):
    return gdb.execute('maintenance packet ' + text, to_string=True)


class Memory:
    """Physical memory, for the time of one command: `with Memory() as memory`.

    Frames are kept once read: the machine stands still. While it is open, gdb itself must not
    read memory by virtual address.
    """

    def __init__(self):
        self.frames = {}
        self.variables = {}

    def __enter__(self):
        inferior = gdb.selected_inferior()
        if not inferior.pid or not gdb.selected_thread():
            fail('There is no machine: `make gdb` starts one.')
        if gdb.selected_thread().is_running():
            fail('The machine is running: stop it with Ctrl-C first.')
        self.inferior = inferior
        if '"OK"' not in _packet('Qqemu.PhyMemMode:1'):
            _packet('Qqemu.PhyMemMode:0')
            fail('This is not QEMU, or one that cannot read physical memory for gdb.')
        return self

    def __exit__(self, *unused):
        _packet('Qqemu.PhyMemMode:0')
        return False

    def frame(self, pfn):
        if pfn not in self.frames:
            try:
                data = self.inferior.read_memory(pfn << PAGE_SHIFT, PAGE_SIZE)
            except gdb.MemoryError:
                fail('There is no memory at physical address %#x.', pfn << PAGE_SHIFT)
            self.frames[pfn] = bytes(data)
        return self.frames[pfn]

    def physical(self, address, size):
        out = b''
        while size > 0:
            offset = address & PAGE_SIZE - 1
            part = min(size, PAGE_SIZE - offset)
            out += self.frame(address >> PAGE_SHIFT)[offset:offset + part]
            address += part
            size -= part
        return out

    # ---- kernel addresses ----

    def kernel_to_physical(self, address):
        if KERNEL_BASE <= address < symbol_address('image_end'):
            return address - KERNEL_BASE
        if DIRECT_MAP_BASE <= address < DIRECT_MAP_END:
            return address - DIRECT_MAP_BASE
        if VMALLOC_START <= address < VMALLOC_END:
            return self._walk_vmalloc(address)
        fail('%#x is no address of the kernel\'s: its data is damaged, or not set up yet.',
             address)

    def _walk_vmalloc(self, address):
        table = symbol_address('kernel_pml4') - KERNEL_BASE
        for shift in (39, 30, 21, 12):
            entry, = struct.unpack('<Q', self.physical(table + (address >> shift & 511) * 8, 8))
            if not entry & PRESENT:
                fail('%#x is not mapped in the kernel.', address)
            table = entry & FRAME_MASK
            if shift == 12 or entry & HUGE:
                break
        return (table & ~((1 << shift) - 1)) | (address & (1 << shift) - 1)

    def read(self, address, size):
        """Bytes at a kernel virtual address."""
        out = b''
        while size > 0:
            part = min(size, PAGE_SIZE - (address & PAGE_SIZE - 1))
            out += self.physical(self.kernel_to_physical(address), part)
            address += part
            size -= part
        return out

    def word(self, address):
        return struct.unpack('<Q', self.read(address, 8))[0]

    def value(self, address, kind):
        """The object of that type (a gdb.Type or its name) at a kernel address."""
        kind = lookup_type(kind) if isinstance(kind, str) else kind
        return gdb.Value(self.read(address, kind.sizeof), kind)

    def variable(self, name, source=None):
        """A kernel variable; source names the file of a static one, as in 'mm/ledger.c'."""
        if (name, source) not in self.variables:
            pointer = symbol_pointer(name, source)
            self.variables[name, source] = self.value(integer(pointer), pointer.type.target())
        return self.variables[name, source]

    def text(self, value):
        """A char array, up to its NUL."""
        size = value.type.sizeof
        data = bytes(integer(value[i]) & 0xff for i in range(size))
        return data.split(b'\0')[0].decode('ascii', 'replace')

    def string(self, address, limit=64):
        data = self.read(address, limit)
        return data.split(b'\0')[0].decode('ascii', 'replace')


def lookup_type(name):
    try:
        return gdb.lookup_type(name)
    except gdb.error:
        fail('The symbols have no %s: load those of Pleat (`file build/debug/pleat.elf`).', name)


def symbol_pointer(name, source=None):
    """&name, without reading it."""
    full = "'%s'::%s" % (source, name) if source else name
    try:
        return gdb.parse_and_eval('&' + full)
    except gdb.error:
        fail('The symbols have no %s: load those of Pleat (`file build/debug/pleat.elf`).', full)


def symbol_address(name, source=None):
    return integer(symbol_pointer(name, source))


def has_symbol(name, source=None):
    try:
        gdb.parse_and_eval("&'%s'::%s" % (source, name) if source else '&' + name)
        return True
    except gdb.error:
        return False


def need_debug_build(what, name, source=None):
    if not has_symbol(name, source):
        fail('This is a release build, which keeps no %s: use `make gdb BUILD=debug`.', what)
