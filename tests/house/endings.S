/*
 * The smallest guests, one for each way a machine can end: tests/house/endings.t
 * assembles it with -DEND_...
 */
#define COM1	0x3f8
#define COM2	0x2f8
#define STATUS	0xe9
#define EXIT	0xf4

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18
	.asciz "Xen"
	.long start

.macro put port, text
	mov $\text, %esi
	mov $\port, %edx
	call puts
.endm

.macro leave value
	mov $\value, %eax
	mov $EXIT, %edx
	out %eax, %dx
.endm

	.text
	.code32
	.globl start
start:
	mov $stack_top, %esp
	put COM1, console
	put COM2, log
#ifdef END_STATUS
	put STATUS, no_leak
	put STATUS, status
	leave 0x10
#elif defined(END_LEAK)
	put STATUS, leak
	put STATUS, status
	leave 0x10
#elif defined(END_PANIC)
	put STATUS, panic
	leave 0x11
#elif defined(END_STOP)
	leave 0x10
#elif defined(END_TRIPLE)
	lidt no_idt
	int3
#endif
1:	pause
	jmp 1b

puts:	lodsb
	test %al, %al
	jz 2f
	out %al, %dx
	jmp puts
2:	ret

	.data
no_idt:	.long 0, 0
console:.asciz "bytes of the program\n"
log:	.asciz "the last line of the log\n"
status:	.asciz "status 7\n"
no_leak:.asciz "leak 0\n"
leak:	.asciz "leak 3 frames, 1 objects\n"
panic:	.asciz "panic\n"

	.bss
	.skip 4096
stack_top:
	.section .note.GNU-stack, "", @progbits
