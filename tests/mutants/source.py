"""The mutants of mm/, found in its text: what each would delete, and the text without it.

A flush, a barrier, a lock with its unlocks, a re-check is recognised by its name (NAMES below). A
re-check that has no name of its own carries a comment with the word "re-check"
directly above it."""

import re

FLUSHES = ("flush_tlb_range|flush_tlb_page|tlb_flush_local|tlb_flush_local_all|tlb_flush_kernel|tlb_flush_mmu|"
           "flush_own|flush_others_quietly|tlb_range|ipi_wait|wait_for_others|leave_mm|load_new_root|"
           "unfold_other_cpus|mm_leave_all_cpus|tlb_remove_table_sync_one|interrupt_and_wait|grace_begin|"
           "grace_quiescent|wait_for_readers|sleep_until_read")
BARRIERS = "smp_mb|smp_rmb|smp_wmb"
ORDERED = {"smp_load_acquire": "READ_ONCE(*({0}))", "smp_store_release": "WRITE_ONCE(*({0}), {1})"}
RECHECKS = r"p(?:te|md|ud|4d|gd)_same"

# What takes a lock, and what gives it back. A name that answers whether it got the lock is written
# as a value: without the lock it always did.
LOCKS = [
    (r"spin_lock(?:_nested)?", r"spin_unlock"),
    (r"machine_spin_lock", r"machine_spin_unlock"),
    (r"mmap_read_lock", r"mmap_read_unlock"),
    (r"mmap_write_lock(?:_nested)?", r"mmap_write_unlock"),
    (r"down_read", r"up_read"),
    (r"down_write(?:_nested)?", r"up_write"),
    (r"mmap_lock_enter", r"mmap_lock_leave"),
    (r"folio_lock|folio_trylock|folio_lock_killable", r"folio_unlock"),
    (r"irq_save", r"irq_restore"),
]
# A writer that goes on as a reader, for who has taken one of the two away.
DOWNGRADES = {"mmap_read_unlock": "mmap_write_unlock", "mmap_write_unlock": "mmap_read_lock"}
# Whom a comment names to be judged by, where a barrier is.
MODEL = r"tests/models/(\w+)\.pml: (\w+)"


class Mutant:
    """edits: (start, end, replacement) in the text of the file."""

    def __init__(self, path, function, kind, name, edits):
        self.path, self.function, self.kind, self.name = path, function, kind, name
        self.edits = sorted(edits)
        self.ident = f"{path}:{function}:{kind}:{name}"

    def apply(self, text):
        for start, end, replacement in reversed(self.edits):
            text = text[:start] + replacement + text[end:]
        return text

    def line(self, text):
        """The line of the first edit, without its indentation."""
        start = self.edits[0][0]
        return text[text.rfind("\n", 0, start) + 1:(text + "\n").index("\n", start)].strip()

    def comment(self, text):
        """What is written about it: from the last lines before it to the end of its own."""
        start, end = self.edits[0][:2]
        return text[max(0, start - 300):text.index("\n", max(start, end - 1))]

    def variant(self, text):
        """The form of mm/ that has its line at all: "" the default, "rcu" inside #ifdef
        CONFIG_TABLE_FREE_RCU."""
        form = ""
        for line in text[:self.edits[0][0]].split("\n"):
            if line.startswith("#ifdef CONFIG_TABLE_FREE_RCU"):
                form = "rcu"
            elif line.startswith(("#else", "#endif")):
                form = ""
        return form


def blank(text):
    """The text with comments, strings and preprocessor lines blanked out, all at
    the same offsets."""
    pattern = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'|^#(?:\\\n|[^\n])*",
                         re.S | re.M)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def functions(code):
    """(name, start, end) of each function body: `{` in column 0 up to `}` there,
    or all on one line."""
    found = []
    for head in re.finditer(r"^\w[^\n;={}]*?(\w+)\((?:[^;{}]*)\)[^;{}=]*\n?\{", code, re.M):
        if head.group(1) in ("if", "while", "for", "switch"):
            continue
        start = head.end()
        depth, end = 1, start
        while depth and end < len(code):
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        found.append((head.group(1), head.start(), start, end))
    return found


