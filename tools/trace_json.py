"""The Chrome trace-event format for tools/trace: what ui.perfetto.dev and chrome://tracing open.

Each CPU is a row. What takes time is a slice: a task that runs, in it its faults, flushes and
shootdowns, and the answers of a CPU that was interrupted. Slices of a row nest, so what a task
does ends when the task leaves the CPU and goes on where it runs next. All else is an instant. An
arrow starts and ends within a slice: viewers drop those that do not. The format has
microseconds, a trace nanoseconds.
"""
import bisect

ANSWER = 1000		# how long an answer takes is not recorded: at most this long it is drawn
COLOURS = {"switch": "thread_state_running", "fault": "thread_state_iowait",
           "flush": "thread_state_runnable", "ipi-send": "cq_build_failed",
           "ipi-receive": "rail_animation"}
# Begin or end one.
SLICES = {"switch", "fault", "fault-end", "ipi-send", "ipi-receive", "ipi-done"}


class Stays:
    """Where each task ran, and when: [(start, end, cpu)]. Not of idle tasks: all are number 0."""

    def __init__(self, events):
        self.of, running = {}, {}
        for e in events:
            if e.name == "switch":
                self.leave(e.cpu, running.pop(e.cpu, None), e.time)
                running[e.cpu] = (e.b, e.time)
        for cpu, stay in running.items():
            self.leave(cpu, stay, events[-1].time)

    def leave(self, cpu, stay, time):
        if stay and stay[0]:
            self.of.setdefault(stay[0], []).append((stay[1], time, cpu))

    def cut(self, task, start, end, cpu):
        """The pieces of what the task began on this CPU, one for each stay; if
        none is known, all."""
        stays = self.of.get(task, [])
        at = bisect.bisect_right(stays, (start, end, 8)) - 1
        if at < 0 or stays[at][1] < start:
            return [(start, end, cpu)]
        during = stays[at:bisect.bisect_left(stays, (end,))]
        return [(max(start, s), min(end, e), c) for s, e, c in during]


def faults(events):
    """[(fault, fault-end)]; one that the trace does not see the end of has none."""
    begun, found = {}, []
    for e in events:
        if e.name == "fault":
            begun.setdefault(e.task, []).append(e)
        elif e.name == "fault-end" and begun.get(e.task):
            found.append((begun[e.task].pop(), e))
    return found + [(first, None) for left in begun.values() for first in left]


def answers(events):
    """For each ipi-receive, by identity, the end of what is drawn: before anything
    else on its CPU."""
    following, ends = {}, {}
    for e in reversed(events):
        if e.name == "ipi-receive":
            ends[id(e)] = min(e.time + ANSWER, following.get(e.cpu, e.time + ANSWER))
        following[e.cpu] = e.time
    return ends


class Export:
    """wanted(event's name, task, cpu) tells what is chosen."""

    def __init__(self, events, requests, wanted):
        self.events, self.requests, self.wanted = events, requests, wanted
        self.end, self.stays, self.out = events[-1].time, Stays(events), []

    def slice(self, kind, name, start, end, cpu, args):
        self.out.append({"ph": "X", "pid": 1, "tid": cpu, "cat": kind, "name": name, "args": args,
                         "ts": start / 1000, "dur": (end - start) / 1000, "cname": COLOURS[kind]})

    def task_slices(self, kind, name, first, last, args):
        """From one event to another, of the same task."""
        if self.wanted(kind, first.task, first.cpu):
            end = last.time if last else self.end
            for start, end, cpu in self.stays.cut(first.task, first.time, end, first.cpu):
                self.slice(kind, name, start, end, cpu, {"task": first.task, **args})

    def add_tasks(self):
        for task, stays in self.stays.of.items():
            for start, end, cpu in stays:
                if self.wanted("switch", task, cpu):
                    self.slice("switch", f"task {task}", start, end, cpu, {})

    def add_faults(self):
        for first, last in faults(self.events):
            self.task_slices("fault", "fault: " + first.text(), first, last,
                             {"result": last.text() if last else "not seen"})

    def add_shootdowns(self):
        for request in self.requests:
            send, done, flush = request["send"], request["done"], request["flush"]
            if flush:
                self.task_slices("flush", f"flush {flush.a:x}-{flush.b:x}", send, flush, {})
            self.task_slices("ipi-send", "shootdown " + send.text(), send, done,
                             {"result": done.text() if done else "not seen"})

    def add_answers(self):
        ends = answers(self.events)
        for number, (request, e) in enumerate((r, e) for r in self.requests for e in r["receive"]):
            send = request["send"]
            if not self.wanted("ipi-receive", e.task, e.cpu):
                continue
            self.slice("ipi-receive", "answers", e.time, ends[id(e)], e.cpu, {"sender": send.cpu})
            if self.wanted("ipi-send", send.task, send.cpu):
                self.arrow(number + 1, send, e)

    def arrow(self, number, send, receive):
        """Perfetto reads the id as a number; bp: it ends at the slice around it,
        not at the next."""
        arrow = {"pid": 1, "cat": "ipi", "name": "shootdown", "id": number}
        self.out.append({**arrow, "ph": "s", "tid": send.cpu, "ts": send.time / 1000})
        self.out.append({**arrow, "ph": "f", "tid": receive.cpu,
                         "ts": receive.time / 1000, "bp": "e"})

    def add_instants(self):
        flushes = {id(r["flush"]) for r in self.requests}
        for e in self.events:
            if e.name in SLICES or id(e) in flushes or not self.wanted(e.name, e.task, e.cpu):
                continue
            self.out.append({"ph": "i", "s": "t", "pid": 1, "tid": e.cpu, "ts": e.time / 1000,
                             "cat": e.name, "name": f"{e.name}: {e.text()}",
                             "args": {"task": e.task}})

    def names(self):
        yield {"ph": "M", "pid": 1, "name": "process_name", "args": {"name": "Pleat"}}
        for cpu in sorted({e.cpu for e in self.events}):
            row = {"ph": "M", "pid": 1, "tid": cpu}
            yield {**row, "name": "thread_name", "args": {"name": f"CPU {cpu}"}}
            yield {**row, "name": "thread_sort_index", "args": {"sort_index": cpu}}

    def json(self):
        """What begins together begins from the outside; arrows come behind the
        slices they bind to."""
        self.add_tasks()
        self.add_faults()
        self.add_shootdowns()
        self.add_answers()
        self.add_instants()
        self.out.sort(key=lambda e: (e["ts"], "Xisf".index(e["ph"]), -e.get("dur", 0)))
        return {"traceEvents": [*self.names(), *self.out], "displayTimeUnit": "ns",
                "metadata": {"highres-ticks": True}}
