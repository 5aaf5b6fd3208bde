/*
 * From the first C instruction to the last: bringing memory and the machine up in order, starting
 * the first program, and ending with an account of all memory once that program has ended.
 */
#include "kernel/base/trace.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "kernel/dev/async_fault.h"
#include "kernel/console.h"
#include "kernel/debug/debug.h"
#include "kernel/dev/block.h"
#include "kernel/exec/exec.h"
#include "kernel/process/exit.h"
#include "kernel/futex.h"
#include "kernel/fs/blkdev.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/namei.h"
#include "kernel/dev/gup_cost.h"
#include "kernel/dev/random.h"
#include "kernel/syscall.h"
#include "kernel/tty/tty.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/reboot.h"
#include "kernel/process/usage.h"
#include "kernel/uapi/wait.h"
#include "kernel/version.h"
#include "mm/leak.h"
#include "mm/pgtable.h"
#include "mm/page_owner.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

/* ---- options ---- */

static char init_path[128] = "/init";
static long fail_nth;

static const char *set_init(const char *value)
{
	if (!value || *value != '/' || strlen(value) >= sizeof(init_path))
		return "it takes an absolute path";
	memcpy(init_path, value, strlen(value) + 1);
	return NULL;
}
BOOT_OPTION("init", "=PATH", "the first program (/init)", set_init);

static const char *set_fail_nth(const char *value)
{
	if (!CONFIG_DEBUG)
		return "only debug builds have it";
	if (!value || !cmdline_number(value, 1, 1l << 40, &fail_nth))
		return "it takes a number from 1 on";
	return NULL;
}
BOOT_OPTION("fail_nth", "=N", "the Nth allocation after the start of /init fails (debug builds)",
	    set_fail_nth);

/* ---- the first program ---- */

/* Standard input, output and error. */
static void open_console(void)
{
	struct files *files = files_alloc();

	current_task()->files = files;
	current_task()->fs = fs_alloc();
	if (!current_task()->fs)
		boot_stop("There is not enough memory for the first program's directory.");
	for (int fd = 0; files && fd < 3; fd++) {
		struct file *file = filp_open("/dev/console", O_RDWR);

		if (IS_ERR(file) || fd_new(file, false) != fd)
			boot_stop("There is not enough memory to open the console.");
	}
	if (!files)
		boot_stop("There is not enough memory to open the console.");
}

/* Runs as process 1; returns into the program. */
static void start_init(void *arg)
{
	const char *const argv[] = { init_path, NULL };
	const char *const envp[] = { "HOME=/", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", "TERM=linux",
				     NULL };
	int ret;

	open_console();
	status_write("started\n");
	ret = kernel_exec(init_path, argv, envp);
	if (ret)
		boot_stop("The first program, %s, cannot be started: error %d (%s).", init_path,
			  -ret,
			  ret == -ENOENT    ? "there is no such file"
			  : ret == -ENOEXEC ? "it is not a static ELF64 program for x86-64"
			  : ret == -ENOMEM  ? "there is not enough memory"
			  : ret == -EACCES  ? "it is not an executable file"
					    : "see kernel/uapi/errno.h");
	fail_nth_set((unsigned long)fail_nth);
}

static bool first_process_ended(void)
{
	struct process *child = TAILQ_FIRST(&kernel_process.children);

	return !child || READ_ONCE(child->zombie);
}

/* ---- the end ---- */

