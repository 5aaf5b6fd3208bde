"""Runs commands in gdb, one a line from the file $COMMANDS, each shown as `>> command` before its
output; errors go on as `error: ...`. A line that begins with `!` is Python."""
import os

import gdb


def run(command):
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return 'error: %s\n' % error


def show(command):
    print('>> ' + command)
    print(run(command), end='', flush=True)


def type_line(text):
    """On the machine's console."""
    run('type ' + text)


def console_agrees(command):
    """Has the kernel and gdb answer the same: the kernel in its log, gdb here. An interrupt that
    comes as gdb steps off the breakpoint returns to it: that stop has the line before."""
    asked = command.replace('0x', '')
    type_line('^]' + asked)
    for _ in range(100):
        stop = run('continue')
        if gdb.parse_and_eval('(char *)line').string() == asked:
            break
        print('another stop: ' + stop)
    else:
        print('error: the kernel does not get ' + asked)
    show(command)


run('set confirm off')
run('set pagination off')
run('set width 0')
with open(os.environ['COMMANDS']) as commands:
    for line in commands.read().splitlines():
        if line.startswith('!'):
            exec(line[1:].strip())
        elif line:
            show(line)
run('kill')