def calls(code, names, start, end):
    """(name, start of the call, its end, [arguments]) of calls in code[start:end]."""
    for match in re.compile(rf"(?<![\w.>])({names})\(").finditer(code, start, end):
        depth, at, cuts = 1, match.end(), [match.end()]
        while depth:
            char = code[at]
            depth += {"(": 1, ")": -1}.get(char, 0)
            if depth == 1 and char == ",":
                cuts.append(at + 1)
            at += 1
        cuts.append(at)
        args = [code[a:b - 1].strip() for a, b in zip(cuts, cuts[1:])]
        yield match.group(1), match.start(), at, args


def is_statement(code, start, end):
    before = code[:start].rstrip()
    return code[end:].lstrip()[:1] == ";" and (before[-1:] in ";{})" or before.endswith("else"))


def indent(code, start):
    line = code[code.rfind("\n", 0, start) + 1:start]
    return len(line) - len(line.lstrip()) if not line.strip() else -1


class File:
    def __init__(self, path, text):
        self.path, self.text, self.code = path, text, blank(text)
        self.functions = functions(self.code)
        self.mutants = []

    def add(self, function, kind, name, edits):
        self.mutants.append(Mutant(self.path, function, kind, name, edits))

    def slot_takers(self):
        """Functions that return a locked slot; those of other files are known by name."""
        own = {name for name, head, start, _ in self.functions
               if re.match(r"(?:static\s+|inline\s+)*struct pte_slot\b", self.code[head:start])}
        return own | {"pte_offset_lock"}

    def find(self):
        takers = self.slot_takers()
        for name, _, start, end in self.functions:
            self.flushes(name, start, end)
            self.barriers(name, start, end)
            self.rechecks(name, start, end)
        for lock, unlock in LOCKS:
            self.locks(lock, unlock, takers)
        self.slots(takers)
        self.atomics()
        self.number()
        return self.mutants

    def flushes(self, function, start, end):
        for name, a, b, _ in calls(self.code, FLUSHES, start, end):
            if is_statement(self.code, a, b):
                self.add(function, "flush", name, [(a, b, "(void)0")])

    def barriers(self, function, start, end):
        for name, a, b, _ in calls(self.code, BARRIERS, start, end):
            self.add(function, "barrier", name, [(a, b, "(void)0")])
        for name, a, b, args in calls(self.code, "|".join(ORDERED), start, end):
            self.add(function, "barrier", name, [(a, b, ORDERED[name].format(*args))])

    def rechecks(self, function, start, end):
        for name, a, b, _ in calls(self.code, RECHECKS, start, end):
            self.add(function, "recheck", name, [(a, b, "true")])
        for mark in re.finditer(r"/\*(?:(?!\*/).)*\bre-check\b(?:(?!\*/).)*\*/\s*",
                                self.text[start:end], re.S):
            at = start + mark.end()
            condition = re.compile(r"(?:if|while) \(").match(self.code, at)
            if condition:
                close = self.condition_end(at)
                body = self.code[condition.end():close + 200].split(";")[0]
                leaves = re.search(r"\b(return|goto|continue|break|unlikely)\b", body)
                value = "false" if leaves else "true"
                self.add(function, "recheck", "condition", [(condition.end(), close - 1, value)])
            else:
                value = re.compile(r"[^=;\n]*= ([^;]*);").match(self.code, at)
                if not value:
                    raise SystemExit(f"{self.path}: {function}: no condition below the word re-check")
                self.add(function, "recheck", "value", [(value.start(1), value.end(1), "true")])

    def condition_end(self, at):
        start = self.code.index("(", at)
        depth, end = 1, start + 1
        while depth:
            depth += {"(": 1, ")": -1}.get(self.code[end], 0)
            end += 1
        return end

    def locks(self, lock, unlock, takers):
        """Per function where each lock has its unlocks there, else all of the file
        that belong together."""
        loose = {}
        for function, _, start, end in self.functions:
            if function in takers:
                continue
            groups = {}
            for call in calls(self.code, f"{lock}|{unlock}", start, end):
                arg = "flags" if unlock == "irq_restore" else call[3][0]
                groups.setdefault(arg, []).append(call)
            for arg, found in groups.items():
                kinds = [bool(re.fullmatch(unlock, c[0])) for c in found]
                if any(kinds) and not all(kinds) and not kinds[0]:
                    for section in self.sections(found, kinds):
                        self.lock_mutant(function, unlock, section, (start, end))
                else:
                    loose.setdefault(arg, []).append((function, found))
        for arg, parts in loose.items():
            found = [call for _, calls_ in parts for call in calls_]
            kinds = {bool(re.fullmatch(unlock, c[0])) for c in found}
            if len(kinds) == 2:
                self.lock_mutant(parts[0][0], unlock, found, None)

    def sections(self, found, kinds):
        """lock unlock lock unlock at one depth is two mutants; anything else is one."""
        indents = {indent(self.code, c[1]) for c in found}
        alternate = len(kinds) % 2 == 0 and all(kind == bool(i % 2)
                                                for i, kind in enumerate(kinds))
        if alternate and len(indents) == 1 and -1 not in indents:
            return [found[i:i + 2] for i in range(0, len(found), 2)]
        return [found]

    def lock_mutant(self, function, unlock, found, span):
        edits = []
        for name, a, b, args in found:
            if name == "irq_save":
                edits.append((a, b, "0"))
            elif name.endswith("_trylock"):
                edits.append((a, b, "true"))
            elif name.endswith("_killable"):
                edits.append((a, b, "0"))
            else:
                edits.append((a, b, f"(void)({args[0]})"))
        if unlock in DOWNGRADES:
            spans = [span] if span else [(0, len(self.code))]
            for start, end in spans:
                for _, a, b, args in calls(self.code, "mmap_write_downgrade", start, end):
                    if b < len(self.code) and is_statement(self.code, a, b):
                        edits.append((a, b, f"{DOWNGRADES[unlock]}({args[0]})"))
        self.add(function, "lock", found[0][0], edits)

    def slots(self, takers):
        """A locked slot is given back at once; who unlocks it later, here or in a
        callee, no longer does."""
        names = "|".join(sorted(takers))
        spans = {name: (start, end) for name, _, start, end in self.functions}
        unlocks = {name: [(a, b, "(void)0")
                          for _, a, b, _ in calls(self.code, "pte_unlock", *span)]
                   for name, span in spans.items() if name not in takers}
        takes = {name: list(calls(self.code, names, *spans[name])) for name in unlocks}
        consumers = [name for name in unlocks if unlocks[name] and not takes[name]]
        for name in unlocks:
            if not takes[name]:
                continue
            edits = list(unlocks[name])
            for consumer in consumers:
                if any(calls(self.code, consumer, *spans[name])):
                    edits += unlocks[consumer]
            for _, a, b, _ in takes[name]:
                edits.append((a, b, f"({{ struct pte_slot s_ = {self.code[a:b]}; "
                                    f"if (s_.ptep) spin_unlock(s_.ptl); s_; }})"))
            self.add(name, "lock", takes[name][0][0], edits)

    def atomics(self):
        """An atomic that counts as a full barrier: its text stays, and the model that it
        names loses the order."""
        known = [m.comment(self.text) for m in self.mutants if m.kind == "barrier"]
        for named in re.finditer(MODEL, self.text):
            if any(named.group() in comment for comment in known):
                continue
            inside = [f for f in self.functions if f[3] > named.start()]
            if inside:
                self.add(inside[0][0], "barrier", "atomic", [(named.start(), named.end(), "")])

    def number(self):
        """Equal names in a function get a number, in the order of the text."""
        self.mutants.sort(key=lambda m: m.edits[0][0])
        seen = {}
        for mutant in self.mutants:
            seen[mutant.ident] = seen.get(mutant.ident, 0) + 1
            if seen[mutant.ident] > 1:
                mutant.ident += f":{seen[mutant.ident]}"


def mutants_of(path, text):
    return File(path, text).find()
