"""Commands about processes and processors: ps, faults, tlb."""
from .command import Command, table
from .kernel import counter, integer
from .memory import PAGE_SHIFT, has_symbol, need_debug_build
from .walk import letters

STATES = ('running', 'sleeping', 'killable', 'interruptible', 'dead')
FAULT_WRITE, FAULT_USER, FAULT_INSTRUCTION = 1 << 0, 1 << 6, 1 << 8
OUTCOMES = {'VM_EVENT_ZERO_PAGE': 'zero page', 'VM_EVENT_ANON_PAGE': 'new page',
            'VM_EVENT_COW_COPY': 'COW copy', 'VM_EVENT_COW_REUSE': 'COW reuse',
            'VM_EVENT_ROOT_RELOAD': 'root reloaded', 'NR_VM_EVENTS': 'mapped'}
SIGNALS = {7: 'SIGBUS', 9: 'SIGKILL (out of memory)', 11: 'SIGSEGV'}


def online_cpus(kernel):
    mask = integer(kernel.variable('online', 'arch/x86_64/ipi.c'))
    return [cpu for cpu in range(64) if mask >> cpu & 1]


def cpu_list(mask):
    return ','.join(str(cpu) for cpu in range(64) if mask >> cpu & 1) or '-'


class Ps(Command):
    """Processes and their threads; * is what the CPUs run now.

ps

levels: of the page tables. resident: pages mapped. tables: frames of page tables."""
    name = 'ps'

    def run(self, kernel):
        kernel.need_memory()
        running = {}
        for cpu in online_cpus(kernel):
            current = kernel.current(cpu)
            if current:
                running[current[0]] = cpu
        rows = [('', 'pid', 'tid', 'parent', 'state', 'cpu', 'levels', 'resident',
                 'tables', 'name')]
        for unused, process in kernel.processes():
            rows += self.process(kernel, process, running)
        if len(rows) == 1:
            return self.idle(kernel) + ['There is no process yet (or any more).']
        return table(rows, '<>>><>>>><') + self.idle(kernel)

    def process(self, kernel, process, running):
        parent = integer(process['parent'])
        parent = int(kernel.value(parent, 'struct process')['pid']) if parent else 0
        pid = str(int(process['pid']))
        if bool(process['zombie']):
            return [('', pid, '', str(parent), 'zombie', '', '', '', '',
                     '(status %#x)' % int(process['exit_status']))]
        return [self.thread(kernel, pid, str(parent), address, task, running)
                for address, task in kernel.threads(process)]

    @staticmethod
    def thread(kernel, pid, parent, address, task, running):
        levels = resident = tables = '-'
        mm = integer(task['mm'])
        if mm:
            space = kernel.value(mm, 'struct mm_struct')
            levels = str(integer(space['root']) & 7)
            resident = str(sum(int(space['cpu'][cpu]['rss'][i])
                               for cpu in online_cpus(kernel) for i in range(3)))
            tables = str(counter(space['table_frames']))
        state = int(task['state'])
        return ('*' if address in running else '', pid, str(int(task['tid'])), parent,
                STATES[state] if 0 <= state < len(STATES) else '?',
                str(running.get(address, int(task['cpu']))), levels, resident, tables,
                kernel.text(task['comm']))

    @staticmethod
    def idle(kernel):
        lines = []
        for cpu in online_cpus(kernel):
            current = kernel.current(cpu)
            if not current:
                lines.append('CPU %d has no task yet' % cpu)
            elif not integer(current[1]['mm']):
                lines.append('CPU %d runs %s' % (cpu, kernel.text(current[1]['comm'])))
        return lines


class Recent:
    """The rings of mm/recent.c."""

    def __init__(self, kernel, what):
        need_debug_build('record of ' + what, 'recent', 'mm/recent.c')
        self.kernel, self.rings = kernel, kernel.variable('recent', 'mm/recent.c')

    def newest(self, kind, counted, limit):
        """(CPU, record) of all CPUs, the newest first."""
        found = []
        for cpu in range(self.rings.type.range()[1] + 1):
            ring = self.rings[cpu]
            size, ever = ring[kind].type.range()[1] + 1, integer(ring[counted])
            for n in range(max(0, ever - min(size, limit)), ever):
                found.append((cpu, ring[kind][n % size]))
        found.sort(key=lambda item: integer(item[1]['seq']), reverse=True)
        return found[:limit]


class Owners:
    """Names for the addresses of tasks and address spaces that records hold."""

    def __init__(self, kernel):
        self.tasks, self.spaces = {}, {}
        for unused, process in kernel.processes():
            for address, task in kernel.threads(process):
                self.tasks[address] = '%d (%s)' % (int(task['tid']), kernel.text(task['comm']))
        for mm, space in kernel.spaces().items():
            self.spaces[mm] = '%d (%s)' % (space.pid, space.comm)

    def task(self, address):
        return self.tasks.get(integer(address), 'gone')

    def space(self, address):
        return self.spaces.get(integer(address), 'gone')


