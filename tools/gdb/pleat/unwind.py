"""Backtraces from the kernel into the program (or kernel code) that entered it.

gdb unwinds C by the compiler's tables. The entries are assembly: there the registers lie in a
struct pt_regs that this finds. From a program it is at the top of the task's kernel stack, as far
as it has been pushed and not popped again. From the kernel it is found behind a call into C, and
at the first instruction of an entry, when only the processor has pushed something. With it `bt`,
`up` and `finish` cross the edge, `step` goes from a program into the kernel, and `next` over it.
"""
import gdb
import gdb.unwinder

SIZE = 168                      # of struct pt_regs
MASK = (1 << 64) - 1
OFFSETS = {name: 8 * i for i, name in enumerate(
    'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi'.split())}
OFFSETS.update(rip=128, rsp=152)
WITH_ERROR_CODE = (8, 10, 11, 12, 13, 14, 17)
ENTRY_FILES = ('arch/x86_64/syscall_entry.S', 'arch/x86_64/trap_entry.S')
ADD_16_TO_RSP = b'\x48\x83\xc4\x10'


class FrameId:
    def __init__(self, sp, pc):
        kind = gdb.lookup_type('unsigned long')
        self.sp, self.pc = gdb.Value(sp).cast(kind), gdb.Value(pc).cast(kind)


def _word(address):
    kind = gdb.lookup_type('unsigned long')
    return gdb.Value(address).cast(kind.pointer()).dereference()


def _symbol(name):
    return int(gdb.parse_and_eval('(unsigned long)&' + name))


def _bytes(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


class Entries:
    """Where the entries begin, from the kernel's own table; read once, when it is there."""

    def __init__(self):
        self.vectors, self.starts = {}, []

    def load(self):
        if self.vectors:
            return
        first, last = (_symbol(name) for name in ('trap_vectors', 'trap_vectors_end'))
        data = _bytes(first, last - first)
        words = [int.from_bytes(data[i:i + 8], 'little') for i in range(0, len(data), 8)]
        self.vectors = dict(zip(words[1::2], words[0::2]))
        self.starts = sorted(list(self.vectors) + [_symbol(name) for name in (
            'syscall_entry', 'return_to_user', 'switch_stack', 'thread_entry')])

    def start(self, pc):
        """Where the piece of code begins that pc lies in: names its frame."""
        return max([start for start in self.starts if start <= pc] or [pc])


class EntryUnwinder(gdb.unwinder.Unwinder):
    def __init__(self):
        super().__init__('pleat entries')
        self.entries = Entries()

    def __call__(self, frame):
        pc = int(frame.read_register('rip')) & MASK
        if pc < 0xffffffff80000000:
            return None
        place = gdb.find_pc_line(pc)
        if not place.symtab or not place.symtab.filename.endswith(ENTRY_FILES):
            return None
        sp = int(frame.read_register('rsp')) & MASK
        try:
            self.entries.load()
            return self.on_user_stack(frame, pc, sp) or self.from_program(frame, pc, sp) or \
                self.at_entry(frame, pc, sp) or self.behind_call(frame, pc, sp)
        except gdb.error:
            return None

    def result(self, frame, pc, sp, saved):
        """Registers that are not in `saved` are still the interrupted code's."""
        info = frame.create_unwind_info(FrameId(sp, self.entries.start(pc)))
        for name in OFFSETS:
            info.add_saved_register(name, saved[name] if name in saved
                                    else frame.read_register(name))
        return info

    def on_user_stack(self, frame, pc, sp):
        """The first and the last instructions of a system call."""
        if sp >> 63:
            return None
        return self.result(frame, pc, sp, {'rip': frame.read_register('rcx')})

    def from_program(self, frame, pc, sp):
        percpu = gdb.parse_and_eval('percpus[%d]' % (gdb.selected_thread().ptid[1] - 1))
        top = int(percpu['stack_top'])
        regs = top - SIZE
        if not regs <= sp <= top:
            return None
        saved = {name: _word(regs + offset) for name, offset in OFFSETS.items()
                 if regs + offset >= sp}
        saved.setdefault('rip', frame.read_register('rcx'))     # a system call's first pushes
        saved.setdefault('rsp', percpu['user_sp'])
        return self.result(frame, pc, top, saved)

    def at_entry(self, frame, pc, sp):
        if pc not in self.entries.vectors:
            return None
        if self.entries.vectors[pc] in WITH_ERROR_CODE:
            sp += 8
        return self.result(frame, pc, sp, {'rip': _word(sp), 'rsp': _word(sp + 24)})

    def behind_call(self, frame, pc, sp):
        code = _bytes(pc - 5, 9)
        if code[0] != 0xe8 and code[3:5] != b'\xff\xd3':
            return None
        if code[5:] == ADD_16_TO_RSP:
            sp += 16        # entries from the kernel push a frame for its own backtrace
        return self.result(frame, pc, sp, {name: _word(sp + offset)
                                           for name, offset in OFFSETS.items()})


def install():
    gdb.unwinder.register_unwinder(None, EntryUnwinder(), replace=True)