static void report(const struct mem_usage *before)
{
	struct mem_usage now = mem_quiesce();
	long frames = (long)(now.frames - before->frames),
	     objects = (long)(now.objects - before->objects);
	int status = first_process_status;
	char line[80];

	if (frames > 0 || objects > 0) {
		leak_report(before, &now);
		scnprintf(line, sizeof(line), "leak %ld frames, %ld objects\n", frames, objects);
	} else {
		scnprintf(line, sizeof(line), "leak 0\n");
	}
	status_write(line);
	status = WTERMSIG(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	pr_info("%s has ended with status %d; memory in use: %lu frames, %lu objects (%+ld, %+ld)",
		init_path, status, now.frames, now.objects, frames, objects);
	scnprintf(line, sizeof(line), "status %d\n", status);
	status_write(line);
	trace_drain_all();
}

/* The kernel's own thread that sees the first program come and go. */
static void supervise(void *arg)
{
	struct mem_usage before = mem_quiesce();
	struct task *task;

	leak_mark();
	gup_cost();
	task = first_process(start_init, NULL);
	if (!task)
		boot_stop("There is not enough memory to start the first program.");
	wake_task(task, false);
	wait_event(&kernel_process.child_wait, first_process_ended());
	fail_nth_set(0);
	kill_everything();
	disk_hurry();
	async_fault_drain();
	initramfs_discard_rest();
	report(&before);
	machine_power_off();
}

static void __noreturn end_by(void (*way)(void), const char *message)
{
	blkdev_sync();	/* as programs do before, but nobody is to lose a file by forgetting */
	pr_info("reboot: %s", message);
	trace_drain_all();
	way();
	__builtin_unreachable();
}

SYSCALL_DEFINE4(reboot, u32, magic, u32, magic2, u32, cmd, const char *, arg)
{
	char order[256];	/* for the firmware, which has no use for it */

	if (!capable())
		return -EPERM;
	if (magic != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART2:
		if (strncpy_from_user(order, arg, sizeof(order)) == -EFAULT)
			return -EFAULT;
		__attribute__((fallthrough));
	case LINUX_REBOOT_CMD_RESTART:
		end_by(machine_reboot, "Restarting system");
	case LINUX_REBOOT_CMD_HALT:	/* a halted machine would only keep its emulator busy */
	case LINUX_REBOOT_CMD_POWER_OFF:
		end_by(machine_power_off, "Power down");
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- the beginning ---- */

static void memory_up(void)
{
	boot_mem_init(boot_info.regions, boot_info.nr_regions);
	boot_reserve(boot_info.kernel_start, boot_info.kernel_end);
	boot_reserve(boot_info.initrd_start, boot_info.initrd_end);
	boot_reserve(0, PAGE_SIZE);	/* the BIOS keeps its data there */
	machine_memory_init();
	page_init();
	page_owner_init();
	boot_mem_release();
	slab_init();
	vmalloc_init();
	mm_init();
}

static void system_up(void)
{
	fork_init();
	vfs_init();
	futex_init();
	console_init();
	async_fault_init();
	random_init();
	syslog_init();
}

static void unpack_initramfs(void)
{
	struct dentry *command;

	initramfs_init(frame_ptr(boot_info.initrd_start >> PAGE_SHIFT) +
			       (boot_info.initrd_start & ~PAGE_MASK),
		       boot_info.initrd_end - boot_info.initrd_start);
	/* A command to run means that a program reads our output; otherwise a person does. */
	command = path_lookup(AT_FDCWD, "/etc/cmd", LOOKUP_FOLLOW);
	console_set_interactive(IS_ERR(command));
	if (!IS_ERR(command))
		path_put(command);
}

static void welcome(void)
{
	unsigned int cpus = (unsigned int)__builtin_popcountl(cpus_online());

	pr_info("Pleat %s (%s build), loaded by %s: %u CPU%s, %lu MiB of memory, "
		"page tables of up to %u levels",
		PLEAT_VERSION, PLEAT_BUILD, boot_info.loader, cpus, cpus > 1 ? "s" : "",
		frames_total() >> (20 - PAGE_SHIFT), hw_levels());
}

void kernel_main(void)
{
	struct task *supervisor;

	machine_early_init();
	cmdline_parse(boot_info.cmdline);
	memory_up();
	machine_init();
	sched_init();
	system_up();
	machine_start_cpus();
	welcome();
	disk_init();
	blkdev_init();
	unpack_initramfs();
	if (CONFIG_DEBUG)
		pgtable_selftest();
	debug_console_init();
	tty_start_worker();
	async_fault_start_worker();
	strace_init();
	timer_init();
	loadavg_init();
	supervisor = kernel_thread("supervisor", supervise, NULL);
	if (!supervisor)
		boot_stop("There is not enough memory to start.");
	wake_task(supervisor, false);
	idle_loop();
}