class Faults(Command):
    """The last page faults on user addresses, the newest first (debug builds).

faults [N]

N: how many (16). `by` is the task that faulted, `gone` if it has ended; `from kernel` says that
the kernel touched the address for the program. What became of it: the zero page, a new page, a COW
copy or reuse, mapped (a page of a file, or nothing was left to do), or a signal."""
    name, usage = 'faults', '[N]'

    def parse(self, words):
        if len(words) > 1 or (words and not words[0].isdigit()):
            self.wrong_usage()
        return (int(words[0]) if words else 16,)

    def run(self, kernel, limit):
        kernel.need_memory()
        found = Recent(kernel, 'faults').newest('faults', 'nr_faults', limit)
        if not found:
            return ['There was no page fault yet.']
        owners = Owners(kernel)
        rows = [('number', 'cpu', 'by', 'address', 'access', 'from', 'became')]
        for cpu, fault in found:
            flags, signo = integer(fault['flags']), int(fault['signo'])
            access = 'write' if flags & FAULT_WRITE else \
                'execute' if flags & FAULT_INSTRUCTION else 'read'
            became = SIGNALS.get(signo, 'signal %d' % signo) if signo else \
                OUTCOMES.get(str(fault['event']), str(fault['event']))
            rows.append((str(integer(fault['seq'])), str(cpu), owners.task(fault['task']),
                         '%x' % integer(fault['addr']), access,
                         'program' if flags & FAULT_USER else 'kernel', became))
        return table(rows, '>><><<<')


class Tlb(Command):
    """What the TLBs may still hold, and the last shootdowns.

tlb [N]

For each CPU the address space that it has loaded (lazily: only in case its task comes back), and
whether that root is older than the address space's. In debug builds also the pending records of
the TLB ledger (translations that an entry no longer grants and no flush has covered yet) and the
last N (8) flushes with the CPUs that got an IPI."""
    name, usage = 'tlb', '[N]'

    def parse(self, words):
        if len(words) > 1 or (words and not words[0].isdigit()):
            self.wrong_usage()
        return (int(words[0]) if words else 8,)

    def run(self, kernel, limit):
        kernel.need_memory()
        owners = Owners(kernel)
        lines = self.loaded(kernel, owners)
        if not has_symbol('ledger', 'mm/ledger.c'):
            return lines + ['This is a release build, which keeps no ledger and no record of flushes.']
        return lines + self.pending(kernel, owners) + self.flushes(kernel, owners, limit)

    @staticmethod
    def loaded(kernel, owners):
        rows = [('cpu', 'has loaded', 'root', '')]
        contexts = kernel.variable('cpu_contexts')
        for cpu in online_cpus(kernel):
            context = contexts[cpu]
            mm, root = integer(context['mm']), integer(context['root'])
            if not mm:
                rows.append((str(cpu), 'the kernel only', '-', ''))
                continue
            notes = ['lazily'] if bool(context['lazy']) else []
            now = integer(kernel.value(mm, 'struct mm_struct')['root'])
            if now != root:
                notes.append('OLD: the root is %x, %d levels now' % (now >> PAGE_SHIFT, now & 7))
            rows.append((str(cpu), owners.space(context['mm']),
                         '%x, %d levels' % (root >> PAGE_SHIFT, root & 7), ', '.join(notes)))
        return table(rows, '><<<')

    @staticmethod
    def pending(kernel, owners):
        ledger = kernel.variable('ledger', 'mm/ledger.c')
        rows = [('space', 'range', 'may still be used as', 'by CPUs')]
        for pointer in kernel.chain(ledger['used'], 'next'):
            record = kernel.value(integer(pointer), pointer.type.target())
            start, old = integer(record['addr']), integer(record['old'])
            level = int(record['level'])
            rows.append((owners.space(record['mm']),
                         '%x-%x' % (start, start + integer(record['size'])),
                         '%s frame %x%s' % (letters(old), old >> PAGE_SHIFT & (1 << 40) - 1,
                                            ' (a table)' if level > 1 else ''),
                         cpu_list(integer(record['cpus']))))
        lines = ['pending downgrades: %d' % (len(rows) - 1)]
        if integer(ledger['lost']):
            lines.append('records lost because the ledger was full: %d' % integer(ledger['lost']))
        return lines + (table(rows, '<<<<') if len(rows) > 1 else [])

    @staticmethod
    def flushes(kernel, owners, limit):
        found = Recent(kernel, 'shootdowns').newest('flushes', 'nr_flushes', limit)
        if not found:
            return ['There was no flush yet.']
        rows = [('number', 'cpu', 'space', 'range', 'IPI to CPUs')]
        for cpu, flush in found:
            rows.append((str(integer(flush['seq'])), str(cpu), owners.space(flush['mm']),
                         '%x-%x' % (integer(flush['start']), integer(flush['end'])),
                         cpu_list(integer(flush['targets']))))
        return ['last flushes:'] + table(rows, '>><<<')


COMMANDS = (Ps, Faults, Tlb)
